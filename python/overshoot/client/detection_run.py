"""One start of an `ActionDetector`: its stream, and the detection on its answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import evolve

from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig

if TYPE_CHECKING:
    from overshoot.application.detection import Detection
    from overshoot.domain.ending import StreamEnd


class DetectionRun:
    """A stream whose answers go to a `Detection`; used once, on one event loop."""

    def __init__(self, config: RealtimeVisionConfig, detection: Detection) -> None:
        self.detection = detection
        self._vision = RealtimeVision(
            evolve(config, on_result=detection.receive, on_error=detection.report)
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

    async def start(self) -> None:
        """Start the stream; raises what that raises, and leaves nothing running then."""
        self.detection.start()
        try:
            await self._vision.start()
        except BaseException:
            await self._finish()
            raise
        self.detection.flowing()
        self._following = asyncio.create_task(self._follow(), name="overshoot-detection")

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        await self._vision.stop()
        if not self.detection.calling:
            await self._over.wait()

    async def wait_ended(self) -> StreamEnd:
        """Why the stream ended, once everything is released, callbacks included.

        Those are not waited for where one of them waits here.
        """
        end = await self._vision.wait_ended()
        if not self.detection.calling:
            await self._over.wait()
        return end

    async def _follow(self) -> StreamEnd:
        end = await self._vision.wait_ended()
        await self._finish()
        return end

    async def _finish(self) -> None:
        try:
            await self.detection.close()
        finally:
            self._over.set()
