"""From a model's answer to verdicts: which of the wanted actions it says it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from attrs import frozen

from overshoot.domain.action_question import comparable
from overshoot.domain.answer_text import find_json
from overshoot.domain.json_value import is_unicode

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult

FaultKind: TypeAlias = Literal[
    "no_answer", "not_json", "no_list", "bad_entry", "unknown_action", "bad_confidence"
]
"""What can be wrong with an answer, or an entry of it:

``no_answer`` the model could not answer; ``not_json`` there is no JSON in it; ``no_list`` it has no
list ``detected_actions``; ``bad_entry`` an entry has no ``action`` as text or no ``detected`` as a
truth value; ``unknown_action`` it names an action nobody asked for; ``bad_confidence`` is missing,
or no number from 0 to 1.
"""

VERDICTS_KEY: Final = "detected_actions"
"""Under which an answer lists its verdicts."""

_SHOWN_CHARACTERS: Final = 120


@frozen
class ActionVerdict:
    """What a model says about one action in one clip.

    Attributes:
        action: the name, as it was asked for.
        detected: whether it was seen.
        confidence: how sure the model is, 0.0 to 1.0.
    """

    action: str
    detected: bool
    confidence: float


@frozen
class AnswerFault:
    """Something in an answer that cannot be used; ``detail`` says it in words."""

    kind: FaultKind
    detail: str


@frozen
class Verdicts:
    """What could be read, one verdict an action, in the answer's order; and what could not."""

    verdicts: tuple[ActionVerdict, ...] = ()
    faults: tuple[AnswerFault, ...] = ()


def verdicts_from(result: InferenceResult[Any], actions: Sequence[str] | None) -> Verdicts:
    """Read an answer to `action_schema`; never raises. Without ``actions`` any name will do.

    The JSON may stand alone, in a fence or between words. Names are compared without regard to case
    and spaces. Of several entries for one action the surest that saw it counts.
    """
    if not result.ok:
        return _nothing("no_answer", result.error or "no reason was given")
    found = [json.value for json in find_json(result.result, ("object",)) if json.fault is None]
    if not found:
        return _nothing("not_json", f"no JSON object in the answer {_shown(result.result)}")
    entries = next((each for each in map(_entries, found) if each is not None), None)
    if entries is None:
        detail = f'no list "detected_actions" in the answer {_shown(result.result)}'
        return _nothing("no_list", detail)
    wanted = None if actions is None else {comparable(name): name for name in actions}
    best: dict[str, ActionVerdict] = {}
    faults: list[AnswerFault] = []
    for entry in entries:
        read = _verdict(entry, wanted)
        if isinstance(read, AnswerFault):
            faults.append(read)
        elif read.action not in best or _weight(read) > _weight(best[read.action]):
            best[read.action] = read
    return Verdicts(tuple(best.values()), tuple(faults))


def _entries(value: object) -> list[object] | None:
    listed = _fields(value).get(VERDICTS_KEY)
    return cast("list[object]", listed) if isinstance(listed, list) else None


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _verdict(entry: object, wanted: Mapping[str, str] | None) -> ActionVerdict | AnswerFault:
    fields = _fields(entry)
    name, detected = fields.get("action"), fields.get("detected")
    if not isinstance(name, str) or not isinstance(detected, bool):
        return AnswerFault("bad_entry", f"an entry without action and detected: {_shown(entry)}")
    action = _any_name(name) if wanted is None else wanted.get(comparable(name))
    if action is None:
        return AnswerFault("unknown_action", f"nobody asked for {_shown(name)}")
    confidence = _share(fields.get("confidence"))
    if confidence is None:
        shown = _shown(fields.get("confidence"))
        detail = f"{action!r} has confidence {shown}, which is no number from 0 to 1"
        return AnswerFault("bad_confidence", detail)
    return ActionVerdict(action, detected, confidence)


def _any_name(name: str) -> str | None:
    """A name that nobody has asked for, if it can be one."""
    plain = " ".join(name.split())
    good = 0 < len(plain) <= _SHOWN_CHARACTERS and "\0" not in plain and is_unicode(plain)
    return plain if good else None


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        return None
    return float(value)


def _weight(verdict: ActionVerdict) -> tuple[bool, float]:
    return verdict.detected, verdict.confidence


def _nothing(kind: FaultKind, detail: str) -> Verdicts:
    return Verdicts(faults=(AnswerFault(kind, detail),))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
