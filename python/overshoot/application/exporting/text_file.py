"""UTF-8 text in binary files, piece by piece and line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from overshoot.errors import StoreError


def write_text(pieces: Iterable[str], file: BinaryIO) -> None:
    """Write them one after the other, with the ends of lines that they have."""
    for piece in pieces:
        file.write(piece.encode())


def lines(file: BinaryIO) -> Iterator[str]:
    """The lines with their ends; a byte order mark, which Excel writes, is left out.

    Raises:
        StoreError: a line is not UTF-8; the message begins with its number.
    """
    for number, line in enumerate(file, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as cause:
            message = (
                f"line {number} is not UTF-8; save the file as UTF-8 (spreadsheets call it"
                f" 'CSV UTF-8')"
            )
            raise StoreError(message) from cause
