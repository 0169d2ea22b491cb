"""Debian's libyuv through ctypes, as a peer of the frame path."""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Size = tuple[int, int]

FILTERS = {"bilinear": 2, "area": 3}
"""kFilterBilinear and kFilterBox; the latter is not exact."""


def address(array: Bytes, offset: int = 0) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data + offset)


class Libyuv:
    """Conversions into buffers that are made once."""

    def __init__(self) -> None:
        name = find_library("yuv")
        if name is None:
            raise OSError("libyuv is missing: apt-get install libyuv0")
        self.library = ctypes.CDLL(name)

    def _call(self, function: str, *arguments: object) -> None:
        code = getattr(self.library, function)(*arguments)
        assert code == 0, f"{function} returned {code}"

    def to_i420(self, pixels: Bytes, target: Size, kind: str, work: list[Bytes]) -> Bytes:
        """BGR to I420: ARGB, scaled, then I420, which is the only way there with a resize.

        ``work`` is the ARGB of the source, that of the target, and the planes.
        """
        (height, width), (columns, rows) = pixels.shape[:2], target
        wide, scaled, planes = work
        if (width, height) == target:
            self._to_planes("RGB24ToI420", pixels, 3, target, planes)
            return planes
        size, small = (width, height), (columns, rows)
        self._call(
            "RGB24ToARGB", address(pixels), 3 * width, address(wide), 4 * width, width, height
        )
        source, result = (address(wide), 4 * width), (address(scaled), 4 * columns)
        self._call("ARGBScale", *source, *size, *result, *small, FILTERS[kind])
        self._to_planes("ARGBToI420", scaled, 4, target, planes)
        return planes

    def _to_planes(
        self, function: str, pixels: Bytes, channels: int, size: Size, planes: Bytes
    ) -> None:
        self._call(
            function, address(pixels), channels * size[0], *self._planes(planes, size), *size
        )

    @staticmethod
    def _planes(planes: Bytes, size: Size) -> list[object]:
        width, height = size
        half, luma = -(-width // 2), width * height
        chroma = half * -(-height // 2)
        return [
            address(planes),
            width,
            address(planes, luma),
            half,
            address(planes, luma + chroma),
            half,
        ]

    def to_bgr(self, planes: Bytes, size: Size, pixels: Bytes) -> Bytes:
        self._call("I420ToRGB24", *self._planes(planes, size), address(pixels), 3 * size[0], *size)
        return pixels
