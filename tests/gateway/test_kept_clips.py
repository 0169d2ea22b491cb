"""A path that an action brings is a name, and never opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from overshoot.domain.action import DetectedAction
from overshoot.gateway.kept_clips import KeptClips

SESSION = "5f0e4a1c-0000-4000-8000-000000000000"
STEM = "000001-wave"


def action(sidecar: object, session: str = SESSION) -> DetectedAction:
    metadata = {"session_id": session, "evidence": {"sidecar": sidecar}}
    return DetectedAction("wave", 0.0, 0, 0.9, metadata=metadata)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = tmp_path / "clips" / SESSION
    kept.mkdir(parents=True)
    for suffix in (".json", ".mp4", ".jpg"):
        (kept / (STEM + suffix)).write_text(suffix)
    return tmp_path / "clips"


def test_a_clip_is_found_by_its_name_wherever_the_folder_has_gone(folder: Path) -> None:
    clips = KeptClips(folder)
    told = action(f"/some/other/place/{SESSION}/{STEM}.json")
    assert clips.clip(told) == folder / SESSION / f"{STEM}.mp4"
    assert clips.thumbnail(told) == folder / SESSION / f"{STEM}.jpg"
    assert clips.has_clip(told)


@pytest.mark.parametrize(
    "sidecar",
    [
        None,
        7,
        "",
        "/etc/passwd",
        f"{SESSION}/{STEM}\0.json",
        f"{SESSION}/../{STEM}.json",
        f"other/{STEM}.json",
        f"{SESSION}/000002-wave.json",
        f"{SESSION}/secret.json",
    ],
)
def test_other_names_lead_nowhere(folder: Path, sidecar: object) -> None:
    (folder / SESSION / "secret.json").write_text("secret")
    (folder / SESSION / "secret.mp4").write_text("secret")
    assert not KeptClips(folder).has_clip(action(sidecar))


@pytest.mark.parametrize("session", ["..", ".", "", "a/b"])
def test_a_session_that_is_a_path_leads_nowhere(folder: Path, session: str) -> None:
    for suffix in (".json", ".mp4"):
        (folder.parent / (STEM + suffix)).write_text("outside")
    assert not KeptClips(folder).has_clip(action(f"{session}/{STEM}.json", session))


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_text("outside")
    clip = folder / SESSION / f"{STEM}.mp4"
    clip.unlink()
    clip.symlink_to(outside)
    assert not KeptClips(folder).has_clip(action(f"{SESSION}/{STEM}.json"))
    (folder / "other").symlink_to(folder / SESSION)
    clip.unlink()
    clip.write_text("again")
    assert KeptClips(folder).has_clip(action(f"{SESSION}/{STEM}.json"))
    assert not KeptClips(folder).has_clip(action(f"other/{STEM}.json", "other"))


def test_what_has_no_sidecar_is_not_whole(folder: Path) -> None:
    (folder / SESSION / f"{STEM}.json").unlink()
    assert not KeptClips(folder).has_clip(action(f"{SESSION}/{STEM}.json"))
