"""The synthetic scene, drawn with OpenCV."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.domain.frame import Frame
from overshoot.domain.frame_number import CELL_HEIGHT, STRIP_TOP, frame_number_cells
from overshoot.domain.scene import Scene
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.domain.frame import Pixels
    from overshoot.domain.scene import SceneShape, SceneTruth
    from overshoot.domain.source import SyntheticSource

_BGR: Final = {
    "red": (45, 45, 220),
    "green": (75, 170, 50),
    "blue": (225, 95, 40),
    "yellow": (60, 205, 245),
}
_OUTLINE: Final = (245, 245, 245)
_TOP_GREY, _BOTTOM_GREY = 112, 72
_DOTS = 60
_WHITE_CELL, _BLACK_CELL = 235, 16
_SUBPIXEL_BITS = 4
_QUIET_MODULES = 4
_CORNERS: Final = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0.0, -1.0), (1.0, 0.85), (-1.0, 0.85)),
    "diamond": ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)),
}


class SyntheticScene:
    """`Source` of the scene of `overshoot.domain.scene`, as fast as it is asked for.

    The same specification gives the same bytes for the same frame index. Timestamps are
    ``index / fps``. It ends after ``duration_seconds``, or never.
    """

    def __init__(self, spec: SyntheticSource) -> None:
        self._life = Lifecycle("the synthetic scene")
        self._scene = Scene(spec.width, spec.height, spec.fps, spec.seed)
        self._real_time = spec.real_time
        self._count = (
            math.inf
            if spec.duration_seconds is None
            else max(1, round(spec.duration_seconds * spec.fps))
        )
        self._painter: ScenePainter | None = None
        self._index = 0

    def open(self) -> SourceInfo:
        """Paint what does not move."""
        self._life.require_new()
        self._painter = ScenePainter(self._scene)
        self._life.opened()
        scene = self._scene
        return SourceInfo(
            width=scene.width,
            height=scene.height,
            fps=scene.fps,
            live=False,
            real_time=self._real_time,
        )

    def read(self) -> Frame | None:
        """Paint the next frame; None at the end."""
        self._life.require_open()
        if self._life.interrupted or self._index >= self._count or self._painter is None:
            return None
        truth = self._scene.at(self._index)
        self._index += 1
        return Frame(self._painter.paint(truth), truth.timestamp, truth.index)

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()

    def close(self) -> None:
        """Let go of the picture."""
        self._life.close()
        self._painter = None


class ScenePainter:
    """Paints the truth of one scene; each picture is a new BGR array (height, width, 3) uint8."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._still = _ground(scene)
        _paint_qr(self._still, scene)

    def paint(self, truth: SceneTruth) -> Pixels:
        """The picture of one frame."""
        picture = self._still.copy()
        for shape in truth.shapes:
            _paint_shape(picture, shape)
        _paint_number(picture, truth.index)
        if truth.light < 1:
            table = np.rint(np.arange(256) * truth.light).astype(np.uint8)
            picture = cast("Pixels", cv2.LUT(picture, table))
        return picture


def _ground(scene: Scene) -> Pixels:
    """Grey, darker towards the bottom, with lighter dots that show whether the camera moves."""
    rows = np.linspace(_TOP_GREY, _BOTTOM_GREY, scene.height)
    tint = rows[:, None] * np.array([1.06, 1.0, 0.96])
    shape = (scene.height, scene.width, 3)
    picture = np.ascontiguousarray(np.broadcast_to(tint[:, None, :], shape).round(), dtype=np.uint8)
    rng = random.Random(scene.seed)  # noqa: S311 - a drawing, not a secret
    radius = max(1, min(scene.width, scene.height) // 160)
    for _ in range(_DOTS):
        centre = (int(rng.random() * scene.width), int(rng.random() * scene.height * STRIP_TOP))
        grey = 130 + int(rng.random() * 50)
        cv2.circle(picture, centre, radius, (grey, grey, grey), -1, cv2.LINE_AA)
    return picture


def _paint_qr(picture: Pixels, scene: Scene) -> None:
    """The QR code, black on white with the quiet zone of four modules that ISO/IEC 18004 asks."""
    code = cv2.QRCodeEncoder.create().encode(scene.qr_text)
    dark = np.argwhere(code == 0)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    code = np.pad(code[top : bottom + 1, left : right + 1], _QUIET_MODULES, constant_values=255)
    box = scene.qr_box
    x, y = round(box.left * scene.width), round(box.top * scene.height)
    side = round(box.width * scene.width)
    cv2.rectangle(picture, (x, y), (x + side - 1, y + side - 1), (255, 255, 255), -1)
    module = max(1, side // len(code))
    large = np.repeat(np.repeat(code, module, axis=0), module, axis=1)[:side, :side]
    margin = (side - len(large)) // 2
    picture[y + margin :, x + margin :][: len(large), : len(large)] = large[:, :, None]


def _paint_shape(picture: Pixels, shape: SceneShape) -> None:
    height, width = picture.shape[:2]
    scale = 1 << _SUBPIXEL_BITS
    radius = shape.radius * min(width, height)
    centre = np.array([shape.x * width, shape.y * height])
    colour = _BGR[shape.colour]
    if shape.kind == "disc":
        x, y = (int(value) for value in np.rint(centre * scale))
        for size, paint in ((radius, _OUTLINE), (radius * 0.92, colour)):
            grown = round(size * scale)
            cv2.circle(picture, (x, y), grown, paint, -1, cv2.LINE_AA, _SUBPIXEL_BITS)
        return
    corners = np.array(_CORNERS[shape.kind]) * radius
    for share, paint in ((1.0, _OUTLINE), (0.9, colour)):
        outline: NDArray[np.int32] = np.rint((centre + corners * share) * scale).astype(np.int32)
        cv2.fillConvexPoly(picture, outline, paint, cv2.LINE_AA, _SUBPIXEL_BITS)


def _paint_number(picture: Pixels, number: int) -> None:
    height, width = picture.shape[:2]
    for row, cells in enumerate(frame_number_cells(number)):
        top = round((STRIP_TOP + row * CELL_HEIGHT) * height)
        bottom = round((STRIP_TOP + (row + 1) * CELL_HEIGHT) * height)
        for column, cell in enumerate(cells):
            left, right = (round(edge * width / len(cells)) for edge in (column, column + 1))
            picture[top:bottom, left:right] = _WHITE_CELL if cell else _BLACK_CELL
