"""Frames of the caller's async iterable."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Final, cast

from overshoot.adapters.sources.handover import Handover
from overshoot.adapters.sources.incoming import as_pixels, checked_bytes
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.pushed_frames import given_info, sized
from overshoot.domain.frame import Frame
from overshoot.domain.push_clock import check_timestamp
from overshoot.errors import FrameError, SourceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from overshoot.domain.frame import Pixels
    from overshoot.domain.pushed import AsyncFramesSource, PushCounts
    from overshoot.ports.source import SourceInfo

_log = get_logger(__name__)

CLOSE_SECONDS: Final = 5.0


class AsyncFrames:
    """`Source` of the items of an async iterable, which is iterated on ``loop``; ``live``.

    JPEG pictures are decoded by ``read``, on the reading thread, so that the loop is not held up.
    ``close`` cancels the iteration and waits up to 5 seconds for it to be gone, but not on the
    loop's own thread, where nothing could go on meanwhile.
    """

    def __init__(
        self,
        spec: AsyncFramesSource,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec = spec
        self._loop = loop
        self._life = Lifecycle("async frames")
        self._handover: Handover[Pixels | bytes] = Handover(clock, self._make_room)
        self._room = asyncio.Event()
        self._gone = threading.Event()
        self._pumping: Future[None] | None = None
        self._loop_thread: int | None = None
        self._index = 0

    def open(self) -> SourceInfo:
        """Begin to iterate."""
        self._life.require_new()
        pump = self._pump()
        try:
            self._pumping = asyncio.run_coroutine_threadsafe(pump, self._loop)
        except RuntimeError as error:
            pump.close()
            msg = f"{self._life.name} cannot be read: the event loop they belong to is closed"
            raise SourceError(msg) from error
        self._life.opened()
        return given_info(self._spec, real_time=self._spec.real_time)

    @property
    def counts(self) -> PushCounts:
        """What has become of the items so far."""
        return self._handover.counts

    def read(self) -> Frame | None:
        """The newest frame; waits for one."""
        self._life.require_open()
        taken = self._handover.take()
        if taken is None:
            return None
        given, timestamp = taken
        try:
            pixels = as_pixels(given, encoding="jpeg") if isinstance(given, bytes) else given
        except FrameError as error:
            raise _unusable(error) from error
        frame = Frame(sized(pixels, self._spec), timestamp, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._handover.shut()

    def close(self) -> None:
        """Stop iterating, and close an async generator."""
        self._life.close()
        self._handover.shut()
        pumping, self._pumping = self._pumping, None
        if pumping is None or self._loop.is_closed():
            return
        pumping.cancel()
        on_loop = self._loop_thread == threading.get_ident()
        if not on_loop and self._loop.is_running() and not self._gone.wait(CLOSE_SECONDS):
            _log.warning("async_frames_stuck", seconds=CLOSE_SECONDS)

    async def _pump(self) -> None:
        self._loop_thread = threading.get_ident()
        failure: SourceError | None = None
        try:
            failure = await self._iterate()
        finally:
            self._handover.end(failure)
            self._gone.set()

    async def _iterate(self) -> SourceError | None:
        """All items, one after the other; what went wrong, if anything did."""
        try:
            iterator = aiter(self._spec.frames)
            try:
                async for item in iterator:
                    if not await self._take_in(item):
                        break
            finally:
                if (finish := getattr(iterator, "aclose", None)) is not None:
                    await finish()
        except FrameError as error:
            return _unusable(error)
        except Exception as error:  # noqa: BLE001 - the iterable is the caller's
            failure = SourceError(f"the async frames failed with {type(error).__name__}: {error}")
            failure.__cause__ = error
            return failure
        return None

    async def _take_in(self, item: Any) -> bool:
        picture, timestamp = _split(item)
        check_timestamp(timestamp)
        if not self._handover.put(self._own(picture), timestamp):
            return False
        if not self._spec.real_time:
            while not self._handover.empty:
                self._room.clear()
                if not self._handover.empty:
                    await self._room.wait()
        return True

    def _own(self, picture: Any) -> Pixels | bytes:
        """A copy, for the iterable may use its buffer again."""
        if self._spec.encoding is None:
            return as_pixels(picture, order=self._spec.order)
        return checked_bytes(picture).tobytes()

    def _make_room(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._room.set)
        except RuntimeError:
            return  # The loop has closed: nobody waits for room.


def _split(item: object) -> tuple[Any, Any]:
    """The picture and the timestamp of an item; None when it has none."""
    if isinstance(item, tuple):
        parts = cast("tuple[object, ...]", item)
        if len(parts) == 2:  # noqa: PLR2004 - picture, timestamp
            return parts
        return parts, None
    return item, None


def _unusable(error: FrameError) -> SourceError:
    return SourceError(f"the async frames gave one that cannot be used: {error.message}")
