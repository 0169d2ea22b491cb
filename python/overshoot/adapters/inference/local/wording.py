"""An observation in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.adapters.inference.local.observation import Hands
from overshoot.adapters.inference.local.vocabulary import EXPERIMENTAL, Subject, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from overshoot.adapters.inference.local.asking import Asked
    from overshoot.adapters.inference.local.observation import Observation
    from overshoot.adapters.inference.local.vocabulary import Mention

_ORDER = (
    Subject.MOTION,
    Subject.CAMERA,
    Subject.GESTURE,
    Subject.HANDS,
    Subject.FACE,
    Subject.LIGHT,
    Subject.COLOUR,
    Subject.QR,
)
# These are told in one sentence with another.
_TOLD_WITH = {Subject.DIRECTION: Subject.MOTION, Subject.REGION: Subject.MOTION}
_LONGEST_CODE = 300


def in_words(observation: Observation, asked: Asked) -> str:
    """A few short sentences: what was asked for first, then what else is worth telling."""
    sentences = [f"Cannot tell: {', '.join(asked.unknown)}."] if asked.unknown else []
    told: set[Subject] = set()
    for mention in asked.mentions:
        subject = _TOLD_WITH.get(mention.subject, mention.subject)
        if mention.word is not None and mention.subject in {Subject.GESTURE, Subject.CAMERA}:
            sentences.append(_yes_or_no(observation, mention))
        elif subject not in told:
            sentences.append(_sentence(observation, subject, asked_for=True))
        told.add(subject)
    for subject in _ORDER:
        if subject not in told:
            sentences.append(_sentence(observation, subject, asked_for=False))
    return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))


def joined(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def way_in_words(ways: Sequence[Word]) -> str:
    """``right``, or ``right and up``."""
    return joined([way.value.removeprefix("moving ") for way in ways])


def motion_in_words(observation: Observation) -> str:
    """What moved and where, without a full stop; empty where it cannot be told."""
    motion = observation.motion
    if motion is None:
        return ""
    if motion.amount == "no" or motion.region is None:
        return "no motion"
    amount = {"a little": "slight motion", "some": "motion"}.get(motion.amount, "much motion")
    where = f"{amount} {_place(motion.region)}"
    return f"{where}, moving {way_in_words(motion.ways)}" if motion.ways else where


def _place(region: Word) -> str:
    if region in {Word.LEFT, Word.RIGHT}:
        return f"on the {region.value}"
    if region in {Word.UPPER_CENTRE, Word.LOWER_CENTRE}:
        return f"at the {region.value}"
    return f"in the {region.value}"


def _yes_or_no(observation: Observation, mention: Mention) -> str:
    word = mention.word
    if word is None:
        return ""
    name = word.value.capitalize()
    if mention.subject in observation.untold():
        return f"{name}: cannot tell."
    sure = observation.confidence(word)
    if word in EXPERIMENTAL:
        return f"{name}: {f'yes ({sure:.0%}; ' if sure > 0 else 'not seen ('}experimental)."
    return f"{name}: yes ({sure:.0%})." if sure > 0 else f"{name}: no."


def _sentence(observation: Observation, subject: Subject, *, asked_for: bool) -> str:
    if subject in observation.untold():
        return f"{_capital(subject.value)}: cannot tell." if asked_for else ""
    text = _TELL[subject](observation, asked_for)
    return f"{_capital(text)}." if text else ""


def _motion(observation: Observation, _: bool) -> str:
    return motion_in_words(observation)


def _camera(observation: Observation, _: bool) -> str:
    return observation.camera[0].value if observation.camera else ""


def _gestures(observation: Observation, asked_for: bool) -> str:
    shown = (observation.hands or Hands()).gestures
    named = [f"{word.value} ({sure:.0%})" for word, sure in sorted(shown.items(), key=_surest)]
    return joined(named) if named else "no gesture that it knows" if asked_for else ""


def _surest(item: tuple[Word, float]) -> float:
    return -item[1]


def _hands(observation: Observation, asked_for: bool) -> str:
    count = observation.hands.count if observation.hands else 0
    if count:
        return "one hand" if count == 1 else "two hands or more"
    return "no hands" if asked_for else ""


def _faces(observation: Observation, asked_for: bool) -> str:
    count = observation.faces.count if observation.faces else 0
    if count:
        return "a face near the camera" if count == 1 else f"{count} faces near the camera"
    return "no face near the camera" if asked_for else ""


def _light(observation: Observation, _: bool) -> str:
    change = f", {observation.light_change[0].value}" if observation.light_change else ""
    level = "light normal" if observation.light is Word.NORMAL_LIGHT else observation.light.value
    return level + change


def _colours(observation: Observation, _: bool) -> str:
    named = [word.value for word, _ in observation.colours]
    return f"colours {joined(named)}" if named else ""


def _codes(observation: Observation, asked_for: bool) -> str:
    if observation.qr:
        texts = [f'"{text[:_LONGEST_CODE]}"' for text in observation.qr]
        return f"QR code reads {joined(texts)}"
    return "no QR code" if asked_for else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_TELL: dict[Subject, Callable[[Observation, bool], str]] = {
    Subject.MOTION: _motion,
    Subject.CAMERA: _camera,
    Subject.GESTURE: _gestures,
    Subject.HANDS: _hands,
    Subject.FACE: _faces,
    Subject.LIGHT: _light,
    Subject.COLOUR: _colours,
    Subject.QR: _codes,
}
