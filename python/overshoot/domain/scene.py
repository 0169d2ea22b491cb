"""The synthetic scene: a small drawn world whose truth is known for every frame.

Three coloured shapes stand on a grey ground with a QR code, and things happen one at a time, with
pauses between: each shape moves once along its lane, then the light dims, stays low and comes back.
That is one cycle of `Scene.cycle_seconds`; in the next one the shapes go back the way they came.
The seed chooses shapes, colours, lanes, their order and the way each goes first. The camera never
moves. The frame number is painted along the bottom edge; `frame_number.read_frame_number` reads it.

Positions are shares of the width (x, to the right) and of the height (y, downwards), so that the
truth holds for the picture at any size. This module knows what is to be seen; an adapter draws it.
"""

from __future__ import annotations

import random
from functools import cached_property
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from overshoot.domain.frame_number import STRIP_TOP
from overshoot.domain.validation import a_number, a_whole_number
from overshoot.errors import ConfigurationError

Colour: TypeAlias = Literal["red", "green", "blue", "yellow"]
ShapeKind: TypeAlias = Literal["disc", "square", "triangle", "diamond"]
Direction: TypeAlias = Literal["right", "left", "down", "up"]
PhaseKind: TypeAlias = Literal["still", "moving", "dimming", "dark", "brightening"]
Region: TypeAlias = Literal[
    "top left", "top", "top right",
    "left", "centre", "right",
    "bottom left", "bottom", "bottom right",
]  # fmt: skip

_REGIONS: Final[tuple[Region, ...]] = (
    "top left", "top", "top right",
    "left", "centre", "right",
    "bottom left", "bottom", "bottom right",
)  # fmt: skip
_COLOURS: Final[tuple[Colour, ...]] = ("red", "green", "blue", "yellow")
_KINDS: Final[tuple[ShapeKind, ...]] = ("disc", "square", "triangle", "diamond")

DARK_LIGHT: Final = 0.35
"""Brightness in the dark phase, as a share of normal."""

_SHAPES = 3
_STILL_SECONDS, _MOVING_SECONDS, _DIMMING_SECONDS, _DARK_SECONDS = 1.5, 2.5, 1.5, 2.0
_QR_SIDE = 0.4
_QR_MARGIN = 0.02
_RADIUS = 0.085


@frozen
class _Lane:
    """A straight path, clear of the QR code, the number strip and the other lanes."""

    start: tuple[float, float]
    end: tuple[float, float]


_LANES: Final = (
    _Lane((0.12, 0.17), (0.88, 0.17)),
    _Lane((0.13, 0.38), (0.13, 0.78)),
    _Lane((0.34, 0.42), (0.88, 0.42)),
    _Lane((0.31, 0.78), (0.49, 0.78)),
)


@frozen
class Phase:
    """A stretch of the script, counted from the beginning of a cycle.

    Attributes:
        kind: what happens.
        start_seconds: when it begins.
        seconds: how long it takes.
        shape: which of the scene's shapes moves, when one does.
    """

    kind: PhaseKind
    start_seconds: float
    seconds: float
    shape: int | None = None


@frozen
class SceneShape:
    """A shape as it stands in one frame.

    Attributes:
        kind: its form.
        colour: its colour.
        x: centre, share of the width.
        y: centre, share of the height.
        radius: half its size, as a share of the picture's smaller side.
        velocity_x: widths per second, to the right.
        velocity_y: heights per second, downwards.
    """

    kind: ShapeKind
    colour: Colour
    x: float
    y: float
    radius: float
    velocity_x: float = 0.0
    velocity_y: float = 0.0

    @property
    def name(self) -> str:
        """Such as ``red disc``."""
        return f"{self.colour} {self.kind}"

    @property
    def direction(self) -> Direction | None:
        """Where it is going; None while it stands."""
        if self.velocity_x:
            return "right" if self.velocity_x > 0 else "left"
        if self.velocity_y:
            return "down" if self.velocity_y > 0 else "up"
        return None

    @property
    def region(self) -> Region:
        """The ninth of the picture its centre is in."""
        return region_of(self.x, self.y)


@frozen
class QrBox:
    """Where the QR code with its white margin is, in shares of width and height."""

    left: float
    top: float
    width: float
    height: float


@frozen
class SceneTruth:
    """All that is to be seen in one frame.

    Attributes:
        index: the frame, from 0; its number strip shows it.
        timestamp: seconds from the beginning.
        phase: what is happening.
        light: brightness as a share of normal, from `DARK_LIGHT` to 1.
        shapes: the shapes, those drawn later over those drawn before.
        moving: the one that moves, or None.
        qr_text: what the QR code says.
        camera_moving: always False.
    """

    index: int
    timestamp: float
    phase: PhaseKind
    light: float
    shapes: tuple[SceneShape, ...]
    moving: SceneShape | None
    qr_text: str
    camera_moving: bool = False


@frozen
class _Actor:
    kind: ShapeKind
    colour: Colour
    lane: _Lane

    def at(self, share: float, speed: float) -> SceneShape:
        """Where it is after a share (0 to 1) of its lane, at ``speed`` lanes per second."""
        (x0, y0), (x1, y1) = self.lane.start, self.lane.end
        return SceneShape(
            self.kind,
            self.colour,
            x0 + (x1 - x0) * share,
            y0 + (y1 - y0) * share,
            _RADIUS,
            (x1 - x0) * speed,
            (y1 - y0) * speed,
        )


@frozen(slots=False)
class Scene:
    """The script of one scene; the same for the same values, on every machine.

    Attributes:
        width: columns of the picture.
        height: rows.
        fps: frames per second.
        seed: chooses shapes, colours, lanes and their order.
    """

    width: int = field(default=640, validator=a_whole_number(1, 1 << 16, "pixels"))
    height: int = field(default=480, validator=a_whole_number(1, 1 << 16, "pixels"))
    fps: float = field(default=15.0, validator=a_number(0, 1000, "frames/s", above=True))
    seed: int = 0

    @property
    def qr_text(self) -> str:
        """What the QR code says: capitals and digits, which give the coarsest code."""
        return f"OVERSHOOT SCENE {self.seed}"

    @property
    def qr_box(self) -> QrBox:
        """A square of pixels at the lower right; readable where it is 90 pixels wide or more."""
        side = _QR_SIDE * min(self.width, self.height)
        width, height = side / self.width, side / self.height
        return QrBox(1 - _QR_MARGIN - width, STRIP_TOP - _QR_MARGIN - height, width, height)

    @cached_property
    def script(self) -> tuple[Phase, ...]:
        """The phases of one cycle, in order."""
        steps: list[tuple[PhaseKind, float, int | None]] = []
        for shape in range(_SHAPES):
            steps.append(("still", _STILL_SECONDS, None))
            steps.append(("moving", _MOVING_SECONDS, shape))
        steps.append(("still", _STILL_SECONDS, None))
        steps.append(("dimming", _DIMMING_SECONDS, None))
        steps.append(("dark", _DARK_SECONDS, None))
        steps.append(("brightening", _DIMMING_SECONDS, None))
        phases: list[Phase] = []
        start = 0.0
        for kind, seconds, shape_or_none in steps:
            phases.append(Phase(kind, start, seconds, shape_or_none))
            start += seconds
        return tuple(phases)

    @cached_property
    def cycle_seconds(self) -> float:
        """How long one round of the script takes."""
        return sum(phase.seconds for phase in self.script)

    def at(self, index: int) -> SceneTruth:
        """What is to be seen in frame ``index``, from 0."""
        if index < 0:
            msg = f"a frame's index starts at 0, got {index}"
            raise ConfigurationError(msg)
        timestamp = index / self.fps
        cycle, elapsed = divmod(timestamp, self.cycle_seconds)
        phase = next(p for p in reversed(self.script) if p.start_seconds <= elapsed)
        share = min((elapsed - phase.start_seconds) / phase.seconds, 1.0)
        back = int(cycle) % 2 == 1
        shapes = tuple(
            self._shape(number, phase, share, elapsed, back) for number in range(_SHAPES)
        )
        moving = shapes[phase.shape] if phase.shape is not None else None
        light = _light(phase.kind, share)
        return SceneTruth(index, timestamp, phase.kind, light, shapes, moving, self.qr_text)

    @cached_property
    def _actors(self) -> tuple[_Actor, ...]:
        # Of random.Random only random() gives the same numbers in every version of Python.
        rng = random.Random(self.seed)  # noqa: S311
        lanes = sorted(_LANES, key=lambda _: rng.random())
        colours = sorted(_COLOURS, key=lambda _: rng.random())
        kinds = sorted(_KINDS, key=lambda _: rng.random())
        turned = [_Lane(lane.end, lane.start) if rng.random() < 0.5 else lane for lane in lanes]  # noqa: PLR2004
        return tuple(map(_Actor, kinds, colours, turned))[:_SHAPES]

    def _shape(
        self, number: int, phase: Phase, share: float, elapsed: float, back: bool
    ) -> SceneShape:
        moves = next(p for p in self.script if p.shape == number)
        if phase is moves:
            travelled, speed = share, 1 / phase.seconds
        else:
            travelled, speed = float(elapsed > moves.start_seconds), 0.0
        if back:
            travelled, speed = 1 - travelled, -speed
        return self._actors[number].at(travelled, speed)


def region_of(x: float, y: float) -> Region:
    """The ninth of the picture in which a point (shares of width and height) lies."""
    column, row = (min(max(int(value * 3), 0), 2) for value in (x, y))
    return _REGIONS[row * 3 + column]


def _light(kind: PhaseKind, share: float) -> float:
    fall = 1 - DARK_LIGHT
    table: dict[PhaseKind, float] = {
        "dimming": 1 - fall * share,
        "dark": DARK_LIGHT,
        "brightening": DARK_LIGHT + fall * share,
    }
    return table.get(kind, 1.0)
