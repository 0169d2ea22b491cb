"""Single values of an answer: true or false, a number, a text, or a word of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from overshoot.adapters.inference.local.asking import label_meaning
from overshoot.adapters.inference.local.observation import words_of
from overshoot.adapters.inference.local.schema import types_of
from overshoot.adapters.inference.local.scope import says
from overshoot.adapters.inference.local.vocabulary import Mention, Subject, Word, tokens
from overshoot.adapters.inference.local.wording import (
    in_words,
    joined,
    motion_in_words,
    way_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from overshoot.adapters.inference.local.observation import Observation
    from overshoot.adapters.inference.local.schema import Json
    from overshoot.adapters.inference.local.scope import Answering, Scope


class Unknown:
    """Marks a value that cannot be told."""


UNKNOWN: Final = Unknown()


def _sayings(text: str) -> frozenset[str]:
    return frozenset(saying.strip() for saying in text.split(","))


_NONE = _sayings(
    "none, no, nothing, null, no gesture, no hand, no hands, no motion, no action, absent, false,"
    "neither, not detected, nothing detected, no gestures, none detected, not visible,"
    "no movement, no qr, none of the above, no direction"
)
_UNSURE = _sayings(
    "unknown, other, unclear, uncertain, undefined, unspecified, not sure, cannot tell, cant tell,"
    "na, n a, indeterminate, ambiguous, undetermined, something else, others, unsure"
)
# Words that are also what their subject is called.
_OWN_SUBJECT = {Word.MOTION, Word.HAND, Word.FACE, Word.QR_CODE}
_YES = {"yes", "true", "y"}
_NO = {"no", "false", "n"}


def boolean(answering: Answering, scope: Scope) -> bool | Unknown:
    """Whether what the place is about is true of the clip."""
    seen = answering.observation
    if scope.label_said and scope.meaning is None:
        if scope.label is None:
            return False
        return seen.confidence(scope.label) > 0
    told = [
        _is_true(answering, mention)
        for mention in scope.meanings(answering.asked)
        if mention.subject not in seen.untold()
    ]
    answers = [answer for answer in told if answer is not None]
    return any(answers) if answers else UNKNOWN


def _is_true(answering: Answering, mention: Mention) -> bool | None:
    seen = answering.observation
    if mention.word is not None:
        return seen.confidence(mention.word) > 0
    if mention.subject in {Subject.LIGHT, Subject.COLOUR}:
        return None
    present = seen.present()
    words = set(words_of(mention.subject)) - {Word.NO_MOTION, Word.CAMERA_STILL}
    return any(word in present for word in words)


def number(answering: Answering, scope: Scope, node: Mapping[str, Any]) -> float | Unknown:
    """A count, a share or a confidence; a confidence is 0 to 1 unless the schema wants percent."""
    seen = answering.observation
    confident = "confidence" in tokens(scope.name) or says(scope.name, "confidence")
    if scope.label_said and (scope.meaning is None or confident):
        return _scaled(seen.confidence(scope.label) if scope.label else 0.0, scope, node)
    told = [each for each in scope.meanings(answering.asked) if each.subject not in seen.untold()]
    if not told:
        return UNKNOWN
    counted = None if confident else _count(answering, told)
    if counted is not None:
        return counted
    share = _share(answering, told, confident=confident)
    return UNKNOWN if share is None else _scaled(share, scope, node)


def _count(answering: Answering, told: Sequence[Mention]) -> int | None:
    """How many, of things that can be counted."""
    seen = answering.observation
    subjects = [mention.subject for mention in told]
    if Subject.HANDS in subjects and seen.hands is not None:
        return seen.hands.count
    if Subject.FACE in subjects and seen.faces is not None:
        return seen.faces.count
    if told[0].word not in {None, *_OWN_SUBJECT}:
        return None
    shown = len(seen.hands.gestures) if seen.hands else 0
    counts = {
        Subject.QR: len(seen.qr),
        Subject.COLOUR: len(seen.colours),
        Subject.GESTURE: shown,
    }
    return counts.get(subjects[0])


def _share(answering: Answering, told: Sequence[Mention], *, confident: bool) -> float | None:
    """How much or how surely, 0.0 to 1.0."""
    seen = answering.observation
    if not confident and told[0].word in {None, Word.MOTION}:
        if told[0].subject is Subject.LIGHT:
            return seen.brightness
        if told[0].subject is Subject.MOTION and seen.motion is not None:
            return seen.motion.share
    if not confident and all(mention.word is None for mention in told):
        return None
    present = seen.present()
    words = [
        word for each in told for word in ((each.word,) if each.word else words_of(each.subject))
    ]
    return max((present.get(word, 0.0) for word in words), default=0.0)


def _scaled(share: float, scope: Scope, node: Mapping[str, Any]) -> float:
    """A share on the scale that the schema or the name asks for; a whole number where it must."""
    whole = "integer" in types_of(node) and "number" not in types_of(node)
    most = node.get("maximum")
    percent = {"percent", "percentage", "pct"} & set(tokens(scope.name))
    if isinstance(most, int | float) and not isinstance(most, bool) and most > 1:
        share *= float(most)
    elif percent or (whole and most is None):
        share *= 100
    return round(share) if whole else round(share, 4)


def text(answering: Answering, scope: Scope) -> str | Unknown:
    """A sentence, or the word for what the place is about."""
    if scope.label_said and scope.meaning is None:
        return scope.label_said if says(scope.name, "label") else UNKNOWN
    seen = answering.observation
    if scope.meaning is None:
        return UNKNOWN if scope.named else in_words(seen, answering.asked)
    subject, word = scope.meaning.subject, scope.meaning.word
    if subject in seen.untold():
        return UNKNOWN
    if word is not None and word not in _OWN_SUBJECT:
        return "yes" if seen.confidence(word) > 0 else "no"
    return _subject_text(seen, subject)


def _subject_text(seen: Observation, subject: Subject) -> str:
    if subject in _TEXTS:
        return _TEXTS[subject](seen)
    present = seen.present()
    shown = sorted((w for w in words_of(subject) if w in present), key=lambda w: -present[w])
    return joined([word.value for word in shown]) or "none"


def _way(seen: Observation) -> str:
    return way_in_words(seen.motion.ways) if seen.motion and seen.motion.ways else "none"


def _region(seen: Observation) -> str:
    return seen.motion.region.value if seen.motion and seen.motion.region else "none"


def _camera(seen: Observation) -> str:
    return seen.camera[0].value.removeprefix("camera ") if seen.camera else ""


def _light(seen: Observation) -> str:
    level = "normal" if seen.light is Word.NORMAL_LIGHT else seen.light.value
    return f"{level}, {seen.light_change[0].value}" if seen.light_change else level


_TEXTS: dict[Subject, Callable[[Observation], str]] = {
    Subject.QR: lambda seen: "\n".join(seen.qr),
    Subject.DIRECTION: _way,
    Subject.REGION: _region,
    Subject.MOTION: motion_in_words,
    Subject.CAMERA: _camera,
    Subject.LIGHT: _light,
    Subject.HANDS: lambda seen: str(seen.hands.count if seen.hands else 0),
    Subject.FACE: lambda seen: str(seen.faces.count if seen.faces else 0),
}


def meaning_in(label: Any, scope: Scope, answering: Answering) -> Mention | None:
    """What a word of an ``enum`` stands for, where it stands."""
    if not isinstance(label, str):
        return None
    subjects = dict.fromkeys(mention.subject for mention in scope.meanings(answering.asked))
    for subject in subjects:
        mention = label_meaning(label, subject)
        if mention is not None and mention.word is not None:
            return mention
    mention = label_meaning(label, None)
    return mention if mention is not None and mention.word is not None else None


def choice(answering: Answering, scope: Scope, words: Sequence[Any]) -> Json | Unknown:
    """The surest of the listed words that is true; else one that says none, or unknown."""
    plain = {" ".join(tokens(word)): word for word in words if isinstance(word, str)}
    if plain and set(plain) <= _YES | _NO | _UNSURE:
        return _yes_or_no(answering, scope, plain)
    if words and all(isinstance(word, bool) or word is None for word in words):
        value = boolean(answering, scope)
        return value if not isinstance(value, Unknown) and value in words else UNKNOWN
    seen = answering.observation
    best: tuple[float, Json | Unknown] = (0.0, UNKNOWN)
    blind = False
    for said in words:
        mention = meaning_in(said, scope, answering)
        if mention is None or mention.word is None:
            general = not isinstance(said, str) or " ".join(tokens(said)) in _NONE | _UNSURE
            if not general:
                answering.cannot(str(said))
            continue
        blind = blind or mention.subject in seen.untold()
        answering.note_limit(str(said), mention)
        sure = seen.confidence(mention.word)
        best = max(best, (sure, said), key=lambda each: each[0])
    if best[0] > 0:
        return best[1]
    subjects = {mention.subject for mention in scope.meanings(answering.asked)}
    return _no_choice(plain, blind=blind or bool(subjects & seen.untold()))


def _no_choice(plain: Mapping[str, str], *, blind: bool) -> str | Unknown:
    """What to choose when none of the words was seen; what was not looked at is not "none"."""
    orders = (_UNSURE,) if blind else (_NONE, _UNSURE)
    for group in orders:
        for said, word in plain.items():
            if said in group:
                return word
    return UNKNOWN


def _yes_or_no(answering: Answering, scope: Scope, plain: Mapping[str, str]) -> str | Unknown:
    value = boolean(answering, scope)
    group = _UNSURE if isinstance(value, Unknown) else _YES if value else _NO
    return next((word for said, word in plain.items() if said in group), UNKNOWN)
