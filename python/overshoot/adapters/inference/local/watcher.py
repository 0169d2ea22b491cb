"""One stream, watched picture by picture; every frame is looked at once.

Clips may overlap: what was seen in a frame is kept as a record under its index for as long as a
clip may ask for it, and a clip is summed up from the records of its frames.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from overshoot.adapters.inference.local.camera import Shift, camera_shift, is_cut
from overshoot.adapters.inference.local.clapping import Clapping
from overshoot.adapters.inference.local.codes import qr_texts
from overshoot.adapters.inference.local.faces import LOOK_EVERY_S
from overshoot.adapters.inference.local.gestures import gestures, with_room
from overshoot.adapters.inference.local.hands import HandTracker
from overshoot.adapters.inference.local.light import dominant_colours, light_cells, light_level
from overshoot.adapters.inference.local.motion import Change, change_between
from overshoot.adapters.inference.local.picture import SMALL_WIDTH, Picture, working_picture
from overshoot.adapters.inference.local.vocabulary import Word
from overshoot.adapters.inference.local.waving import Waving
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from overshoot.adapters.inference.local.faces import Face
    from overshoot.adapters.inference.local.networks import Networks
    from overshoot.adapters.inference.local.picture import Floats
    from overshoot.domain.frame import Frame

# Slow things move less than a pixel from one picture to the next; over this time they show.
_COMPARE_S = 0.13
# Pictures further apart show that something is different, not that it moves.
_COMPARE_AT_MOST_S = 2.0
_REMEMBER_S = 3.0
# Sixteen looks a second are enough for every rule; frames in between are passed over.
_LEAST_GAP_S = 1 / 17


@frozen(eq=False)
class Record:
    """What was seen in one frame.

    Attributes:
        index: of the frame in the stream.
        time: stream time, seconds.
        cut: whether the scene changed just before it.
        shift: since the frame before; None for the first one and after a cut.
        change: what moved; None where there is nothing to compare with.
        over_s: seconds between the two pictures that ``change`` compares.
        light: cell means.
        hands: presence of each hand; None without networks.
        gestures: the surest of each gesture over the hands.
        faces: near faces; None without networks, and in most pictures, which are not looked at
            for them.
    """

    index: int
    time: float
    cut: bool
    shift: Shift | None
    change: Change | None
    over_s: float
    light: Floats = field(repr=False)
    hands: tuple[float, ...] | None
    gestures: Mapping[Word, float]
    faces: tuple[Face, ...] | None = None


@frozen(eq=False)
class Look:
    """What only the newest picture of a clip is asked for."""

    light: Word
    brightness: float
    colours: tuple[tuple[Word, float], ...]
    qr: tuple[str, ...]


@define(eq=False)
class Watcher:
    """The memory of one stream."""

    networks: Callable[[], Networks | None]
    _records: deque[Record] = field(factory=deque[Record])
    _pictures: deque[Picture] = field(factory=deque[Picture])
    _tracker: HandTracker = field(factory=HandTracker)
    _waving: dict[int, Waving] = field(factory=dict[int, Waving])
    _clapping: Clapping = field(factory=Clapping)
    _camera: tuple[float, float] = (0.0, 0.0)
    _faces_at: float = float("-inf")
    _look: tuple[int, Look] | None = None

    def look(self, frames: Sequence[Frame], stopped: Callable[[], bool] = lambda: False) -> None:
        """Look at the frames not looked at yet; at no more of them once ``stopped`` says so."""
        newest = self._records[-1].index if self._records else -1
        for frame in frames:
            if frame.index <= newest:
                continue
            if stopped():
                break
            newest = frame.index
            if not self._records or frame.timestamp - self._records[-1].time >= _LEAST_GAP_S:
                self._step(working_picture(frame))

    def seen(self, frames: Sequence[Frame]) -> tuple[list[Record], list[Record], Look]:
        """What was seen in a clip: its records, all records up to its end, its newest picture.

        Frames after the clip may have been looked at; they do not count. InferenceError when none
        of the stream was.
        """
        first, last = frames[0].index, frames[-1].index
        history = [record for record in self._records if record.index <= last]
        if not history:
            raise InferenceError("stopped before the first frame of the stream was looked at")
        if self._look is None or self._look[0] != last:
            self._look = last, _looked(frames)
        clip = [record for record in history if record.index >= first] or history[-1:]
        self._forget(frames, history[-1].time)
        return clip, history, self._look[1]

    def _step(self, picture: Picture) -> None:
        before = self._pictures[-1] if self._pictures else None
        cut = before is not None and (
            before.small.shape != picture.small.shape or is_cut(before.small, picture.small)
        )
        if cut:
            self._pictures.clear()
            self._waving.clear()
            self._clapping = Clapping()
            self._tracker.reset()
            self._faces_at = float("-inf")
            before = None
        shift = camera_shift(before.gray, picture.gray) if before is not None else None
        change, over = self._compared(picture)
        hands, shown = self._hands(picture, shift)
        self._pictures.append(picture)
        while (
            len(self._pictures) > 1
            and picture.timestamp - self._pictures[1].timestamp >= _COMPARE_S
        ):
            self._pictures.popleft()
        self._records.append(
            Record(
                index=picture.index,
                time=picture.timestamp,
                cut=cut,
                shift=shift,
                change=change,
                over_s=over,
                light=light_cells(picture.gray),
                hands=hands,
                gestures=shown,
                faces=self._faces(picture),
            )
        )

    def _compared(self, picture: Picture) -> tuple[Change | None, float]:
        """What moved since the newest picture that is old enough to compare with."""
        old = [p for p in self._pictures if picture.timestamp - p.timestamp >= _COMPARE_S - 1e-6]
        other = old[-1] if old else (self._pictures[0] if self._pictures else None)
        if other is None or picture.timestamp - other.timestamp > _COMPARE_AT_MOST_S:
            return None, 0.0
        shift = camera_shift(other.gray, picture.gray)
        over = picture.timestamp - other.timestamp
        return change_between(other.gray, picture.gray, shift), over

    def _hands(
        self, picture: Picture, shift: Shift | None
    ) -> tuple[tuple[float, ...] | None, dict[Word, float]]:
        networks = self.networks()
        if networks is None:
            return None, {}
        if shift is not None:
            scale = picture.image.shape[1] / SMALL_WIDTH
            self._camera = (
                self._camera[0] + shift.dx * scale,
                self._camera[1] + shift.dy * picture.image.shape[0] / picture.gray.shape[0],
            )
        tracks = self._tracker.step(picture, networks)
        shown: dict[Word, float] = {}
        for track in tracks:
            others = self._tracker.around(track)
            waving = self._waving.setdefault(track.number, Waving())
            waving.add(picture.timestamp, track.hand, self._camera, others)
            seen = {
                **with_room(gestures(track.hand.points), track.hand.nearest(others)),
                Word.WAVING_HAND: waving.confidence(),
            }
            for word, sure in seen.items():
                shown[word] = max(shown.get(word, 0.0), min(sure, track.hand.presence))
        self._clapping.add(picture.timestamp, tracks, self._camera)
        shown[Word.CLAPPING] = self._clapping.confidence()
        alive = self._tracker.numbers()
        self._waving = {n: waving for n, waving in self._waving.items() if n in alive}
        return tuple(track.hand.presence for track in tracks), shown

    def _faces(self, picture: Picture) -> tuple[Face, ...] | None:
        """A face stays for a while: few looks are enough."""
        networks = self.networks()
        if networks is None or picture.timestamp - self._faces_at < LOOK_EVERY_S - 1e-6:
            return None
        self._faces_at = picture.timestamp
        return networks.faces.find(picture.image)

    def _forget(self, frames: Sequence[Frame], now: float) -> None:
        """Drop records that no coming clip, or rule, can ask for."""
        span = frames[-1].timestamp - frames[0].timestamp
        oldest = now - max(_REMEMBER_S, 2 * span)
        while self._records and self._records[0].time < oldest:
            self._records.popleft()


def _looked(frames: Sequence[Frame]) -> Look:
    """Light, colours and codes; a code blurred in the newest frame may be sharp in another."""
    newest = working_picture(frames[-1])
    texts = qr_texts(frames[-1])
    if not texts and len(frames) > 1:
        texts = qr_texts(frames[len(frames) // 2])
    brightness = float(newest.gray.mean()) / 255
    return Look(light_level(newest.gray), brightness, dominant_colours(newest.small), texts)


def total_shift(records: Sequence[Record]) -> tuple[float, float, float]:
    """Way of the picture, in shares of its width: right, down, and the whole path."""
    steps = np.array([[r.shift.dx, r.shift.dy] for r in records if r.shift is not None])
    if not len(steps):
        return 0.0, 0.0, 0.0
    way = steps.sum(axis=0) / SMALL_WIDTH
    path = float(np.linalg.norm(steps, axis=1).sum()) / SMALL_WIDTH
    return float(way[0]), float(way[1]), path
