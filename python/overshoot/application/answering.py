"""Clips of one stream to the backend, one at a time, and its answers as results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve

from overshoot.application.waiting import within
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, InferenceResult
from overshoot.errors import InferenceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.intake import Clip, Intake
    from overshoot.application.scheduling import Scheduler
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.motion import MotionGate
    from overshoot.domain.stream_question import StreamQuestion
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceSession

_log = get_logger(__name__)


class Answering:
    """Asks about clip after clip; a backend that fails spoils its own answer and no more.

    Args:
        stream_id: whose clips they are, for the results and for the turns.
        backend_name: what results carry.
        session: who is asked.
        intake: where clips come from.
        scheduler: whose turn it is among all streams.
        gate: says where nothing moved, and the answer before still holds; None asks always.
        clock: what time it is.
        settings: how long an answer may take, and how results are named.

    Attributes:
        completed: answers of the backend.
        failed: clips without one.
        repeated: clips that the answer before was given to again.
        last_latency_seconds: of the newest answer.
    """

    def __init__(
        self,
        *,
        stream_id: str,
        backend_name: str,
        session: InferenceSession,
        intake: Intake,
        scheduler: Scheduler,
        gate: MotionGate | None,
        clock: Clock,
        settings: ServingSettings,
    ) -> None:
        self._stream_id = stream_id
        self._backend_name = backend_name
        self._session = session
        self._intake = intake
        self._scheduler = scheduler
        self._gate = gate
        self._clock = clock
        self._limit = settings.inference_seconds
        self._new_id = settings.new_id
        self._seq = 0
        self._last = InferenceAnswer("")
        self.completed: int = 0
        self.failed: int = 0
        self.repeated: int = 0
        self.last_latency_seconds: float = 0.0

    @property
    def settled(self) -> int:
        """Clips that have a result."""
        return self.completed + self.failed + self.repeated

    async def run(
        self,
        question: Callable[[], StreamQuestion],
        publish: Callable[[InferenceResult], None],
    ) -> None:
        """Until the last clip was answered; each is asked with the question then in force."""
        while await self._intake.wait_for_clip():
            result = self._repeat(question())
            if result is None:
                async with self._scheduler.turn(self._stream_id):
                    # Only now: while it waited the clip may have made room for a newer one, and
                    # the question may have changed.
                    clip = self._intake.take()
                    result = None if clip is None else await self._answer(clip, question())
            if result is not None:
                publish(result)
            self._intake.settle()

    def _repeat(self, asked: StreamQuestion) -> InferenceResult | None:
        """The answer before once more, where the next clip shows nothing new."""
        clip = self._intake.first_clip
        if self._gate is None or clip is None or self._gate.opens_for(clip.frames, asked.version):
            return None
        self._intake.take()
        self.repeated += 1
        return evolve(self._result(clip, asked, self._last, None, 0.0), repeated=True)

    async def _answer(self, clip: Clip, asked: StreamQuestion) -> InferenceResult:
        began = self._clock.monotonic()
        answer = await self._ask(self._request(clip, asked))
        seconds = self._clock.monotonic() - began
        if isinstance(answer, str):
            self.failed += 1
            if self._gate is not None:
                self._gate.failed()
            return self._result(clip, asked, InferenceAnswer(""), answer, seconds)
        self.completed += 1
        self.last_latency_seconds = seconds
        if self._gate is not None:
            self._gate.answered(clip.frames, asked.version)
            self._last = answer
        return self._result(clip, asked, answer, None, seconds)

    def _request(self, clip: Clip, asked: StreamQuestion) -> InferenceRequest:
        return InferenceRequest(
            prompt=asked.config.prompt,
            model=asked.config.model,
            frames=clip.frames,
            mode=self._intake.mode,
            output_schema=asked.config.output_schema_json,
            max_output_tokens=asked.config.max_output_tokens,
        )

    def _result(
        self,
        clip: Clip,
        asked: StreamQuestion,
        answer: InferenceAnswer,
        error: str | None,
        seconds: float,
    ) -> InferenceResult:
        self._seq += 1
        return InferenceResult(
            result=answer.text,
            ok=error is None,
            error=error,
            id=self._new_id(),
            stream_id=self._stream_id,
            mode=self._intake.mode,
            model_backend=self._backend_name,
            model_name=asked.config.model,
            prompt=asked.config.prompt,
            inference_latency_ms=seconds * 1000,
            total_latency_ms=(self._clock.monotonic() - clip.received_at) * 1000,
            finish_reason=answer.finish_reason if error is None else None,
            type="inference" if error is None else "error",
            timestamp=clip.frames[-1].timestamp,
            timestamp_start=clip.frames[0].timestamp,
            seq=self._seq - 1,
            frame_start=clip.frames[0].index,
            frame_end=clip.frames[-1].index,
            prompt_version=asked.prompt_version,
            schema_version=asked.schema_version,
            unsupported=answer.unsupported,
            detected=answer.detected,
        )

    async def _ask(self, request: InferenceRequest) -> InferenceAnswer | str:
        """The backend's answer, or why there is none."""
        try:
            return await within(self._clock, self._limit, self._session.infer(request))
        except TimeoutError:
            return f"the backend did not answer within {self._limit:g} s"
        except InferenceError as error:
            return error.message
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; the stream goes on
            _log.exception("backend_failed", stream_id=self._stream_id)
            return f"the backend failed ({type(error).__name__})"
