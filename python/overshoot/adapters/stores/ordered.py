"""Actions sorted by a number, in memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from overshoot.domain.stored import StoredAction

Position: TypeAlias = "tuple[float, float]"
"""A key and a ``seq``; a place between actions, too, where no action has them."""

BLOCK: Final = 1024
"""A fuller block is halved."""

_seq = attrgetter("seq")


class Ordered:
    """Actions by a key, those of one key by ``seq``; 16 bytes for each.

    One list would have to be shifted for every action that does not come in order. These are short
    sorted blocks, one after the other, none of them empty, each with its keys beside it as plain
    numbers: ``add`` searches for the block, then in it. What is added has a higher ``seq`` than
    all that is there.

    Args:
        key: what they are sorted by.
    """

    __slots__ = ("_blocks", "_ends", "_keys", "key")

    def __init__(self, key: Callable[[StoredAction], float]) -> None:
        self.key: Callable[[StoredAction], float] = key
        self._blocks: list[list[StoredAction]] = []
        self._keys: list[array[float]] = []
        self._ends: list[Position] = []

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest key; there must be one."""
        return self._keys[0][0], self._ends[-1][0]

    def add(self, stored: StoredAction) -> None:
        """Put an action where it belongs."""
        key = self.key(stored)
        position = (key, stored.seq)
        ends = self._ends
        if not ends:
            self._blocks.append([stored])
            self._keys.append(array("d", (key,)))
            ends.append(position)
            return
        if position > ends[-1]:
            place = len(ends) - 1
            self._blocks[place].append(stored)
            self._keys[place].append(key)
            ends[place] = position
        else:
            place = bisect_left(ends, position)
            keys = self._keys[place]
            index = bisect_right(keys, key)
            keys.insert(index, key)
            self._blocks[place].insert(index, stored)
        if len(self._blocks[place]) > BLOCK:
            self._halve(place)

    def count(self, low: Position, high: Position) -> int:
        """How many there are after ``low`` and before ``high``."""
        first, last = self._after(low), self._from(high)
        if first >= last:
            return 0
        whole = sum(map(len, self._blocks[first[0] : last[0]]))
        return whole - first[1] + last[1]

    def following(self, low: Position, high: Position) -> list[StoredAction]:
        """The first after ``low``, a block at most, all before ``high``; none if there are none."""
        first, last = self._after(low), self._from(high)
        if first >= last:
            return []
        place, start = first
        return self._blocks[place][start : last[1] if last[0] == place else None]

    def preceding(self, low: Position, high: Position) -> list[StoredAction]:
        """The last before ``high``, a block at most, all after ``low``; the last one first."""
        first, last = self._after(low), self._from(high)
        if first >= last:
            return []
        place, stop = last if last[1] else (last[0] - 1, None)
        found = self._blocks[place][first[1] if first[0] == place else 0 : stop]
        found.reverse()
        return found

    def _after(self, position: Position) -> tuple[int, int]:
        """Block, and index in it, of the first action after a position."""
        place = bisect_right(self._ends, position)
        if place == len(self._ends):
            return place, 0
        low, high = self._of_key(place, position[0])
        return place, bisect_right(self._blocks[place], position[1], low, high, key=_seq)

    def _from(self, position: Position) -> tuple[int, int]:
        """Block, and index in it, of the first action that is not before a position."""
        place = bisect_left(self._ends, position)
        if place == len(self._ends):
            return place, 0
        low, high = self._of_key(place, position[0])
        return place, bisect_left(self._blocks[place], position[1], low, high, key=_seq)

    def _of_key(self, place: int, key: float) -> tuple[int, int]:
        keys = self._keys[place]
        low = bisect_left(keys, key)
        return low, bisect_right(keys, key, low)

    def _halve(self, place: int) -> None:
        block, keys = self._blocks[place], self._keys[place]
        half = len(block) // 2
        self._blocks[place : place + 1] = [block[:half], block[half:]]
        self._keys[place : place + 1] = [keys[:half], keys[half:]]
        self._ends.insert(place, (keys[half - 1], block[half - 1].seq))
