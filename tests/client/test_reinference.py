"""Kept clips are read, asked about again, and two prompts compared over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from overshoot.client.evidence_folder import EvidenceFolder, KeptClip, clip_of
from overshoot.client.realtime_vision import RealtimeVisionConfig
from overshoot.client.reinference import ReplayOptions, reinfer, replay
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import action_schema
from overshoot.domain.inference import InferenceRequest
from overshoot.errors import InferenceError, SourceError, StoreError
from overshoot.testing.scripted_inference import Line, ScriptedInference
from overshoot.testing.waiting import nothing_left
from support.evidence import QUESTION
from support.kept_clips import keep_scene

ACTIONS = QUESTION.actions
REAL = evolve(QUESTION, output_schema=dict(action_schema(ACTIONS)))


def answer(**confidences: float) -> dict[str, Any]:
    said = [
        {"action": name.replace("_", " "), "confidence": confidence, "detected": confidence > 0}
        for name, confidence in confidences.items()
    ]
    return {"detected_actions": said}


def late(request: InferenceRequest) -> Line:
    """Waving from the clip's second second on."""
    return answer(waving_hand=0.9 * (request.frames[-1].timestamp > 1.0), pointing=0.0)


def by_prompt(request: InferenceRequest) -> Line:
    """A prompt with "strict" in it finds less; one with "silent" is not answered."""
    if "silent" in request.prompt:
        return InferenceError("busy")
    return answer(waving_hand=0.0 if "strict" in request.prompt else 0.9, pointing=0.7)


def vision(backend: ScriptedInference, **changes: Any) -> RealtimeVisionConfig[Any]:
    values: dict[str, Any] = {
        "prompt": "waving?",
        "inference": backend,
        "output_schema": action_schema(ACTIONS),
        "processing": QUESTION.processing,
    }
    return RealtimeVisionConfig(**{**values, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


async def test_a_folder_is_read_in_the_order_in_which_it_was_kept(folder: Path) -> None:
    kept = await keep_scene(folder, times=(1.0, 2.0), session="b", question=REAL)
    kept += await keep_scene(folder, session="a", question=REAL)
    clips = list(EvidenceFolder(folder))
    assert [clip.name for clip in clips] == [
        "a/000001-waving-hand",
        "b/000001-waving-hand",
        "b/000002-waving-hand",
    ]
    clip = clips[2]
    assert clip_of(kept[1]) == clip
    assert str(clip.video) == kept[1].metadata["evidence"]["clip"]
    assert clip.thumbnail is not None
    assert clip.thumbnail.stat().st_size > 500
    assert clip.action == DetectedAction("waving hand", 2.0, 0, 0.9, 0.5)
    assert clip.question == REAL
    assert clip.start == pytest.approx(1.0)
    assert clip.verdicts[0].end == 2.0


async def test_other_files_are_passed_over(folder: Path) -> None:
    await keep_scene(folder, times=(1.0, 2.0))
    (folder / "notes.txt").write_text("mine")
    (folder / "abc" / "000009-other.json").write_text('{"kind": "mine"}')
    (folder / "abc" / "package.json").write_text("{}")
    (folder / "abc" / "000001-waving-hand.mp4").unlink()
    assert [clip.name for clip in EvidenceFolder(folder)] == ["abc/000002-waving-hand"]


async def test_what_cannot_be_read_is_said(folder: Path) -> None:
    with pytest.raises(StoreError, match="kept cannot be read: No such file"):
        list(EvidenceFolder(folder))
    (action,) = await keep_scene(folder)
    sidecar = Path(action.metadata["evidence"]["sidecar"])
    make_newer(sidecar)
    with pytest.raises(StoreError, match=r"000001-waving-hand\.json has format 99.*update"):
        list(EvidenceFolder(folder))
    remove(sidecar)
    with pytest.raises(StoreError, match=r"'waving hand' at 2\.0 s is not in"):
        clip_of(action)
    with pytest.raises(StoreError, match="give the detector an EvidenceConfig"):
        clip_of(DetectedAction("wave", 1.0, 0, 1.0))


def remove(path: Path) -> None:
    path.unlink()


def make_newer(sidecar: Path) -> None:
    body = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**body, "format": 99}))


async def only(folder: Path) -> KeptClip:
    await keep_scene(folder, question=REAL)
    (clip,) = EvidenceFolder(folder)
    return clip


async def test_the_answers_are_on_the_clock_of_the_first_stream(folder: Path) -> None:
    clip = await only(folder)
    backend = ScriptedInference(late)
    with nothing_left():
        found = await reinfer(clip, vision(backend), ACTIONS)
    assert clip.start == pytest.approx(1.0)
    waving = [each for each in found.verdicts if each.action == "waving hand"]
    # The clip is 1.0 to 3.5 s of the stream; six pictures a second end near each half one.
    assert [round(2 * each.end) / 2 for each in waving] == [1.5, 2.0, 2.5, 3.0, 3.5]
    assert [each.detected for each in waving] == [False, False, True, True, True]
    assert all(each.start <= each.end for each in waving)
    assert found.finding("waving hand").confidence == 0.9
    assert (found.prompt, found.faults, len(found.answers)) == ("waving?", (), 5)
    assert await reinfer(clip, vision(backend), ACTIONS) == found


async def test_answers_that_cannot_be_used_are_faults(folder: Path) -> None:
    clip = await only(folder)
    backend = ScriptedInference([answer(waving_hand=0.9), "no json"])
    found = await reinfer(clip, vision(backend, output_schema=None), ACTIONS)
    assert len(found.verdicts) == 1
    assert {fault.kind for fault in found.faults} == {"not_json"}


async def test_a_clip_that_cannot_be_played_is_an_error(folder: Path) -> None:
    clip = await only(folder)
    clip.video.write_bytes(b"no video")
    with pytest.raises(SourceError), nothing_left():
        await reinfer(clip, vision(ScriptedInference(late)), ACTIONS)


async def test_two_prompts_are_compared_over_all_clips(folder: Path) -> None:
    await keep_scene(folder, times=(1.0, 2.0), question=REAL)
    backend = ScriptedInference(by_prompt)
    told: list[tuple[str, int]] = []
    comparison = await replay(
        EvidenceFolder(folder),
        "loose {actions}",
        "strict {actions}",
        ReplayOptions(inference=backend),
        lambda clip, differing: told.append((clip.name, len(differing))),
    )
    assert (comparison.clips, comparison.agreements, comparison.compared) == (2, 2, 4)
    assert {(each.action, each.kind) for each in comparison.differences} == {
        ("waving hand", "detected")
    }
    assert told == [("abc/000001-waving-hand", 1), ("abc/000002-waving-hand", 1)]
    prompts = {request.prompt for request in backend.requests}
    assert {prompt.split()[0] for prompt in prompts} == {"loose", "strict"}
    assert all("waving hand, pointing" in prompt for prompt in prompts)
    assert {request.model for request in backend.requests} == {"a/model"}
    assert not backend.closed


async def test_one_prompt_is_compared_with_the_one_that_was_kept(folder: Path) -> None:
    await keep_scene(folder, question=REAL)
    backend = ScriptedInference(by_prompt)
    options = ReplayOptions(inference=backend, model="another")
    same = await replay(EvidenceFolder(folder), None, REAL.prompt, options)
    assert (same.agreements, same.differences) == (2, ())
    silent = await replay(EvidenceFolder(folder), None, "silent", options)
    assert {each.kind for each in silent.differences} == {"no_answer"}
    assert {request.model for request in backend.requests} == {"another"}


async def test_actions_and_what_counts_as_detected_may_be_chosen(folder: Path) -> None:
    await keep_scene(folder, question=REAL)
    options = ReplayOptions(
        inference=ScriptedInference(by_prompt), actions=["Waving  Hand"], min_confidence=0.95
    )
    comparison = await replay(EvidenceFolder(folder), "loose", "strict", options)
    assert (comparison.compared, comparison.differences) == (1, ())
    none = evolve(options, actions=["pointing"])
    with pytest.raises(StoreError, match="no clip to ask about"):
        await replay(EvidenceFolder(folder), "loose", "strict", none)
