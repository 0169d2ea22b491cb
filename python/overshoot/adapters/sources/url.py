"""A video or stream from the network, through OpenCV's FFmpeg."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import cv2

from overshoot.adapters.sources.capture_thread import CaptureThread, Grabbed
from overshoot.adapters.sources.connection import Connector, StreamFacts
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.timeline import SHORTEST_STEP_SECONDS, Timeline
from overshoot.adapters.sources.web_address import shown
from overshoot.domain.frame import Frame
from overshoot.errors import SourceError
from overshoot.log import get_logger
from overshoot.ports.source import OnSourceEvent, SourceEvent, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot.domain.source import UrlSource

_log = get_logger(__name__)

OPEN_SECONDS: Final = 6.0
READ_SECONDS: Final = 4.0
CONNECT_SECONDS: Final = 30.0
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 8.0


class OpenCvUrl:
    """`Source` of a network stream; `SelfMending`.

    rtsp and rtmp are ``live``: timestamps are times of arrival. So are http and https when they
    give no length (a camera's MJPEG). A video of known length and an HLS broadcast are played like
    a file, at the pace of their own timestamps.

    A stream that is silent for 4 seconds is lost, and so is one that ends without being at its end.
    It is then opened again after 0.5, 1, 2, 4, 8, 8 … seconds until a frame comes or
    ``reconnect_seconds`` have passed; a video of known length goes on where it was. Index and
    timestamps go on rising.

    Args:
        spec: which URL, and how long to try again.
        open_seconds: how long FFmpeg may take to open it.
        read_seconds: how long it may be silent.
        wait: waits so many seconds before an attempt; True when it was interrupted meanwhile.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        spec: UrlSource,
        open_seconds: float = OPEN_SECONDS,
        read_seconds: float = READ_SECONDS,
        *,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_event: OnSourceEvent | None = None
        self._life = Lifecycle(shown(spec.url))
        self._connector = Connector(
            spec.url,
            allow_playlists=spec.allow_playlists,
            open_seconds=open_seconds,
            read_seconds=read_seconds,
        )
        self._reconnect_seconds = spec.reconnect_seconds
        # FFmpeg's own limits come first; these are for what they do not cover.
        self._silence_seconds = read_seconds + 2
        self._connect_seconds = open_seconds + read_seconds + CONNECT_SECONDS
        self._wait = wait or self._life.wait
        self._clock = clock
        self._thread: CaptureThread | None = None
        self._leaving: list[CaptureThread] = []
        self._facts = StreamFacts()
        self._timeline = Timeline(0.0)
        self._first: Grabbed | None = None
        self._position = 0.0
        self._last = 0.0
        self._index = 0
        self._ended = False

    def open(self) -> SourceInfo:
        """Reach the address, open the stream and wait for its first picture."""
        self._life.require_new()
        thread = self._thread = self._start(0.0)
        try:
            first = self._take(thread, self._connect_seconds)
            if first is None:
                why = "was interrupted" if self._life.interrupted else "has no frame to decode"
                msg = f"{self._life.name} {why} while it was opened"
                raise SourceError(msg)
        except SourceError:
            self._thread = None
            thread.close()
            raise
        self._first, self._facts = first, self._connector.facts
        self._timeline = Timeline(self._facts.fps)
        self._life.opened()
        height, width = first.pixels.shape[:2]
        return SourceInfo(
            width=width, height=height, fps=self._facts.fps, live=not self._facts.paced
        )

    def read(self) -> Frame | None:
        """The next frame; None at the end of a file and after ``interrupt``."""
        self._life.require_open()
        grabbed, self._first = self._first, None
        if self._life.interrupted or self._ended:
            return None
        grabbed = grabbed or self._next()
        if grabbed is None:
            self._ended = True
            return None
        self._position = max(grabbed.position, 0.0)
        self._last = self._timeline.place(self._position if self._facts.paced else grabbed.arrival)
        frame = Frame(grabbed.pixels, self._last, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on, also while it waits to try again."""
        self._life.interrupt()
        if (thread := self._thread) is not None:
            thread.wake()

    def close(self) -> None:
        """Close the connection; waits up to the read limit when the stream is silent."""
        self._life.close()
        self._first = None
        self._leave()
        for thread in self._leaving:
            thread.close()
        self._leaving = []

    def _next(self) -> Grabbed | None:
        """The next picture, if need be of a new connection; None at the end."""
        if self._thread is None:
            return None
        try:
            grabbed = self._take(self._thread, self._silence_seconds)
            if grabbed is not None or self._life.interrupted or self._at_its_end():
                return grabbed
            fault = self._early_end()
        except SourceError as error:
            fault = error
        if self._reconnect_seconds <= 0:
            raise fault
        return self._reconnect(fault)

    def _reconnect(self, fault: SourceError) -> Grabbed | None:
        self._leave()
        self._tell(SourceEvent("lost", fault.message))
        lost_at, attempt, why = self._clock(), 0, fault
        while True:
            pause = min(FIRST_WAIT_SECONDS * 2**attempt, LONGEST_WAIT_SECONDS)
            if self._clock() + pause - lost_at > self._reconnect_seconds:
                msg = (
                    f"{fault.message}; {attempt} attempts to open it again within"
                    f" {self._reconnect_seconds:g} s have failed, the last because: {why.message}"
                )
                raise SourceError(msg) from why
            attempt += 1
            note = f"{self._life.name} is tried again in {pause:g} s"
            self._tell(SourceEvent("retrying", note, attempt, pause))
            if self._wait(pause):
                return None
            try:
                grabbed = self._again()
            except SourceError as error:
                why = error
                self._leave()
                continue
            if grabbed is not None:
                self._tell(SourceEvent("restored", f"{self._life.name} is back", attempt))
            return grabbed

    def _again(self) -> Grabbed | None:
        """The next picture, of a new connection; None when it turns out to have ended."""
        resumes = self._facts.seconds > 0
        thread = self._thread = self._start(self._position if resumes else 0.0)
        if self._life.interrupted:
            return None
        limit = self._connect_seconds
        while (grabbed := self._take(thread, limit)) is not None:
            if not resumes and self._facts.paced and self._connector.facts.seconds > 0:
                return None  # The broadcast is over: it has become a film, which was shown.
            if not resumes or grabbed.position > self._position + SHORTEST_STEP_SECONDS:
                return grabbed
            limit = self._silence_seconds
        if self._life.interrupted or self._at_its_end():
            return None
        raise self._early_end()

    def _start(self, after: float) -> CaptureThread:
        connector = self._connector
        return CaptureThread(lambda: connector.connect(after), "overshoot-url", retry=False)

    def _leave(self) -> None:
        """Let the connection go without waiting for it."""
        self._leaving = [thread for thread in self._leaving if not thread.gone]
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
            self._leaving.append(thread)

    def _take(self, thread: CaptureThread, limit_seconds: float) -> Grabbed | None:
        try:
            return thread.take(limit_seconds)
        except TimeoutError as error:
            msg = f"{self._life.name} has delivered nothing for {limit_seconds:g} s"
            raise SourceError(msg) from error
        except cv2.error as error:
            msg = f"{self._life.name} cannot be decoded any further"
            raise SourceError(msg) from error

    def _at_its_end(self) -> bool:
        """OpenCV ends a broken stream like a film; but a live one has no end, a film a length."""
        seconds = self._facts.seconds
        return self._facts.paced and seconds > 0 and self._last >= seconds * 0.9 - 1

    def _early_end(self) -> SourceError:
        if not self._facts.paced or self._facts.seconds <= 0:
            return SourceError(f"{self._life.name} has ended or was cut after {self._index} frames")
        return SourceError(
            f"{self._life.name} was cut after {self._last:.1f} of {self._facts.seconds:.1f} s"
        )

    def _tell(self, event: SourceEvent) -> None:
        _log.warning("source_" + event.kind, message=event.message, attempt=event.attempt)
        if self.on_event is not None:
            self.on_event(event)
