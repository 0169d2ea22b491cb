"""The one thread that reads a source: open, read, wait until the frame is due, process, offer."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve

from overshoot.errors import CallbackError, FrameError, OvershootError, SourceError
from overshoot.log import get_logger
from overshoot.ports.source import SelfMending

if TYPE_CHECKING:
    from overshoot.application.frame_intake import IntakeSink
    from overshoot.domain.frame import Frame
    from overshoot.domain.source import FrameProcessor
    from overshoot.ports.clock import Clock
    from overshoot.ports.source import Source, SourceInfo

_log = get_logger(__name__)

ValueT = TypeVar("ValueT")

JOIN_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How often a thread that waits for its last frame to be sent looks whether the loop is there."""


class Capture:
    """Reads ``source`` on a thread of its own and gives its frames to ``sink`` there.

    The sink is told of the end, once, with None at the end of the video or with the error that
    ended it; and of frames that ``processor`` spoiled, once for each kind of fault: those frames
    are left out and counted, and the stream goes on.
    """

    def __init__(
        self,
        source: Source,
        *,
        clock: Clock,
        processor: FrameProcessor | None,
        sink: IntakeSink,
    ) -> None:
        self._source = source
        self._clock = clock
        self._processor = processor
        self._sink = sink
        self._may_read = threading.Event()
        self._stopping = threading.Event()
        self._free = threading.Event()
        self._told: set[str] = set()
        self._thread: threading.Thread | None = None

    async def open(self) -> SourceInfo:
        """Open the source on its thread, raising what `Source.open` raises; `run` lets it flow."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[SourceInfo] = loop.create_future()
        self._gone: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(
            target=self._work, args=(loop, opened), name="overshoot-capture", daemon=True
        )
        self._thread.start()
        return await asyncio.shield(opened)

    def run(self) -> None:
        """Let frames flow."""
        self._may_read.set()

    async def close(self) -> None:
        """Stop reading and release the source; returns when its thread has gone."""
        self._stopping.set()
        self._may_read.set()
        self._free.set()
        try:
            self._source.interrupt()
        finally:
            await self._join()

    async def _join(self) -> None:
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        _, waiting = await asyncio.wait({self._gone}, timeout=JOIN_SECONDS)
        if waiting:
            _log.warning("capture_thread_stuck", seconds=JOIN_SECONDS)
        else:
            thread.join()  # It has released the source; only its last instructions are left.

    def _work(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[SourceInfo]) -> None:
        error: OvershootError | None = None
        try:
            try:
                if isinstance(self._source, SelfMending):
                    self._source.on_event = self._sink.met
                info = self._source.open()
            except BaseException as caught:  # noqa: BLE001 - even sys.exit must reach the waiter
                failure = _as_source_error(caught)
                _settle(loop, opened, failure)
                return
            _settle(loop, opened, info)
            self._may_read.wait()
            try:
                self._read_all(loop, info)
            except BaseException as caught:  # noqa: BLE001 - reported through on_end
                error = _as_source_error(caught)
            self._sink.ended(error)
        finally:
            self._release(loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._source.close()
        except Exception as caught:  # noqa: BLE001 - sources are the caller's to write
            self._sink.fault(_as_source_error(caught))
        finally:
            _settle(loop, self._gone, None)

    def _read_all(self, loop: asyncio.AbstractEventLoop, info: SourceInfo) -> None:
        pace = None if info.live or not info.real_time else Pace(info.playback_speed)
        # A loop that was closed over a running stream has left nobody to stop this thread.
        while not self._stopping.is_set() and not loop.is_closed():
            frame = self._source.read()
            if frame is None:
                return
            if not self._is_due(frame, pace) or not (info.real_time or self._is_free(loop)):
                self._sink.drop("not_running")
                return
            self._hand_over(frame, self._clock.monotonic())

    def _is_due(self, frame: Frame, pace: Pace | None) -> bool:
        """Wait for the frame's time; False when the stream is stopped meanwhile."""
        if pace is None:
            return True
        wait = pace.seconds_until(frame.timestamp, self._clock.monotonic())
        return wait <= 0 or not self._stopping.wait(wait)

    def _is_free(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Wait until the frame before has been taken; False when the stream is stopped meanwhile.

        Waited for after reading, so that the next frame is decoded while the last one is encoded.
        """
        self._free.clear()
        self._sink.when_free(self._free.set)
        while not self._stopping.is_set() and not self._free.wait(LOOK_SECONDS):
            if loop.is_closed():
                return False
        return not self._stopping.is_set()

    def _hand_over(self, frame: Frame, captured_at: float) -> None:
        if self._processor is None:
            self._sink.offer(frame, captured_at)
        else:
            self._process(frame, captured_at, self._processor)

    def _process(self, frame: Frame, captured_at: float, processor: FrameProcessor) -> None:
        import numpy as np

        try:
            pixels = processor(frame.pixels)
        except Exception as cause:  # noqa: BLE001 - the caller's code may raise anything
            kind = type(cause).__name__
            self._sink.drop("processor_failed")
            self._tell(kind, f"frame_processor raised {kind}: {cause}", cause)
            return
        wanted = "frame_processor must return a BGR frame, but returned"
        if not isinstance(pixels, np.ndarray):
            self._sink.drop("processor_failed")
            self._tell("type", f"{wanted} {type(pixels).__name__!r}", None)
            return
        try:
            self._sink.offer(evolve(frame, pixels=pixels), captured_at)
        except FrameError as fault:
            self._tell("pixels", f"{wanted} one that cannot be sent: {fault.message}", fault)

    def _tell(self, kind: str, message: str, cause: Exception | None) -> None:
        if kind in self._told:
            return
        self._told.add(kind)
        note = f"{message}; such frames are left out"
        self._sink.fault(CallbackError(note, callback="frame_processor", cause=cause))


class Pace:
    """When the frames of a recording are due: as far apart as they were taken, or ``speed`` times
    nearer.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._began: tuple[float, float] | None = None

    def seconds_until(self, timestamp: float, now: float) -> float:
        """How long to wait for the frame of this source time; 0.0 for the first or a late one.

        A late frame does not move the others: what was lost is caught up.
        """
        if self._began is None:
            self._began = now, timestamp
        began, first = self._began
        return max(0.0, began + (timestamp - first) / self._speed - now)


def _as_source_error(error: BaseException) -> OvershootError:
    if isinstance(error, OvershootError):
        return error
    message = f"the source failed with {type(error).__name__}: {error}"
    wrapped = SourceError(message)
    wrapped.__cause__ = error
    return wrapped


def _settle(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[ValueT],
    outcome: ValueT | OvershootError,
) -> None:
    """Give a future of the loop its outcome from this thread."""

    def settle() -> None:
        if future.done():
            return
        if isinstance(outcome, OvershootError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # The loop has closed: nobody waits any more.
