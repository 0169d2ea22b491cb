"""`HandLandmarks`: a frame processor that draws the points of hands."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, cast

from overshoot import bootstrap
from overshoot.domain.hand import FINGER_TIPS, HAND_CONNECTIONS, Hand
from overshoot.domain.pixels import packed

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

Colour = tuple[int, int, int]

BONE: Final[Colour] = (240, 240, 240)
JOINT: Final[Colour] = (40, 40, 220)
TIP: Final[Colour] = (60, 200, 60)
"""Blue, green, red, 0 to 255."""


class HandLandmarks:
    """Draws the 21 points of each hand, and what connects them, into the frames of one stream.

    ::

        source = CameraSource(frame_processor=HandLandmarks())

    At most two hands are followed, with the networks that ``overshoot models pull`` fetches. Any
    thread may call it, one after the other; make one for each stream.

    Raises:
        ModelsMissingError: the networks are not installed; the message says what to do.
    """

    def __init__(self) -> None:
        self._finder = bootstrap.hand_finder()
        self._turn = threading.Lock()

    def __call__(self, frame: Pixels) -> Pixels:
        """Draw into a BGR frame (height, width, 3) uint8 and return it; a read-only one is copied.

        Raises:
            FrameError: it is no such array.
        """
        pixels, _ = packed(frame)
        if not (pixels.flags.writeable and pixels.flags.c_contiguous):
            pixels = pixels.copy(order="C")
        draw(pixels, *self.detect(pixels))
        return pixels

    def detect(self, frame: Pixels) -> tuple[Hand, ...]:
        """The hands in the next frame of the stream, BGR (height, width, 3) uint8; not drawn.

        Raises:
            FrameError: it is no such array.
        """
        pixels, _ = packed(frame)
        with self._turn:
            return self._finder.find(pixels)

    def reset(self) -> None:
        """Forget the hands seen so far: the next frame has nothing to do with the last."""
        with self._turn:
            self._finder.forget()


def draw(frame: Pixels, *hands: Hand) -> None:
    """Draw hands into a BGR frame: lines between the points, and a green dot on each finger tip."""
    import cv2

    picture = cast("Any", frame)
    width = max(1, round(min(frame.shape[:2]) / 240))
    for hand in hands:
        at = [(_near(x), _near(y)) for x, y in hand.points]
        for one, other in HAND_CONNECTIONS:
            cv2.line(picture, at[one], at[other], BONE, width, cv2.LINE_AA)
        for point in at:
            cv2.circle(picture, point, 2 * width, JOINT, cv2.FILLED, cv2.LINE_AA)
        for tip in FINGER_TIPS:  # Last, for in a small hand the dots overlap.
            cv2.circle(picture, at[tip], 2 * width + 1, TIP, cv2.FILLED, cv2.LINE_AA)


def _near(coordinate: float) -> int:
    """A whole pixel, not so far outside that drawing counts in other units."""
    return round(min(max(coordinate, -10_000.0), 20_000.0))
