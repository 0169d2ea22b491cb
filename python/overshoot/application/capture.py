"""The one thread that reads a source: open, read, wait until the frame is due, process, offer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve

from overshoot.errors import CallbackError, OvershootError, SourceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.domain.source import FrameProcessor
    from overshoot.ports.clock import Clock
    from overshoot.ports.source import Source, SourceInfo

_log = get_logger(__name__)

ValueT = TypeVar("ValueT")

JOIN_SECONDS = 5.0


class Capture:
    """Reads ``source`` on a thread of its own and gives its frames to ``on_frame`` there.

    ``on_end`` is called on that thread, once, with None at the end of the video or with the error
    that ended it. ``on_error`` is called on that thread for frames that ``processor`` spoiled, once
    for each kind of fault; those frames are left out and the stream goes on.
    """

    def __init__(
        self,
        source: Source,
        *,
        clock: Clock,
        processor: FrameProcessor | None,
        on_frame: Callable[[Frame], None],
        on_end: Callable[[OvershootError | None], None],
        on_error: Callable[[OvershootError], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._processor = processor
        self._on_frame = on_frame
        self._on_end = on_end
        self._on_error = on_error
        self._may_read = threading.Event()
        self._stopping = threading.Event()
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
        self._source.interrupt()
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
                info = self._source.open()
            except Exception as caught:  # noqa: BLE001 - every failure must reach the waiter
                failure = _as_source_error(caught)
                _settle(loop, opened, failure)
                return
            _settle(loop, opened, info)
            self._may_read.wait()
            try:
                self._read_all(live=info.live)
            except Exception as caught:  # noqa: BLE001 - reported through on_end
                error = _as_source_error(caught)
            self._on_end(error)
        finally:
            self._source.close()
            _settle(loop, self._gone, None)

    def _read_all(self, *, live: bool) -> None:
        began: float | None = None
        while not self._stopping.is_set():
            frame = self._source.read()
            if frame is None:
                return
            if began is None:
                began = self._clock.monotonic() - frame.timestamp
            wait = 0.0 if live else began + frame.timestamp - self._clock.monotonic()
            if wait > 0 and self._stopping.wait(wait):
                return
            if (processed := self._process(frame)) is not None:
                self._on_frame(processed)

    def _process(self, frame: Frame) -> Frame | None:
        if self._processor is None:
            return frame
        try:
            pixels = self._processor(frame.pixels)
        except Exception as cause:  # noqa: BLE001 - the caller's code may raise anything
            self._tell(f"frame_processor raised {type(cause).__name__}: {cause}", cause)
            return None
        fault = _pixel_fault(pixels)
        if fault is not None:
            self._tell(f"frame_processor must return a BGR frame, but returned {fault}", None)
            return None
        return evolve(frame, pixels=pixels)

    def _tell(self, message: str, cause: Exception | None) -> None:
        kind = type(cause).__name__ if cause is not None else message
        if kind in self._told:
            return
        self._told.add(kind)
        note = f"{message}; such frames are left out"
        self._on_error(CallbackError(note, callback="frame_processor", cause=cause))


def _pixel_fault(pixels: object) -> str | None:
    """What is wrong with a processor's return value, or None."""
    shape = getattr(pixels, "shape", None)
    if shape is None:
        return repr(type(pixels).__name__)
    dtype = getattr(pixels, "dtype", None)
    if len(shape) != 3 or shape[2] != 3 or 0 in shape or str(dtype) != "uint8":  # noqa: PLR2004
        return f"an array of shape {tuple(shape)} and dtype {dtype}"
    return None


def _as_source_error(error: Exception) -> OvershootError:
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
