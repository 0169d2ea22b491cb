"""`OpenCVCameraTrack`: a source as an aiortc track, for peer connections of the caller's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from overshoot import bootstrap
from overshoot.application.capture import Capture
from overshoot.application.feed import RingFeed
from overshoot.application.frame_intake import IntakeSink
from overshoot.application.frame_sink import FrameSink
from overshoot.domain.source import CameraSource, StreamSource
from overshoot.errors import OvershootError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from av import VideoFrame

    from overshoot.domain.ledger import FrameCounts

_log = get_logger(__name__)


class _Frames(Protocol):
    async def recv(self) -> VideoFrame: ...
    def stop(self) -> None: ...


class OpenCVCameraTrack(MediaStreamTrack):
    """Video of a camera, or of any source, for ``RTCPeerConnection.addTrack``.

    ::

        track = OpenCVCameraTrack(CameraSource(device_index=1))
        peer.addTrack(track)
        ...
        track.stop()

    The source is opened by `open`, or when the first frame is asked for, which is when the peers
    are connected. Everything belongs to one event loop. For a stream with results, lease and
    reconnection use `RealtimeVision`; this is for programs that do that themselves.

    Args:
        source: where frames come from; the default camera. Frames larger than 1280x720, in either
            direction, are scaled down to it.
        on_error: called on the event loop with what ends the source, or spoils frames; without it
            that goes to the log.
    """

    kind = "video"

    def __init__(
        self,
        source: StreamSource | None = None,
        *,
        on_error: Callable[[OvershootError], Any] | None = None,
    ) -> None:
        super().__init__()
        self._spec = CameraSource() if source is None else source
        self._source = bootstrap.open_source(self._spec)
        self._on_error = on_error
        self._opening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._capture: Capture | None = None
        self._sink: FrameSink | None = None
        self._frames: _Frames | None = None

    async def open(self) -> None:
        """Open the source; again, it does nothing.

        Raises:
            SourceError: there is nothing to open. The track has ended then.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="overshoot-track")
        await asyncio.shield(self._opening)

    async def recv(self) -> VideoFrame:
        """The newest frame not given yet; ``MediaStreamError`` at the end, or without a source."""
        if self.readyState != "live":
            raise MediaStreamError
        try:
            await self.open()
        except OvershootError as error:
            raise MediaStreamError from error
        if self._frames is None:
            raise MediaStreamError
        try:
            return await self._frames.recv()
        except MediaStreamError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the track and release its source; `aclose` waits until that is done."""
        if self.readyState == "live":
            super().stop()
            if self._sink is not None:
                self._sink.close()
            if self._frames is not None:
                self._frames.stop()
            self._release()

    async def aclose(self) -> None:
        """`stop`, and wait until the source is released and its thread has gone."""
        self.stop()
        if self._opening is not None:
            await asyncio.wait({self._opening})
        if self._closing is not None:
            await asyncio.shield(self._closing)

    @property
    def counts(self) -> FrameCounts | None:
        """Where each frame of the source went; None while it was not opened."""
        return None if self._sink is None else self._sink.counts()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        clock = bootstrap.system_clock()
        sink = self._sink = FrameSink(clock, RingFeed(loop))
        intake = IntakeSink(
            offer=sink.offer,
            when_free=sink.when_free,
            drop=sink.drop,
            met=lambda event: _log.debug("source_event", kind=event.kind, message=event.message),
            ended=lambda error: self._from_thread(loop, self._ended, error),
            fault=lambda error: self._from_thread(loop, self._report, error),
        )
        capture = self._capture = Capture(
            self._source, clock=clock, processor=self._spec.frame_processor, sink=intake
        )
        try:
            await capture.open()
        except OvershootError as error:
            if self.readyState == "live":
                self._report(error)
            self.stop()
            raise
        feed = sink.connection()
        feed.let_flow()
        self._frames = bootstrap.video_track(feed, lambda: None)
        if self.readyState == "live":
            capture.run()
        else:
            self._frames.stop()

    def _release(self) -> None:
        capture = self._capture
        if capture is None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # No loop runs any more: the thread, told like this, ends by itself.
            capture.run()
            self._source.interrupt()
        else:
            self._closing = loop.create_task(capture.close(), name="overshoot-track-close")

    def _ended(self, error: OvershootError | None) -> None:
        if self._sink is not None:
            self._sink.finish()
        if error is not None:
            self._report(error)

    def _report(self, error: OvershootError) -> None:
        if self._on_error is None:
            _log.warning("track_fault", error=error.message)
        else:
            self._on_error(error)

    @staticmethod
    def _from_thread(
        loop: asyncio.AbstractEventLoop, function: Callable[[Any], None], argument: object
    ) -> None:
        with contextlib.suppress(RuntimeError):  # The loop has closed: nobody is left to tell.
            loop.call_soon_threadsafe(function, argument)
