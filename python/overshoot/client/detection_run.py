"""One start of an `ActionDetector`: its stream, and the detection on its answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from attrs import evolve

from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.domain.ending import SOURCE_ENDED

if TYPE_CHECKING:
    from overshoot.application.detection import Detection
    from overshoot.application.evidence import EvidenceKeeper
    from overshoot.application.progress_report import ProgressReport
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.inference import InferenceResult


class DetectionRun:
    """A stream whose answers go to a `Detection`; used once, on one event loop."""

    def __init__(
        self,
        config: RealtimeVisionConfig,
        detection: Detection,
        progress: ProgressReport | None = None,
        evidence: EvidenceKeeper | None = None,
    ) -> None:
        self.detection = detection
        self._progress = progress
        self._evidence = evidence
        self._vision = RealtimeVision(
            evolve(config, on_result=self._receive, on_error=detection.report),
            on_frame=None if evidence is None else evidence.frame,
        )
        self._over = asyncio.Event()
        self._following: asyncio.Task[StreamEnd] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended and released everything."""
        return self._over.is_set()

    @property
    def active(self) -> bool:
        """Whether frames are being sent and answers awaited."""
        return self._vision.is_active()

    @property
    def clips_unanswered(self) -> int:
        """Clips of a file that no answer came about in time."""
        return self._vision.stats().clips_unanswered

    async def start(self) -> None:
        """Start the stream; raises what that raises, and leaves nothing running then."""
        self.detection.start()
        if self._progress is not None:
            self._progress.start()
        try:
            if self._evidence is not None:
                await self._evidence.start()
            await self._vision.start()
        except BaseException:
            await self._finish(complete=False)
            raise
        self.detection.flowing()
        if self._progress is not None:
            info = self._vision.source_info
            self._progress.opened(None if info is None else info.duration_seconds)
        self._following = asyncio.create_task(self._follow(), name="overshoot-detection")

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        await self._vision.stop()
        if not self._calling:
            await self._over.wait()

    async def wait_ended(self) -> StreamEnd:
        """Why the stream ended, once everything is released, callbacks included.

        Those are not waited for where one of them waits here.
        """
        end = await self._vision.wait_ended()
        if not self._calling:
            await self._over.wait()
        return end

    @property
    def _calling(self) -> bool:
        """Whether it is a callback of the caller's that asks, which must not wait for its end."""
        return self.detection.calling or (self._progress is not None and self._progress.calling)

    def _frames(self) -> int:
        return self._vision.stats().frames.sent

    def _receive(self, result: InferenceResult[Any]) -> None:
        self.detection.receive(result)
        if self._progress is not None:
            self._progress.answered(result.timestamp, frames=self._frames())

    async def _follow(self) -> StreamEnd:
        end = await self._vision.wait_ended()
        await self._finish(complete=end == SOURCE_ENDED)
        return end

    async def _finish(self, *, complete: bool) -> None:
        try:
            if self._progress is not None:
                await self._progress.close(complete=complete, frames=self._frames())
            await self.detection.finish()
            if self._evidence is not None:
                await self._evidence.aclose()
            await self.detection.close()
        finally:
            self._over.set()
