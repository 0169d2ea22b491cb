"""How large a picture is, from its first bytes, before anything decodes it.

A picture of 100 KB can take 6 GB once decoded; its header says so beforehand.
"""

from __future__ import annotations

import struct
from typing import Final

PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_ORIENTATION_TAG: Final = 0x0112
_LYING: Final = frozenset({5, 6, 7, 8})


def read_picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as shown, of PNG, JPEG (turned as its EXIF says), BMP or WebP.

    None when the bytes are none of these or end too early.
    """
    try:
        if data.startswith(PNG) and data[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        elif data.startswith(b"BM"):
            width, height = _bmp(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            width, height = _webp(data)
        else:
            return None
    except (struct.error, IndexError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """ITU-T T.81 B.1: segments, each a marker and a length, up to the frame header."""
    place, lying = 2, False
    while place < len(data):
        if data[place] != 0xFF:  # noqa: PLR2004 - what every marker begins with
            return None
        marker = data[place + 1]
        if marker == 0xFF or marker in _JPEG_BARE:  # noqa: PLR2004 - padding
            place += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if marker in _JPEG_FRAME:
            height, width = struct.unpack_from(">HH", data, place + 5)
            if not width or not height:
                return None
            return (height, width) if lying else (width, height)
        if marker == 0xE1 and data[place + 4 : place + 10] == b"Exif\0\0":  # noqa: PLR2004
            lying = _exif_orientation(data[place + 10 : place + 2 + length]) in _LYING
        place += 2 + length
    return None


def _exif_orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory (Exif 2.32, 4.6.4); 1 when there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(count):
            tag, _kind, _number, value = struct.unpack_from(
                f"{order}HHIH", tiff, directory + 2 + 12 * entry
            )
            if tag == _ORIENTATION_TAG:
                return int(value)
    except struct.error:
        return 1
    return 1


def _bmp(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    if header == 12:  # noqa: PLR2004 - BITMAPCOREHEADER, of OS/2
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)  # A negative height means rows from the top.


def _webp(data: bytes) -> tuple[int, int]:
    """RFC 9649: the three kinds of first chunk."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return (width, height) if len(data) >= 30 else (0, 0)  # noqa: PLR2004
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
