"""What a gateway does with a stream, without the network: sample its frames, ask, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import evolve

from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, InferenceResult
from overshoot.domain.sampling import Sampler, frames_per_clip
from overshoot.domain.sizing import effective_size
from overshoot.domain.timeline import RTP_CLOCK_RATE, MediaTimeline
from overshoot.errors import InferenceError
from overshoot.framepath import from_i420

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels, PlanarFrame
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceSession
    from overshoot.wire import CreateStream


class LoopbackStream:
    """One stream: frames in, results to ``publish``, one question at a time.

    Frames pass through the time stamps of RTP, so that stream time is what a gateway would see.
    """

    def __init__(
        self,
        stream_id: str,
        asked: CreateStream,
        session: InferenceSession,
        *,
        backend_name: str,
        clock: Clock,
        publish: Callable[[InferenceResult], None],
    ) -> None:
        self.stream_id = stream_id
        self._asked = asked
        self._inference = asked.inference
        self._session = session
        self._backend_name = backend_name
        self._clock = clock
        self._publish = publish
        self._sampler = Sampler[Frame](asked.sampling)
        self._timeline = MediaTimeline()
        self._ticks = -1
        self._arrivals: dict[int, float] = {}
        self._changed = asyncio.Event()
        self._finished = False
        self._seq = 0
        self._prompt_version = 0
        self.frames_received: int = 0

    def take_in(self, frame: PlanarFrame) -> None:
        """The next frame of the video has arrived."""
        self._ticks = max(self._ticks + 1, round(frame.timestamp * RTP_CLOCK_RATE))
        time = self._timeline.advance(self._ticks)
        index = self.frames_received
        self.frames_received += 1
        if self._sampler.wants(time):
            self._arrivals[index] = self._clock.monotonic()
            self._add(Frame(self._pixels(frame), time, index))
        else:
            self._sampler.reach(time)
        self._changed.set()

    def finish(self) -> None:
        """The video has ended."""
        self._finished = True
        self._changed.set()

    def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        self._inference = evolve(self._inference, prompt=prompt)
        self._prompt_version += 1

    async def answer(self) -> None:
        """Answer clip after clip, the newest first; comes back after the last one."""
        while (clip := await self._next_clip()) is not None:
            self._publish(await self._answer(clip))

    async def close(self) -> None:
        """Let go of the backend's session."""
        await self._session.close()

    def _pixels(self, frame: PlanarFrame) -> Pixels:
        clip_frames = frames_per_clip(self._asked.sampling)
        width, height = effective_size(frame.width, frame.height, clip_frames=clip_frames)
        return from_i420(
            frame.planes, frame.width, frame.height, out_width=width, out_height=height
        )

    def _add(self, frame: Frame) -> None:
        newest = self._sampler.newest
        if newest is not None and newest.pixels.shape != frame.pixels.shape:
            self._sampler.forget_frames()
        self._sampler.add(frame)

    async def _next_clip(self) -> tuple[Frame, ...] | None:
        while (clip := self._sampler.take()) is None:
            if self._finished:
                return self._sampler.flush()
            self._changed.clear()
            await self._changed.wait()
        return clip

    async def _answer(self, clip: tuple[Frame, ...]) -> InferenceResult:
        asked, version = self._inference, self._prompt_version
        request = InferenceRequest(
            prompt=asked.prompt,
            model=asked.model,
            frames=clip,
            mode=self._asked.mode,
            output_schema=asked.output_schema_json,
            max_output_tokens=asked.max_output_tokens,
        )
        began = self._clock.monotonic()
        answer, error = await self._ask(request)
        now = self._clock.monotonic()
        self._seq += 1
        return InferenceResult(
            result=answer.text,
            ok=error is None,
            error=error,
            id=f"{self.stream_id}-{self._seq - 1}",
            stream_id=self.stream_id,
            mode=request.mode,
            model_backend=self._backend_name,
            model_name=asked.model,
            prompt=asked.prompt,
            inference_latency_ms=(now - began) * 1000,
            total_latency_ms=(now - self._arrived_at(clip[-1].index)) * 1000,
            finish_reason=answer.finish_reason if error is None else None,
            timestamp=clip[-1].timestamp,
            timestamp_start=clip[0].timestamp,
            seq=self._seq - 1,
            frame_start=clip[0].index,
            frame_end=clip[-1].index,
            prompt_version=version,
            unsupported=answer.unsupported,
            detected=answer.detected,
        )

    def _arrived_at(self, index: int) -> float:
        arrived = self._arrivals[index]
        self._arrivals = {i: at for i, at in self._arrivals.items() if i > index}
        return arrived

    async def _ask(self, request: InferenceRequest) -> tuple[InferenceAnswer, str | None]:
        try:
            return await self._session.infer(request), None
        except InferenceError as error:
            return InferenceAnswer(""), error.message
        except Exception as error:  # noqa: BLE001 - a backend is foreign code; the stream goes on
            return InferenceAnswer(""), f"the backend failed ({type(error).__name__}: {error})"
