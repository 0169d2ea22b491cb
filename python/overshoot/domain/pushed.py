"""Sources whose frames come from the caller's own program: pushed, or iterated over."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_args

from attrs import evolve, field, frozen

from overshoot.domain.pixels import MAX_SIDE, PixelLayout
from overshoot.domain.validation import a_callable, a_flag, a_number, a_whole_number, fail
from overshoot.errors import SourceError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels
    from overshoot.domain.source import FrameProcessor

Encoding: TypeAlias = Literal["jpeg"]
"""How a picture that is bytes is compressed."""

GivenPicture: TypeAlias = "Pixels | bytes | bytearray | memoryview"
"""An array of pixels, or with ``encoding`` the bytes of a picture."""


def _known_order(instance: Any, attribute: Any, value: PixelLayout) -> None:
    if not isinstance(value, str) or value not in get_args(PixelLayout):
        raise fail(instance, attribute.name, "one of " + ", ".join(get_args(PixelLayout)), value)


def _known_encoding(instance: object, attribute: Any, value: Any) -> None:
    if value is not None and value not in get_args(Encoding):
        raise fail(instance, attribute.name, '"jpeg" or None', value)


def _async_iterable(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, AsyncIterable):
        raise fail(instance, attribute.name, "an async iterable, such as an async generator", value)


@frozen
class PushCounts:
    """Where pushed frames have gone; ``pushed`` is always the sum of the four below it.

    Attributes:
        pushed: frames pushed without a `FrameError`.
        taken: read by the stream.
        waiting: 1 when the newest waits to be read, else 0.
        superseded: replaced by a newer one before the stream read them.
        not_open: pushed while no stream read the source.
        retimed: timestamps that did not rise and were replaced (see `push_clock.PushClock`).
    """

    pushed: int = 0
    taken: int = 0
    waiting: int = 0
    superseded: int = 0
    not_open: int = 0
    retimed: int = 0


class FrameSink(Protocol):
    """Takes frames from any thread without waiting."""

    def push_frame(
        self,
        pixels: GivenPicture,
        timestamp: float | None = None,
        *,
        order: PixelLayout,
        encoding: Encoding | None = None,
    ) -> bool:
        """Take a frame; False when it is no longer open and has let the frame fall."""
        ...

    def end(self) -> None:
        """No more frames will come."""
        ...

    @property
    def counts(self) -> PushCounts:
        """What has become of its frames."""
        ...


class _Link:
    """Who reads a `PushSource` at present, and what earlier readers have counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sink: FrameSink | None = None
        self._before = PushCounts()

    @property
    def sink(self) -> FrameSink | None:
        return self._sink

    def connect(self, sink: FrameSink) -> None:
        with self._lock:
            if self._sink is not None:
                msg = "this PushSource is read by another stream already; make one for each"
                raise SourceError(msg)
            self._sink = sink

    def disconnect(self, sink: FrameSink) -> None:
        with self._lock:
            if self._sink is sink:
                self._before = _sum(self._before, sink.counts)
                self._sink = None

    def fell(self) -> None:
        with self._lock:
            before = self._before
            self._before = evolve(before, pushed=before.pushed + 1, not_open=before.not_open + 1)

    def counts(self) -> PushCounts:
        with self._lock:
            return self._before if self._sink is None else _sum(self._before, self._sink.counts)


@frozen(eq=False)
class PushSource:
    """Frames that the caller pushes, from any thread, at any rate and of any size.

    The newest frame wins: one that the stream has not read yet is replaced by the next. Pushing
    never waits and never raises for a source that is full, not open yet or closed: those frames are
    counted. Only a frame that could never be sent raises `FrameError`, in the pusher's thread.

    A source is read by one stream at a time.

    Attributes:
        width: columns of the stream; None takes frames as they are. Given together with
            ``height``, frames of another size are fitted into that size, with black bars.
        height: rows of the stream, likewise.
        fps: frames per second that may be expected; None when unknown.
        frame_processor: called with each BGR frame before it is sent.
        order: what the channels of pushed arrays are, where a push does not say.
    """

    width: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    height: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    fps: float | None = field(
        default=None, validator=a_number(0.01, 1000, "frames/s", optional=True)
    )
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    order: PixelLayout = field(default="bgr", validator=_known_order)
    _link: _Link = field(factory=_Link, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        _both_or_none(self, self.width, self.height)

    def push_frame(
        self,
        pixels: GivenPicture,
        timestamp: float | None = None,
        *,
        order: PixelLayout | None = None,
        encoding: Encoding | None = None,
    ) -> None:
        """Hand over a frame; it is copied, so the array may be used again at once.

        Args:
            pixels: uint8 (height, width, 3), or as ``order`` says; any strides, read-only or not.
                With ``encoding="jpeg"`` the bytes of a JPEG picture.
            timestamp: seconds on the caller's own clock, of any origin; None for the time of
                arrival. One that does not rise is replaced, see `push_clock.PushClock`.
            order: "bgr", "rgb", "bgra", "rgba" or "gray"; None for that of the source.
            encoding: "jpeg" for bytes of a JPEG picture.

        Raises:
            FrameError: pixels of a wrong type, dtype, shape or size, bytes that are no JPEG
                picture, a timestamp that is no finite number. While no stream reads the source
                nothing is looked at.
        """
        sink = self._link.sink
        how = self.order if order is None else order
        if sink is None or not sink.push_frame(pixels, timestamp, order=how, encoding=encoding):
            self._link.fell()

    def end(self) -> None:
        """Say that no more frames will come: the stream ends like a video at its end."""
        sink = self._link.sink
        if sink is not None:
            sink.end()

    @property
    def counts(self) -> PushCounts:
        """Where the frames have gone, of all streams that have read this source."""
        return self._link.counts()

    def connect(self, sink: FrameSink) -> None:
        """Give frames to ``sink`` from now on; for adapters. `SourceError` when one is there."""
        self._link.connect(sink)

    def disconnect(self, sink: FrameSink) -> None:
        """Give frames to ``sink`` no longer; for adapters."""
        self._link.disconnect(sink)


@frozen(eq=False)
class FrameSource(PushSource):
    """`PushSource` under the name, and with the RGBA pictures, of the service's later SDK."""

    order: PixelLayout = field(default="rgba", validator=_known_order)


@frozen(eq=False)
class AsyncFramesSource:
    """Frames of the caller's async iterable, iterated on the event loop that opens the stream.

    Items are pictures, or pairs of a picture and its timestamp in seconds, as for
    `PushSource.push_frame`. The stream ends with the iterable; what it raises is a `SourceError`,
    and so is an item that is no picture. An async generator is closed with the stream.

    Attributes:
        frames: the iterable.
        order: what the channels of the arrays are.
        encoding: "jpeg" when items are bytes of JPEG pictures.
        width: as in `PushSource`.
        height: as in `PushSource`.
        fps: frames per second that may be expected; None when unknown.
        real_time: True: the iterable is drained as fast as it gives, the newest frame wins.
            False: the next frame is asked for when the last was read, and no faster than the clips
            are answered; none is lost.
        frame_processor: called with each BGR frame before it is sent.
    """

    frames: AsyncIterable[Any] = field(validator=_async_iterable, repr=False)
    order: PixelLayout = field(default="bgr", validator=_known_order)
    encoding: Encoding | None = field(default=None, validator=_known_encoding)
    width: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    height: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    fps: float | None = field(
        default=None, validator=a_number(0.01, 1000, "frames/s", optional=True)
    )
    real_time: bool = field(default=True, validator=a_flag())
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )

    def __attrs_post_init__(self) -> None:
        _both_or_none(self, self.width, self.height)


def _both_or_none(spec: object, width: int | None, height: int | None) -> None:
    if (width is None) != (height is None):
        raise fail(spec, "height", "given together with width", height)


def _sum(one: PushCounts, other: PushCounts) -> PushCounts:
    return PushCounts(
        pushed=one.pushed + other.pushed,
        taken=one.taken + other.taken,
        waiting=one.waiting + other.waiting,
        superseded=one.superseded + other.superseded,
        not_open=one.not_open + other.not_open,
        retimed=one.retimed + other.retimed,
    )
