"""What every `InferenceBackend` must keep: the sentences of the port's docstring, one by one.

A test class of an adapter derives from the suite and gives a fixture ``backend``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import numpy as np
import pytest

from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.errors import InferenceError
from overshoot.ports.inference import ObservingSession

if TYPE_CHECKING:
    from overshoot.ports.inference import InferenceBackend, InferenceSession

SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"seen": {"type": "boolean"}}, "required": ["seen"]},
    {"type": "string"},
    {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}},
    {"type": "array", "items": {"type": "string"}, "minItems": 40},
]


def frames(first: int = 0, count: int = 4, fps: float = 8.0) -> tuple[Frame, ...]:
    """A square that moves to the right over gray."""
    made: list[Frame] = []
    for index in range(first, first + count):
        pixels = np.full((72, 96, 3), 90, np.uint8)
        left = 4 + (index * 5) % 70
        pixels[24:44, left : left + 20] = (30, 60, 220)
        made.append(Frame(pixels, index / fps, index))
    return tuple(made)


def request(
    clip: tuple[Frame, ...] | None = None, prompt: str = "Describe what you see", **changes: Any
) -> InferenceRequest:
    """A question about a clip."""
    return InferenceRequest(prompt, "any", frames() if clip is None else clip, **changes)


async def session_of(backend: InferenceBackend) -> InferenceSession:
    """A session with a model that is on offer."""
    return await backend.start_session(backend.models()[0].model)


class InferenceBackendContract:
    """Derive from it, and give a fixture ``backend``."""

    def test_name_is_what_results_can_carry(self, backend: InferenceBackend) -> None:
        assert backend.name
        assert backend.name == backend.name.strip()

    async def test_models_can_be_asked_for_at_any_time(self, backend: InferenceBackend) -> None:
        models = backend.models()
        assert models
        assert all(isinstance(model, ModelInfo) and model.model for model in models)
        await backend.close()
        assert backend.models()

    async def test_unknown_model_is_refused_as_an_inference_error_or_taken(
        self, backend: InferenceBackend
    ) -> None:
        with contextlib.suppress(InferenceError):
            session = await backend.start_session("no-such-model")
            assert (await session.infer(request())).text
            await session.close()

    async def test_answer_has_text_and_confidences_in_range(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        answer = await session.infer(request())
        assert isinstance(answer, InferenceAnswer)
        assert isinstance(answer.text, str)
        assert all(0.0 <= sure <= 1.0 for sure in answer.detected.values())
        assert all(each.asked and each.reason and each.remedy for each in answer.unsupported)
        await session.close()

    async def test_frame_mode_takes_a_single_picture(self, backend: InferenceBackend) -> None:
        session = await session_of(backend)
        answer = await session.infer(request(frames(count=1), mode="frame"))
        assert isinstance(answer.text, str)
        await session.close()

    @pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
    async def test_with_a_schema_the_text_satisfies_it_or_inference_error_is_raised(
        self, backend: InferenceBackend, schema: dict[str, Any]
    ) -> None:
        session = await session_of(backend)
        try:
            answer = await session.infer(request(output_schema=schema))
        except InferenceError:
            pass
        else:
            jsonschema_rs.validate(schema, json.loads(answer.text))
        await session.close()

    async def test_after_a_request_it_cannot_answer_the_next_one_may_succeed(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        with pytest.raises(InferenceError):
            await session.infer(request(output_schema={"type": "no such type"}))
        assert isinstance((await session.infer(request(frames(4)))).text, str)
        await session.close()

    async def test_a_new_prompt_and_schema_hold_from_the_request_that_carries_them(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        await session.infer(request())
        impossible: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 99}
        with pytest.raises(InferenceError):
            await session.infer(request(frames(4), output_schema=impossible))
        assert isinstance((await session.infer(request(frames(8), "What else?"))).text, str)
        await session.close()

    async def test_clips_may_overlap(self, backend: InferenceBackend) -> None:
        session = await session_of(backend)
        for first in (0, 2, 2, 3):
            assert isinstance((await session.infer(request(frames(first)))).text, str)
        await session.close()

    async def test_infer_is_cancellable_and_the_session_lives_on(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        task = asyncio.create_task(session.infer(request()))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.done()
        assert isinstance((await session.infer(request(frames(4)))).text, str)
        await session.close()

    async def test_sessions_side_by_side_answer_as_if_alone(
        self, backend: InferenceBackend
    ) -> None:
        alone = await session_of(backend)
        expected = [await alone.infer(request(frames(first))) for first in (0, 4, 8)]
        one, other = await session_of(backend), await session_of(backend)
        seen: list[InferenceAnswer] = []
        for first in (0, 4, 8):
            seen.append(await one.infer(request(frames(first))))
            await other.infer(request(frames(100 + 3 * first, count=3)))
        assert [answer.text for answer in seen] == [answer.text for answer in expected]
        for session in (alone, one, other):
            await session.close()

    async def test_second_close_of_a_session_does_nothing_and_nothing_is_answered_after(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        await session.infer(request())
        await session.close()
        await session.close()
        with pytest.raises(InferenceError):
            await session.infer(request())

    async def test_second_close_of_the_backend_does_nothing_and_it_opens_no_session_after(
        self, backend: InferenceBackend
    ) -> None:
        session = await session_of(backend)
        await session.infer(request())
        await session.close()
        await backend.close()
        await backend.close()
        with pytest.raises(InferenceError):
            await session_of(backend)

    async def test_what_is_seen_early_changes_no_answer(self, backend: InferenceBackend) -> None:
        plain, observing = await session_of(backend), await session_of(backend)
        if not isinstance(observing, ObservingSession):
            await plain.close()
            await observing.close()
            return  # It need not look early.
        clips = [frames(first=first) for first in (0, 4, 8)]
        for frame in (*clips[0], *clips[1]):
            observing.observe(frame)
        told: list[list[str]] = [[], []]
        for number, clip in enumerate(clips):
            for session, texts in ((plain, told[0]), (observing, told[1])):
                texts.append((await session.infer(request(clip))).text)
            if number == 1:
                for frame in clips[2]:
                    observing.observe(frame)
        assert told[0] == told[1]
        await plain.close()
        await observing.close()
