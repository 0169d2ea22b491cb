"""Fetching the networks: out of small wheels of the test's own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overshoot.adapters.inference.local import LocalBackend, pulling, weights
from overshoot.adapters.inference.local.pulling import pull
from overshoot.adapters.inference.local.weights import WeightsFile
from overshoot.errors import InferenceError, ModelsMissingError

MakeWheel = Callable[..., Path]
CONTENT = {
    "palm_detection_lite.tflite": b"palm" * 100,
    "hand_landmark_lite.tflite": b"hand" * 120,
    "face_detection_short_range.tflite": b"face" * 90,
    "LICENSE": b"the licence text",
}


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, WeightsFile]:
    """Pins of the small contents in place of the real ones."""
    pins: dict[str, WeightsFile] = {}
    for each in (*weights.NETWORKS, weights.LICENCE):
        content = CONTENT[each.name]
        digest = hashlib.sha256(content).hexdigest()
        pins[each.name] = WeightsFile(each.name, each.member, len(content), digest)
    *networks, licence = pins.values()
    monkeypatch.setattr(weights, "NETWORKS", tuple(networks))
    monkeypatch.setattr(pulling, "NETWORKS", tuple(networks))
    monkeypatch.setattr(pulling, "LICENCE", licence)
    return pins


@pytest.fixture
def make_wheel(tmp_path: Path, small_networks: dict[str, WeightsFile]) -> MakeWheel:
    def make(**changes: bytes | None) -> Path:
        path = tmp_path / "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
        contents = {**CONTENT, **{name.replace("__", "."): v for name, v in changes.items()}}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mediapipe/__init__.py", "raise SystemExit('never run')")
            archive.writestr("../../evil.tflite", b"outside")
            for name, content in contents.items():
                if content is not None:
                    archive.writestr(small_networks[name].member, content)
        return path

    return make


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_only_networks_licence_and_notice_are_kept(make_wheel: MakeWheel, tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "cache" / "deep"
    done = pull(folder, wheel=make_wheel(), on_progress=said.append)
    assert done.fetched
    assert done.folder == folder
    assert names(folder) == {*CONTENT, "NOTICE"}
    assert all((folder / name).read_bytes() == content for name, content in CONTENT.items())
    assert "Apache License" in (folder / "NOTICE").read_text()
    assert not (tmp_path.parent / "evil.tflite").exists()
    assert not (tmp_path / "evil.tflite").exists()
    assert weights.installed(folder) == tuple(folder / name for name in list(CONTENT)[:3])
    assert said


def test_a_second_pull_needs_no_wheel_and_writes_nothing(
    make_wheel: MakeWheel, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    pull(folder, wheel=make_wheel())
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert not pull(folder, wheel=tmp_path / "none.whl").fetched
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_damaged_network_is_refused_and_then_replaced(
    make_wheel: MakeWheel, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    pull(folder, wheel=make_wheel())
    (folder / "palm_detection_lite.tflite").write_bytes(b"mlap" * 100)
    with pytest.raises(ModelsMissingError, match=r"damaged.*overshoot models pull"):
        weights.installed(folder)
    assert LocalBackend(weights_dir=folder).models()[0].status == "degraded"
    assert "damaged" in LocalBackend(weights_dir=folder).models()[0].missing[0].reason
    assert pull(folder, wheel=make_wheel()).fetched
    assert LocalBackend(weights_dir=folder).models()[0].status == "ready"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hand_landmark_lite__tflite": b"hanD" * 120}, "SHA-256"),
        ({"hand_landmark_lite__tflite": b"hand" * 121}, "SHA-256"),
        ({"hand_landmark_lite__tflite": b""}, "SHA-256"),
        ({"hand_landmark_lite__tflite": None}, "not a wheel of mediapipe 0.10.21"),
        ({"LICENSE": None}, "not a wheel of mediapipe 0.10.21"),
        ({"LICENSE": b"another licence."}, "SHA-256"),
    ],
)
def test_the_wrong_wheel_installs_nothing(
    make_wheel: MakeWheel, tmp_path: Path, changes: dict[str, bytes | None], message: str
) -> None:
    folder = tmp_path / "cache"
    with pytest.raises(InferenceError, match=message):
        pull(folder, wheel=make_wheel(**changes))
    assert names(folder) == set()


def test_a_bomb_is_read_no_further_than_its_pinned_size(
    make_wheel: MakeWheel, tmp_path: Path
) -> None:
    with pytest.raises(InferenceError, match="SHA-256"):
        pull(tmp_path / "cache", wheel=make_wheel(palm_detection_lite__tflite=bytes(50_000_000)))


def test_a_file_that_is_no_wheel(tmp_path: Path) -> None:
    (tmp_path / "some.whl").write_bytes(b"PK not really")
    with pytest.raises(InferenceError, match="no readable wheel"):
        pull(tmp_path / "cache", wheel=tmp_path / "some.whl")
    with pytest.raises(InferenceError, match="there is no wheel"):
        pull(tmp_path / "cache", wheel=tmp_path / "missing.whl")


def test_a_folder_that_cannot_be_made(make_wheel: MakeWheel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InferenceError, match="OVERSHOOT_CACHE_DIR"):
        pull(tmp_path / "file" / "cache", wheel=make_wheel())


def test_pip_that_fails_is_quoted_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []

    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: no route to host.\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(InferenceError, match=r"no route to host\. Check the network.*--wheel FILE"):
        pull(tmp_path / "cache")
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert "mediapipe==0.10.21" in commands[0]
    assert names(tmp_path / "cache") == set()


def test_pip_downloads_into_a_room_that_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    rooms: list[Path] = []

    def download(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        room = Path(command[command.index("--dest") + 1])
        rooms.append(room)
        make_wheel().rename(room / "mediapipe-0.10.21.whl")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", download)
    assert pull(tmp_path / "cache").fetched
    assert not rooms[0].exists()


def test_no_pip_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pulling, "find_spec", lambda _: None)
    with pytest.raises(InferenceError, match=r"has no pip.*ensurepip"):
        pull(tmp_path / "cache")


def test_the_environment_names_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OVERSHOOT_CACHE_DIR", str(tmp_path))
    assert weights.default_weights_dir() == tmp_path / "models" / "mediapipe-0.10.21"
    monkeypatch.delenv("OVERSHOOT_CACHE_DIR")
    assert "overshoot" in os.fspath(weights.default_weights_dir())
