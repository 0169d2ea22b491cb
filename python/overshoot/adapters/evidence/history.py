"""The packets of the last while, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby

from attrs import define, field

from overshoot.adapters.evidence.encoder import TICKS_PER_SECOND, EncodedPicture, Segment
from overshoot.domain.evidence import Stretch


@define(eq=False)
class _Group:
    """A key picture and those that rest on it."""

    segment: Segment
    pictures: list[EncodedPicture] = field(factory=list[EncodedPicture])
    bytes: int = 0

    def add(self, picture: EncodedPicture) -> None:
        self.pictures.append(picture)
        self.bytes += len(picture.data)

    @property
    def stretch(self) -> Stretch:
        return _stretch(self.pictures)


class History:
    """The newest groups of pictures: so many seconds of them, in no more than so many bytes.

    The group that is being filled is kept whatever its size.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._groups: deque[_Group] = deque()
        self._bytes = 0

    def add(self, pictures: Iterable[EncodedPicture]) -> None:
        """Remember more, in order of time."""
        for picture in pictures:
            if picture.key or not self._groups:
                self._groups.append(_Group(picture.segment))
            self._groups[-1].add(picture)
            self._bytes += len(picture.data)
            self._forget(picture.ticks)

    @property
    def bytes(self) -> int:
        """What the packets take."""
        return self._bytes

    @property
    def stretch(self) -> Stretch | None:
        """The time that is remembered."""
        if not self._groups:
            return None
        return Stretch(self._groups[0].stretch.start, self._groups[-1].stretch.end)

    def pick(self, wanted: Stretch, at: float) -> list[EncodedPicture]:
        """The pictures of a clip of ``wanted``, of the size current at ``at``; a key picture first.

        Empty where nothing of it is remembered.
        """
        parts = [self._within(part, wanted) for part in self._segments()]
        # Of equally near ones the later: it shows what a turn of the phone was for.
        found = [part for part in reversed(parts) if part]
        return min(found, key=lambda part: _stretch(part).distance(at)) if found else []

    def _segments(self) -> Iterator[list[_Group]]:
        for _, groups in groupby(self._groups, key=lambda group: id(group.segment)):
            yield list(groups)

    def _within(self, groups: list[_Group], wanted: Stretch) -> list[EncodedPicture]:
        begin = max(
            (i for i, group in enumerate(groups) if group.stretch.start <= wanted.start), default=0
        )
        last = wanted.end * TICKS_PER_SECOND
        pictures = [each for group in groups[begin:] for each in group.pictures]
        chosen = [each for each in pictures if each.ticks <= last]
        # A group that was over before it shows nothing of what was wanted.
        return chosen if chosen and _stretch(chosen).end >= wanted.start else []

    def _forget(self, newest: int) -> None:
        oldest = newest - self._seconds * TICKS_PER_SECOND
        while len(self._groups) > 1 and (
            self._bytes > self._most_bytes or self._groups[1].pictures[0].ticks <= oldest
        ):
            self._bytes -= self._groups.popleft().bytes


def _stretch(pictures: list[EncodedPicture]) -> Stretch:
    return Stretch(pictures[0].ticks / TICKS_PER_SECOND, pictures[-1].ticks / TICKS_PER_SECOND)
