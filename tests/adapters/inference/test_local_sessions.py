"""The backend's threads, its sessions, and what they remember."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.inference.drawn import flat, frames_of, textured, with_disc
from overshoot.adapters.inference.local import LocalBackend
from overshoot.adapters.inference.local import watcher as watching
from overshoot.adapters.inference.local.picture import working_picture
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceAnswer, InferenceRequest
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from overshoot.adapters.inference.local.picture import Picture
    from overshoot.adapters.inference.local.session import LocalSession

ASK = "Describe what you see"


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[LocalBackend]:
    backend = LocalBackend(weights_dir=tmp_path)
    yield backend
    await backend.close()


def own_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("overshoot-local")]


def disc(count: int = 12, fps: float = 12) -> list[Frame]:
    return frames_of((with_disc(flat(), 60 + 12 * i, 120) for i in range(count)), fps)


async def happened(event: threading.Event) -> None:
    """Wait for an event of another thread, without blocking the loop."""
    with ThreadPoolExecutor(1) as pool:
        assert await asyncio.wrap_future(pool.submit(event.wait, 20))


async def ask(session: LocalSession, frames: Sequence[Frame], prompt: str = ASK) -> InferenceAnswer:
    return await session.infer(InferenceRequest(prompt, "gemini-2.0-flash", tuple(frames)))


async def test_any_model_name_is_taken_and_one_is_offered(backend: LocalBackend) -> None:
    assert [model.model for model in backend.models()] == ["local"]
    session = await backend.start_session("gemini-2.0-flash")
    assert "moving right" in (await ask(session, disc())).text


async def test_without_networks_it_says_what_is_missing_and_answers_the_rest(
    backend: LocalBackend,
) -> None:
    model = backend.models()[0]
    assert model.ready
    assert model.status == "degraded"
    assert "waving hand" not in model.can_tell
    assert {each.asked for each in model.missing} >= {"waving hand", "thumbs up", "hand count"}
    assert {each.remedy for each in model.missing} == {"overshoot models pull"}
    session = await backend.start_session("any")
    answer = await ask(session, disc(), "Is someone waving?")
    assert answer.text.startswith("Waving hand: cannot tell.")
    assert "moving right" in answer.text
    assert [each.asked for each in answer.unsupported] == ["waving hand"]
    assert "waving hand" not in answer.detected
    assert answer.detected["moving right"] > 0.5


async def test_what_was_asked_for_is_answered_first(backend: LocalBackend) -> None:
    session = await backend.start_session("any")
    for prompt, start in [
        ("What are the colours?", "Colours "),
        ("Is the camera still?", "Camera still: yes"),
        ("What moves?", "Slight motion in the centre, moving right."),
        ("Read the QR code", "No QR code."),
        ("Is the cat asleep?", "Cannot tell: cat asleep."),
    ]:
        assert (await ask(session, disc(), prompt)).text.startswith(start)


async def test_overlapping_clips_look_at_each_frame_once(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    step = watching.Watcher._step

    def counted(self: watching.Watcher, picture: Picture) -> None:
        looked.append(picture.index)
        step(self, picture)

    monkeypatch.setattr(watching.Watcher, "_step", counted)
    session = await backend.start_session("any")
    frames = disc(24)
    for first in (0, 0, 4, 8, 2, 12):
        await ask(session, frames[first : first + 12])
    assert looked == list(range(24))


async def test_overlapping_and_separate_clips_give_the_same_answer(backend: LocalBackend) -> None:
    frames = disc(24)
    one, other = await backend.start_session("any"), await backend.start_session("any")
    await ask(one, frames[:12])
    for first in (0, 3, 6, 9):
        await ask(other, frames[first : first + 6])
    assert await ask(one, frames[12:]) == await ask(other, frames[12:])


async def test_clips_without_a_new_frame_are_answered_from_memory(backend: LocalBackend) -> None:
    session = await backend.start_session("any")
    frames = disc()
    assert await ask(session, frames) == await ask(session, frames)


async def test_single_frames_far_apart_never_claim_or_deny_motion(backend: LocalBackend) -> None:
    session = await backend.start_session("any")
    schema = {"type": "object", "properties": {"motion": {"type": ["boolean", "null"]}}}
    for index, second in enumerate((0.0, 10.0, 20.0)):
        frame = Frame(textured(seed=1), second, index)
        request = InferenceRequest(
            ASK, "any", (frame,), "frame", {**schema, "required": ["motion"]}
        )
        answer = await session.infer(request)
        assert json.loads(answer.text) == {"motion": None}
        assert "$.motion" in {each.asked for each in answer.unsupported}


async def test_pixels_may_have_any_strides_and_are_not_written_to(backend: LocalBackend) -> None:
    session = await backend.start_session("any")
    plain = disc()
    turned = []
    for frame in plain:
        pixels = np.asfortranarray(frame.pixels)[:, :, ::-1]
        pixels.setflags(write=False)
        turned.append(Frame(pixels, frame.timestamp, frame.index, order="rgb"))
    other = await backend.start_session("any")
    assert await ask(session, plain) == await ask(other, turned)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (17, 31), (2160, 3840)])
async def test_any_size_of_picture_is_answered(
    backend: LocalBackend, shape: tuple[int, int]
) -> None:
    session = await backend.start_session("any")
    frames = [Frame(np.full((*shape, 3), 90 + i, np.uint8), i / 8, i) for i in range(3)]
    assert (await ask(session, frames)).text


async def test_the_work_is_done_on_threads_of_its_own_that_end_with_close(tmp_path: Path) -> None:
    backend = LocalBackend(weights_dir=tmp_path, threads=2)
    assert own_threads() == []
    sessions = [await backend.start_session("any") for _ in range(4)]
    assert own_threads() == []
    await asyncio.gather(*(ask(session, disc()) for session in sessions))
    assert 1 <= len(own_threads()) <= 2
    await backend.close()
    assert own_threads() == []


async def test_streams_side_by_side_on_two_threads_see_what_they_see_alone(tmp_path: Path) -> None:
    backend = LocalBackend(weights_dir=tmp_path, threads=2)
    clips = [
        frames_of((with_disc(textured(seed=n), 60 + 9 * i, 90 + n * i) for i in range(20)), 12)
        for n in range(4)
    ]
    alone = [await ask(await backend.start_session("any"), clip) for clip in clips]
    for _ in range(3):
        sessions = [await backend.start_session("any") for _ in clips]
        beside = await asyncio.gather(*map(ask, sessions, clips))
        assert beside == alone
    await backend.close()


async def test_the_event_loop_goes_on_while_a_clip_is_looked_at(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go = threading.Event(), threading.Event()
    step = watching.Watcher._step

    def slow(self: watching.Watcher, picture: Picture) -> None:
        entered.set()
        assert go.wait(20)
        step(self, picture)

    monkeypatch.setattr(watching.Watcher, "_step", slow)
    session = await backend.start_session("any")
    task = asyncio.create_task(ask(session, disc(2)))
    await happened(entered)
    go.set()  # only a loop that was not blocked comes here
    assert (await task).text


async def test_close_ends_what_is_under_way_between_two_frames(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go = threading.Event(), threading.Event()
    looked: list[int] = []

    def slow(_: watching.Watcher, picture: Picture) -> None:
        looked.append(picture.index)
        entered.set()
        assert go.wait(20)

    monkeypatch.setattr(watching.Watcher, "_step", slow)
    session, waiting = await backend.start_session("any"), await backend.start_session("any")
    under_way = asyncio.create_task(ask(session, disc()))
    queued = asyncio.create_task(ask(waiting, disc()))
    await happened(entered)
    closing = asyncio.create_task(backend.close())
    await asyncio.sleep(0)
    go.set()
    await closing
    assert own_threads() == []
    assert looked == [0]
    for task in (under_way, queued):
        with pytest.raises(InferenceError):
            await task


async def test_a_cancelled_request_stops_and_the_next_one_looks_at_what_was_left(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go = threading.Event(), threading.Event()
    looked: list[int] = []
    step = watching.Watcher._step

    def slow(self: watching.Watcher, picture: Picture) -> None:
        looked.append(picture.index)
        step(self, picture)
        entered.set()
        assert go.wait(20)

    monkeypatch.setattr(watching.Watcher, "_step", slow)
    session = await backend.start_session("any")
    task = asyncio.create_task(ask(session, disc()))
    await happened(entered)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert "moving right" in (await ask(session, disc())).text
    assert looked == list(range(12))


async def test_bad_arguments_are_inference_errors(backend: LocalBackend) -> None:
    with pytest.raises(InferenceError, match="threads must be 1 or more, not 0"):
        LocalBackend(threads=0)
    session = await backend.start_session("any")
    with pytest.raises(InferenceError, match="at least one frame"):
        await ask(session, [])


async def test_what_opencv_refuses_is_an_inference_error(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise cv2.error("no")

    session = await backend.start_session("any")
    monkeypatch.setattr(watching, "camera_shift", refuse)
    with pytest.raises(InferenceError, match="OpenCV cannot look"):
        await ask(session, disc())
    monkeypatch.undo()
    assert (await ask(session, disc(14))).text


def test_importing_the_backend_does_not_load_opencv() -> None:
    code = "import sys; import overshoot.adapters.inference.local; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["observe", "infer", "pause"]), max_size=60))
def test_looking_early_changes_no_answer_whatever_comes_when(steps: list[str]) -> None:
    film, each = disc(24), 4

    async def answers(*, early: bool) -> list[tuple[str, dict[str, float]]]:
        # No folder has this name, so that there are no networks.
        backend = LocalBackend(weights_dir=Path("no networks here"))
        session = await backend.start_session("local")
        told: list[tuple[str, dict[str, float]]] = []
        observed = 0

        async def infer() -> None:
            start = len(told) * each
            answer = await ask(session, film[start : start + each])
            told.append((answer.text, dict(answer.detected)))

        for step in (*steps, *["observe"] * len(film)):
            if step == "observe" and observed < len(film):
                if early:
                    session.observe(film[observed])
                observed += 1
            elif step == "pause":
                await asyncio.sleep(0)
            elif step == "infer" and observed >= (len(told) + 1) * each:
                await infer()
        while len(told) < len(film) // each:
            await infer()
        await session.close()
        await backend.close()
        return told

    assert asyncio.run(answers(early=True)) == asyncio.run(answers(early=False))


async def test_frames_are_looked_at_before_they_are_asked_about(backend: LocalBackend) -> None:
    session = await backend.start_session("local")
    looked: list[int] = []
    done = threading.Event()

    def note(frame: Frame) -> Picture:
        looked.append(frame.index)
        if len(looked) == 12:
            done.set()
        return seen(frame)

    seen = working_picture
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "working_picture", note)
        for frame in disc():
            session.observe(frame)
        await happened(done)
        assert looked == list(range(12))
        await ask(session, disc())
    # The newest once more, for light, colours and codes.
    assert looked == [*range(12), 11]
    await session.close()


async def test_what_comes_faster_than_it_is_looked_at_waits_for_the_request(
    backend: LocalBackend,
) -> None:
    session = await backend.start_session("local")
    film = disc(100, fps=12)
    for frame in film:
        session.observe(frame)
    early = (await ask(session, film)).detected
    other = await backend.start_session("local")
    assert early == (await ask(other, film)).detected
    for each in (session, other):
        await each.close()


async def test_a_closed_session_looks_at_nothing_more(backend: LocalBackend) -> None:
    session = await backend.start_session("local")
    for frame in disc():
        session.observe(frame)
    await session.close()
    session.observe(disc()[0])
    assert asyncio.all_tasks() == {asyncio.current_task()}
