"""The three networks on disk: which they are, where they lie, and whether they are whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs
from attrs import frozen

from overshoot.errors import InferenceError, ModelsMissingError

CACHE_DIR_VARIABLE = "OVERSHOOT_CACHE_DIR"
PACKAGE = "mediapipe"
VERSION = "0.10.21"
LICENCE_FILE = "LICENSE"
NOTICE_FILE = "NOTICE"


@frozen
class WeightsFile:
    """One file of the wheel that is kept.

    Attributes:
        name: in the cache folder.
        member: in the wheel.
        size: bytes.
        sha256: of the content, in hex.
    """

    name: str
    member: str
    size: int
    sha256: str


PALM = WeightsFile(
    "palm_detection_lite.tflite",
    "mediapipe/modules/palm_detection/palm_detection_lite.tflite",
    1_985_440,
    "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
)
LANDMARK = WeightsFile(
    "hand_landmark_lite.tflite",
    "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite",
    2_071_597,
    "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
)
FACE = WeightsFile(
    "face_detection_short_range.tflite",
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    229_714,
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
LICENCE = WeightsFile(
    LICENCE_FILE,
    "mediapipe-0.10.21.dist-info/LICENSE",
    12_331,
    "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
)
NETWORKS = (PALM, LANDMARK, FACE)


def default_weights_dir() -> Path:
    """Where the networks lie unless told otherwise.

    The user's cache folder, or the folder named by the environment variable OVERSHOOT_CACHE_DIR;
    in it, a folder for this version of the networks.
    """
    named = os.environ.get(CACHE_DIR_VARIABLE)
    cache = Path(named).expanduser() if named else platformdirs.user_cache_path("overshoot")
    return cache / "models" / f"{PACKAGE}-{VERSION}"


def installed(folder: Path) -> tuple[Path, Path, Path]:
    """Paths of the palm, the landmark and the face network, whole and unaltered.

    Raises:
        ModelsMissingError: one is missing or is not the file it should be.
    """
    for each in NETWORKS:
        check(folder / each.name, each)
    return folder / PALM.name, folder / LANDMARK.name, folder / FACE.name


def check(path: Path, expected: WeightsFile) -> None:
    """Raises ModelsMissingError unless the file is there with the pinned SHA-256."""
    try:
        if not path.is_file():
            raise ModelsMissingError(
                f"the network {expected.name} is not installed in {path.parent}; "
                "run `overshoot models pull`"
            )
        content = path.read_bytes() if path.stat().st_size == expected.size else b""
    except OSError as error:
        raise ModelsMissingError(
            f"the network {path} cannot be read ({error.strerror}); check its permissions "
            "or run `overshoot models pull`"
        ) from error
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise ModelsMissingError(
            f"the network {path} is damaged: its size or SHA-256 is not that of "
            f"{PACKAGE} {VERSION}; run `overshoot models pull` to replace it"
        )


def checked(content: bytes, expected: WeightsFile) -> bytes:
    """The content, if it is the file it should be; raises InferenceError if not."""
    if len(content) == expected.size and hashlib.sha256(content).hexdigest() == expected.sha256:
        return content
    raise InferenceError(
        f"{expected.member} in the wheel is not the file of {PACKAGE} {VERSION} (its size or "
        "SHA-256 differs); nothing was installed. Use the wheel from the Python package index"
    )
