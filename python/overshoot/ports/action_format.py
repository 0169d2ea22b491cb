"""A kind of file that actions are written to and read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction


class ActionWriter(Protocol):
    """Writes actions to a file of one format.

    * ``write`` begins at the start of the empty binary ``file``, and neither closes nor keeps it.
    * It takes the actions as they come and holds a bounded number of them, however many there are.
    * Metadata that is not JSON is a `ConfigurationError` that names the action. What the file or
      the actions raise goes through; what was written before is then worth nothing.
    """

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all, in their order."""
        ...


class ActionFormat(ActionWriter, Protocol):
    """Also reads what it wrote.

    * ``read`` gives back actions equal to those that were written, in their order.
    * ``duration`` and ``metadata`` may be missing; other fields may not, and none may be added.
    * What is wrong in the file is a `StoreError`, whose message begins with the place (``line 3``,
      ``record 3``, counted from 1) where it has one, and goes on with the field and its value. The
      file's name is for the caller to add.
    """

    def read(self, file: BinaryIO) -> Iterator[DetectedAction]:
        """The actions of a binary file that can seek, one after the other."""
        ...
