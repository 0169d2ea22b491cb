"""The hands of a stream of pictures by themselves, for those who draw or count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.adapters.inference.local.backend import load_networks
from overshoot.adapters.inference.local.hands import HandTracker
from overshoot.adapters.inference.local.picture import working_picture
from overshoot.domain.frame import Frame
from overshoot.domain.hand import Hand

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.adapters.inference.local import landmarks
    from overshoot.domain.frame import Pixels

# Pictures come without their times. The tracker looks for new hands by time, and at this rate it
# looks in every third picture while there is none.
_FPS = 15.0


class LocalHandFinder:
    """`HandFinder` with the two networks of the local backend.

    ``ModelsMissingError`` when they are not installed.
    """

    def __init__(self, weights_dir: Path) -> None:
        self._networks = load_networks(weights_dir)
        self._tracker = HandTracker()
        self._count = 0

    def find(self, pixels: Pixels) -> tuple[Hand, ...]:
        """The hands in the next picture."""
        picture = working_picture(Frame(pixels, self._count / _FPS, self._count))
        self._count += 1
        scale = pixels.shape[1] / picture.image.shape[1]
        tracks = self._tracker.step(picture, self._networks)
        return tuple(_in_pixels(track.hand, scale) for track in tracks)

    def forget(self) -> None:
        """Begin a new stream."""
        self._tracker.reset()


def _in_pixels(hand: landmarks.Hand, scale: float) -> Hand:
    points = tuple((float(x) * scale, float(y) * scale) for x, y in hand.points[:, :2])
    # The network takes pictures for mirrored ones, in which a right hand looks like a left one.
    return Hand(points, hand.presence, "right" if hand.leftness > 0.5 else "left")  # noqa: PLR2004
