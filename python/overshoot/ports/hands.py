"""Where hands are in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels
    from overshoot.domain.hand import Hand


class HandFinder(Protocol):
    """Follows the hands of one stream of pictures.

    * One thread at a time calls it, any thread.
    * ``find`` takes the pictures of the stream in their order, (height, width, 3) uint8 BGR of any
      size, and gives the hands in this one, at most two; it neither keeps nor changes the picture.
    * ``forget`` begins a new stream: what was seen before says nothing about what comes.
    """

    def find(self, pixels: Pixels) -> tuple[Hand, ...]:
        """The hands in the next picture."""
        ...

    def forget(self) -> None:
        """Begin a new stream."""
        ...
