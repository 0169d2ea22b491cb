"""What the local backend is asked about, and what is true of it."""

from __future__ import annotations

from functools import partial
from math import sin
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import evolve, frozen

from moving_hands import FPS, Pair, StillHand, between, pair, still, swaying, waving
from overshoot.adapters.inference.local.hand_finder import LocalHandFinder
from overshoot.adapters.inference.local.weights import default_weights_dir
from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

ACTIONS = ("waving hand", "thumbs up", "pointing", "clapping")
Truth = dict[str, tuple[float, float]]
WHOLE = (0.0, 1e9)

# File name to action to from when to when, in seconds. Files not named show none of the four.
TRUE_OF_FILMS: dict[str, Truth] = {
    "four_077f_waving_hand.mp4": {"waving hand": WHOLE},
    "four_077f_clapping.mp4": {"clapping": WHOLE},
    "none_00b8_pointing.mp4": {"pointing": WHOLE},
}
TRUE_OF_STILLS: dict[str, Truth] = {
    "none_0a0e": {"pointing": WHOLE},
    "none_0a71": {"pointing": WHOLE},
}
THUMBS_DOWN = ("none_00c8", "none_00af", "none_0a4a")
# Looked at while the rule for clapping and the tracker's were set; the others were not.
LOOKED_AT = ("four_06aa", "four_1162")
CLAPPING = {
    "1.2 a second": Pair(between(0.3, 2.8, 1.2)),
    "1.8 a second": Pair(between(0.3, 2.8, 1.8)),
    "2.5 a second": Pair(between(0.3, 2.8, 2.5)),
    "narrow": Pair(between(0.3, 2.0, 1.8)),
    "from aside": Pair(between(0.3, 2.4, 1.8), squeeze=0.75),
}
NO_CLAPPING = {
    "resting": Pair(lambda _: 2.2),
    "touching": Pair(lambda _: 0.6),
    "swaying": Pair(lambda _: 2.2, along=lambda t: 0.5 * sin(10 * t)),
    "one goes to the other": Pair(
        between(0.5, 2.4, 1.6), along=lambda t: between(0.5, 2.4, 1.6)(t) / 2
    ),
    "slow": Pair(between(0.4, 2.6, 0.3)),
    "in turn": Pair(lambda _: 1.2, lift=lambda t: 1.2 * sin(10 * t)),
    "washing": Pair(lambda t: 0.5 + 0.15 * sin(12 * t), lift=lambda t: 0.3 * sin(12 * t)),
    "apart": Pair(between(2.0, 3.2, 1.6)),
}
# An open hand goes from side to side there: some would call it a wave.
SIDEWAYS = ("swaying", "one goes to the other", "apart")
PERHAPS_WAVING = frozenset({"waving hand"})


@frozen
class Source:
    """One video to ask about.

    Attributes:
        group: of the table.
        name: in the table.
        truth: which of the actions happen in it, and when.
        undecided: actions of which it cannot be said whether they happen.
        write: puts the video at a path that is given, or gives that of a file that is there.
    """

    group: str
    name: str
    truth: Truth
    write: Callable[[Path], Path]
    undecided: frozenset[str] = frozenset()


def of_media(media: Path) -> Iterator[Source]:
    """The films and photographs as they are, and thumbs that were turned up."""
    for path in [*sorted(media.glob("moving_hands/*.mp4")), *sorted(media.glob("clips/*.mp4"))]:
        yield Source("films", path.name, TRUE_OF_FILMS.get(path.name, {}), partial(_as_it_is, path))
    for name, image in _photographs(media):
        truth = TRUE_OF_STILLS.get(name, {})
        yield _made("photographs", name, truth, partial(still, image))
    for name, image in _photographs(media):
        if name in THUMBS_DOWN:
            turned = np.ascontiguousarray(image[::-1, ::-1])
            truth = {"thumbs up": WHOLE}
            yield _made("turned", name, truth, partial(still, turned))


def _as_it_is(film: Path, _: Path) -> Path:
    return film


def made_from(media: Path) -> Iterator[Source]:
    """Photographs set in motion, and the drawn scene of the demo."""
    finder = LocalHandFinder(default_weights_dir())
    for name, image in _photographs(media):
        finder.forget()
        found = finder.find(image)
        if not found:
            continue
        hand = StillHand.of(image, found[0])
        yield _made("up and down", name, TRUE_OF_STILLS.get(name, {}), partial(swaying, hand))
        if name.startswith("four_"):
            truth = {"waving hand": WHOLE}
            yield _made("waving", name, truth, partial(waving, hand))
            yield from _pairs(name, hand)
    yield _made("drawn", "scene", {}, _scene)


def _pairs(name: str, hand: StillHand) -> Iterator[Source]:
    seen = "looked at" if name in LOOKED_AT else "not looked at"
    for kind, how in CLAPPING.items():
        truth = {"clapping": WHOLE}
        yield _made(f"clapping, {seen}", f"{name} {kind}", truth, partial(pair, hand, how))
    for kind, how in NO_CLAPPING.items():
        made = _made(f"two hands, {seen}", f"{name} {kind}", {}, partial(pair, hand, how))
        yield evolve(made, undecided=PERHAPS_WAVING if kind in SIDEWAYS else frozenset())


def _photographs(media: Path) -> Iterator[tuple[str, Bytes]]:
    for path in sorted(media.glob("hands/*.jpg")):
        yield path.name[:9], np.asarray(cv2.imread(str(path)), np.uint8)


def _scene() -> Iterator[Bytes]:
    source = SyntheticScene(SyntheticSource(fps=FPS, duration_seconds=8))
    source.open()
    while (frame := source.read()) is not None:
        yield np.asarray(frame.pixels, np.uint8)
    source.close()


def _made(group: str, name: str, truth: Truth, images: Callable[[], Iterable[Bytes]]) -> Source:
    def write(path: Path) -> Path:
        writer: cv2.VideoWriter | None = None
        for image in images():
            even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
            if writer is None:
                size = even.shape[1], even.shape[0]
                # Lossless, so that what is asked about is what was made.
                code = cv2.VideoWriter.fourcc(*"FFV1")
                writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, FPS, size)
                assert writer.isOpened(), "this OpenCV cannot write FFV1"
            writer.write(even)
        assert writer is not None
        writer.release()
        return path

    return Source(group, name, truth, write)
