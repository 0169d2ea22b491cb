"""Clips to the backend, one at a time, and its answers as results."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from overshoot.application.waiting import within
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, InferenceResult
from overshoot.errors import InferenceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.intake import Clip, Intake
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.stream import StreamInferenceConfig
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceSession

_log = get_logger(__name__)


class Answering:
    """Asks about clip after clip; a backend that fails spoils its own answer and no more.

    Attributes:
        completed: answers.
        failed: clips without one.
        last_latency_seconds: of the newest answer.
        prompt_version: 0 for the first prompt; whoever changes the prompt counts it up.
    """

    def __init__(
        self,
        *,
        stream_id: str,
        backend_name: str,
        session: InferenceSession,
        intake: Intake,
        clock: Clock,
        settings: ServingSettings,
    ) -> None:
        self._stream_id = stream_id
        self._backend_name = backend_name
        self._session = session
        self._intake = intake
        self._clock = clock
        self._limit = settings.inference_seconds
        self._seq = 0
        self.completed: int = 0
        self.failed: int = 0
        self.last_latency_seconds: float = 0.0
        self.prompt_version = 0

    async def run(
        self,
        question: Callable[[], StreamInferenceConfig],
        publish: Callable[[InferenceResult], None],
    ) -> None:
        """Answer until there are no more clips, each with the question then in force."""
        while (clip := await self._intake.next_clip()) is not None:
            publish(await self._answer(clip, question()))

    async def _answer(self, clip: Clip, asked: StreamInferenceConfig) -> InferenceResult:
        version = self.prompt_version
        request = InferenceRequest(
            prompt=asked.prompt,
            model=asked.model,
            frames=clip.frames,
            mode=self._intake.mode,
            output_schema=asked.output_schema_json,
            max_output_tokens=asked.max_output_tokens,
        )
        began = self._clock.monotonic()
        answer = await self._ask(request)
        now = self._clock.monotonic()
        error = answer if isinstance(answer, str) else None
        said = InferenceAnswer("") if isinstance(answer, str) else answer
        if error is None:
            self.completed += 1
            self.last_latency_seconds = now - began
        else:
            self.failed += 1
        self._seq += 1
        return InferenceResult(
            result=said.text,
            ok=error is None,
            error=error,
            id=str(uuid.uuid4()),
            stream_id=self._stream_id,
            mode=request.mode,
            model_backend=self._backend_name,
            model_name=asked.model,
            prompt=asked.prompt,
            inference_latency_ms=(now - began) * 1000,
            total_latency_ms=(now - clip.received_at) * 1000,
            finish_reason=said.finish_reason if error is None else None,
            type="inference" if error is None else "error",
            timestamp=clip.frames[-1].timestamp,
            timestamp_start=clip.frames[0].timestamp,
            seq=self._seq - 1,
            frame_start=clip.frames[0].index,
            frame_end=clip.frames[-1].index,
            prompt_version=version,
            unsupported=said.unsupported,
            detected=said.detected,
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
