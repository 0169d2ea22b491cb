"""A capture read on a thread of its own, so that waiting for it can be given up at any moment."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import cv2
from attrs import frozen

from overshoot.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot.adapters.sources.capture import Capture
    from overshoot.domain.frame import Pixels

_log = get_logger(__name__)

RETRY_SECONDS: Final = 0.05
JOIN_SECONDS: Final = 15.0


@frozen(eq=False)
class Grabbed:
    """A picture, its position in the stream (0.0 if unknown) and its arrival, both in seconds."""

    pixels: Pixels
    position: float
    arrival: float


class CaptureThread:
    """Opens a capture and hands over one picture at a time, in order; owns it and releases it.

    OpenCV cannot be interrupted when it opens or reads: it waits in foreign code for up to its own
    time limit. Here that wait happens on a daemon thread, and `take` can be woken.

    Args:
        make: called on the thread; gives an open capture that nobody else may touch, or raises
            `SourceError`.
        name: of the thread.
        retry: True when a failed read may be followed by a good one (a camera that says no after
            a second without a picture); False when it is the end.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        make: Callable[[], Capture],
        name: str,
        *,
        retry: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._retry = retry
        self._clock = clock
        self._changed = threading.Condition()
        self._slot: Grabbed | None = None
        self._ended = False
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._woken = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def take(self, limit_seconds: float) -> Grabbed | None:
        """The next picture; None at the end and after `wake`.

        Raises:
            TimeoutError: none came within the limit.
            SourceError: it could not be opened.
            cv2.error: OpenCV raised it while reading.
        """
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._woken or self._slot is not None or self._ended, limit_seconds
            )
            if self._woken:
                return None
            if not came:
                raise TimeoutError
            grabbed, self._slot = self._slot, None
            self._changed.notify_all()
            if grabbed is None and self._failure is not None:
                raise self._failure
            return grabbed

    def wake(self) -> None:
        """Make `take` return None from now on; may be called from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Stop reading and release the capture, as soon as foreign code comes back."""
        self._stopping.set()
        self.wake()

    @property
    def gone(self) -> bool:
        """Whether the capture is released and the thread has ended."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """`stop`, and wait for it."""
        self.stop()
        self._thread.join(JOIN_SECONDS)
        if self._thread.is_alive():
            _log.warning("capture_stuck", thread=self._thread.name, seconds=JOIN_SECONDS)

    def _work(self) -> None:
        failure: Exception | None = None
        capture: Capture | None = None
        try:
            capture = self._make()
            self._read_all(capture)
        except Exception as error:  # noqa: BLE001 - raised again by take
            failure = error
        finally:
            if capture is not None:
                capture.release()
            with self._changed:
                self._failure = failure
                self._ended = True
                self._changed.notify_all()

    def _read_all(self, capture: Capture) -> None:
        while not self._stopping.is_set():
            good, pixels = capture.read()
            if good and pixels is not None:
                position = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if not self._hand_over(Grabbed(pixels, position, self._clock())):
                    return
            elif not self._retry:
                return
            else:
                self._stopping.wait(RETRY_SECONDS)

    def _hand_over(self, grabbed: Grabbed) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self._slot is None)
            if self._woken:
                return False
            self._slot = grabbed
            self._changed.notify_all()
            return True
