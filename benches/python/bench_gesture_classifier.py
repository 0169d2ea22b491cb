"""A small trained classifier beside the rules for still gestures, on hands neither was set on.

    python benches/python/bench_gesture_classifier.py

Trains on landmarks/keypoint.csv of the media folder: 4,787 hands, open, closed, pointing and OK,
recorded one label after the other by one author. Neighbouring rows are nearly alike, so the last
quarter of each label is held out, with a gap before it. Photographs of other people, most of which
show none of the three gestures, are what it has to hold on beside.

The classifier: a perceptron with one hidden layer (42-32-4, tanh, softmax), full-batch Adam
(Kingma and Ba, 2015) on rows turned and mirrored at random. Its weights are not kept.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from math import radians
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import define, frozen

from overshoot.adapters.inference.local.gestures import gestures
from overshoot.adapters.inference.local.hand_finder import LocalHandFinder
from overshoot.adapters.inference.local.vocabulary import Word
from overshoot.adapters.inference.local.weights import default_weights_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Judge = Callable[[Floats], dict[Word, float]]

MEDIA = Path(
    os.environ.get("OVERSHOOT_TEST_MEDIA")
    or Path(__file__).resolve().parents[3] / "shared" / "media"
)
WORDS = (Word.OPEN_HAND, Word.FIST, Word.POINTING)  # the labels 0, 1 and 2; 3 is none of them
SHOWN = 0.5
HIDDEN, STEPS, RATE, DECAY = 32, 1500, 0.01, 1e-4
HELD_OUT, GAP = 0.25, 40
TRUE_OF_STILLS = {
    "four": Word.OPEN_HAND,
    "none_0a0e": Word.POINTING,
    "none_0a71": Word.POINTING,
    "fist_landmarks": Word.FIST,
    "pointing_up": Word.POINTING,
}


@frozen(eq=False)
class Hands:
    """Points (n, 21, 2) and the gesture of each, or None for another one."""

    points: Floats
    words: list[Word | None]


@define
class Perceptron:
    first: Floats
    second: Floats

    def probabilities(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Of the four labels; with the inputs and the hidden layer, for training."""
        inputs = with_one(normalised(points))
        hidden = with_one(np.tanh(inputs @ self.first))
        scores = hidden @ self.second
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True), inputs, hidden

    def judge(self, points: Floats) -> dict[Word, float]:
        shares = self.probabilities(points[None])[0][0]
        return {word: float(share) for word, share in zip(WORDS, shares, strict=False)}


def with_one(rows: Floats) -> Floats:
    return np.hstack([rows, np.ones((len(rows), 1))])


def normalised(points: Floats) -> Floats:
    """Relative to the wrist, the largest distance 1, as rows of 42."""
    flat = points - points[:, :1]
    scaled: Floats = flat / np.abs(flat).max(axis=(1, 2), keepdims=True)
    return scaled.reshape(len(points), -1)


def trained(points: Floats, labels: NDArray[np.int64]) -> Perceptron:
    random = np.random.default_rng(4)
    net = Perceptron(random.normal(0, 0.2, (43, HIDDEN)), random.normal(0, 0.2, (HIDDEN + 1, 4)))
    # Each label weighs the same, however many rows it has.
    weight = (1 / np.bincount(labels)[labels])[:, None] / 4
    moments = [np.zeros((2, *each.shape)) for each in (net.first, net.second)]
    for step in range(1, STEPS + 1):
        shares, inputs, hidden = net.probabilities(varied(points, random))
        error = (shares - np.eye(4)[labels]) * weight
        back = (error @ net.second[:-1].T) * (1 - hidden[:, :-1] ** 2)
        slopes = inputs.T @ back + DECAY * net.first, hidden.T @ error + DECAY * net.second
        for each, slope, moment in zip((net.first, net.second), slopes, moments, strict=True):
            moment[0] += 0.1 * (slope - moment[0])
            moment[1] += 0.001 * (slope**2 - moment[1])
            mean, square = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.999**step)
            np.subtract(each, RATE * mean / (np.sqrt(square) + 1e-8), out=each)
    return net


def varied(points: Floats, random: np.random.Generator) -> Floats:
    """Turned by up to 40 degrees and mirrored half of the time."""
    angle = radians(40) * random.uniform(-1, 1, len(points))
    c, s = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([c, s], 1), np.stack([-s, c], 1)], 1)
    side = np.stack([random.choice([-1.0, 1.0], len(points)), np.ones(len(points))], 1)
    turned: Floats = (points * side[:, None]) @ turn
    return turned


def recorded() -> tuple[Floats, NDArray[np.int64], Hands]:
    """Rows to train on, their labels, and what is held out."""
    with (MEDIA / "landmarks" / "keypoint.csv").open() as file:
        rows = np.array([[float(value) for value in row] for row in csv.reader(file)])
    labels, points = rows[:, 0].astype(np.int64), rows[:, 1:].reshape(-1, 21, 2)
    train: list[int] = []
    held: list[int] = []
    for label in range(4):
        own = np.flatnonzero(labels == label)
        first = round(len(own) * (1 - HELD_OUT))
        train += own[: first - GAP].tolist()
        held += own[first:].tolist()
    words = [WORDS[label] if label < len(WORDS) else None for label in labels[held]]
    return points[train], labels[train], Hands(points[held], words)


def photographed() -> Hands:
    """The hands found in the photographs, and the official vectors."""
    finder = LocalHandFinder(default_weights_dir())
    points: list[Floats] = []
    words: list[Word | None] = []
    for path in sorted(MEDIA.glob("hands/*.jpg")):
        finder.forget()
        for hand in finder.find(np.asarray(cv2.imread(str(path)), np.uint8))[:1]:
            points.append(np.array(hand.points))
            words.append(truth(path.name))
    for path in sorted(MEDIA.glob("landmarks/*.pbtxt")):
        text = path.read_text()
        x, y = (re.findall(rf"\b{axis}: (\S+)", text)[:21] for axis in "xy")
        points.append(np.array([x, y], dtype=np.float64).T)
        words.append(truth(path.name))
    return Hands(np.array(points), words)


def truth(name: str) -> Word | None:
    return next((word for start, word in TRUE_OF_STILLS.items() if name.startswith(start)), None)


def report(name: str, hands: Hands, judges: dict[str, Judge]) -> None:
    print(f"\n{name}, {len(hands.words)} hands")
    for who, judge in judges.items():
        said = [judge(points) for points in hands.points]
        cells: list[str] = []
        for word in WORDS:
            shown = [each.get(word, 0.0) >= SHOWN for each in said]
            true = [each is word for each in hands.words]
            hits = sum(a and b for a, b in zip(shown, true, strict=True))
            false = sum(a and not b for a, b in zip(shown, true, strict=True))
            wrong = f"false {false}/{len(true) - sum(true)}"
            cells.append(f"{word.value} {hits}/{sum(true)} {wrong:16}")
        print(f"  {who:12}{''.join(f'{cell:38}' for cell in cells)}")


def main() -> None:
    if not MEDIA.is_dir():
        sys.exit(f"no landmarks: set OVERSHOOT_TEST_MEDIA or put them in {MEDIA}")
    points, labels, held = recorded()
    net = trained(points, labels)

    def rules(points: Floats) -> dict[Word, float]:
        return dict(gestures(points))

    def both(points: Floats) -> dict[Word, float]:
        """The rules' word, or the classifier's where the rules do not quite contradict it."""
        ruled, learnt = gestures(points), net.judge(points)
        return {
            word: max(ruled[word], learnt[word] if ruled[word] > 0.2 else 0.0) for word in WORDS
        }

    judges: dict[str, Judge] = {"rules": rules, "classifier": net.judge, "both": both}
    report("keypoint.csv, the last quarter of each label", held, judges)
    report("photographs and official vectors", photographed(), judges)


if __name__ == "__main__":
    main()
