"""Actions as rows of a table, for every store that speaks SQL.

Besides the fields of an action a row has what filters ask of its metadata: ``session`` and
``source`` as text, and the digest of the prompt, whose text is kept once, in a table of prompts.
Metadata is JSON text as `json_texts` writes it; narrowing by it relies on that (`sql_terms`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Any, Final, TypeAlias
from uuid import uuid4

from overshoot.domain.action import DetectedAction
from overshoot.domain.columns import of_columns
from overshoot.domain.json_value import MOST_NESTED, json_fault
from overshoot.domain.stored import StoredAction
from overshoot.errors import ConfigurationError

Found: TypeAlias = "tuple[int, float, str, float, int, float, float | None, str]"
Origin: TypeAlias = "tuple[str | None, str | None, bytes | None]"
Row: TypeAlias = tuple[Any, ...]
MakeOrigin: TypeAlias = "Callable[[Callable[[str], object], Prompts], tuple[Any, ...]]"
Prompts: TypeAlias = "dict[str, tuple[bytes, str]]"
"""For each prompt as it was given: its digest, and its text without regard to case."""

FOUND: Final = "seq, added_at, action, timestamp, frame_number, confidence, duration, metadata"
"""The columns of `Found`, in its order."""
ADDED: Final = (
    "added_at, action, timestamp, frame_number, confidence, duration, metadata,"
    " session, source, prompt"
)
"""The columns of what `rows` makes, in its order."""

AT_ONCE: Final = 500
_DIGEST_BYTES: Final = 16
_FIELDS: Final = ("action", "timestamp", "frame_number", "confidence", "duration", "_unread")
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_NESTING: Final = frozenset({dict, list})
_KINDS: Final = _SCALARS | _NESTING
_KEYS: Final = frozenset({str})
_BETWEEN: Final = uuid4().hex
"""Stands between values that are encoded together; nobody's metadata has it."""
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def stored(found: Sequence[Found]) -> list[StoredAction]:
    """Rows of `FOUND` as what was stored; metadata is read when somebody asks for it."""
    if not found:
        return []
    seqs, added_at, *columns = zip(*found, strict=True)
    actions = of_columns(DetectedAction, len(found), dict(zip(_FIELDS, columns, strict=True)))
    return of_columns(
        StoredAction, len(found), {"seq": seqs, "action": actions, "added_at": added_at}
    )


def text_origin(get: Callable[[str], object], prompts: Prompts) -> Origin:
    """The columns ``session``, ``source`` and ``prompt`` of metadata; None for what is no text."""
    session, source, prompt = get("session_id"), get("source"), get("prompt")
    return (
        str.__str__(session) if isinstance(session, str) else None,
        str.__str__(source) if isinstance(source, str) else None,
        _digest(prompt, prompts) if isinstance(prompt, str) else None,
    )


def rows(
    actions: Sequence[DetectedAction],
    added_at: float,
    prompts: Prompts,
    origin: MakeOrigin = text_origin,
) -> Iterator[Row]:
    """A row of `ADDED` for each action; the prompts they name are put into ``prompts``.

    Raises:
        ConfigurationError: the metadata of one is not JSON.
    """
    for start in range(0, len(actions), AT_ONCE):
        some = actions[start : start + AT_ONCE]
        for each, text in zip(some, _metadata_texts(some), strict=True):
            yield (
                added_at,
                str.__str__(each.action),
                each.timestamp,
                each.frame_number,
                each.confidence,
                each.duration,
                text,
                *origin(each.metadata.get, prompts),
            )


def json_texts(values: Sequence[Any]) -> list[str]:
    """Each value as JSON, without spaces, keys in their order, not only ASCII.

    One call of the encoder for all of them, because beginning one costs as much as three keys do.
    ValueError for what is not JSON, though `json_fault` is stricter.
    """
    if not values:
        return []
    text = _encode([item for value in values for item in (value, _BETWEEN)])
    if not text.isascii():
        text.encode()  # raises for half a surrogate pair
    mark = f'"{_BETWEEN}"'
    return text[1 : -len(mark) - 2].split(f",{mark},")


def _metadata_texts(actions: Sequence[DetectedAction]) -> list[str]:
    metadata = [each.metadata for each in actions]
    if not _surely_json(metadata):
        _refuse_what_is_not_json(actions)
    try:
        return json_texts(metadata)
    except ValueError as cause:  # NaN, infinity, half a surrogate pair, an endless number
        _refuse_what_is_not_json(actions)
        message = f"the metadata of an action cannot be written as JSON: {cause}"
        raise ConfigurationError(message, details={"field": "metadata"}) from cause


def _surely_json(level: list[Any]) -> bool:
    """Whether types and keys are those of JSON; looks at one level of nesting after the other."""
    for _ in range(MOST_NESTED):
        dicts: list[dict[Any, Any]] = [each for each in level if type(each) is dict]
        if not _KEYS.issuperset(map(type, chain.from_iterable(dicts))):
            return False
        lists: list[list[Any]] = [each for each in level if type(each) is list]
        inner = [*chain.from_iterable(each.values() for each in dicts), *chain(*lists)]
        kinds = set(map(type, inner))
        if kinds <= _SCALARS:
            return True
        if not kinds <= _KINDS:
            return False
        level = [each for each in inner if type(each) in _NESTING]
    return False


def _refuse_what_is_not_json(actions: Sequence[DetectedAction]) -> None:
    for each in actions:
        if fault := json_fault(each.metadata):
            message = f"the action {each.action!r} cannot be kept: {fault}"
            raise ConfigurationError(message, details={"field": "metadata"})


def text_digest(text: str) -> bytes:
    """16 bytes that no other text has."""
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()


def _digest(prompt: str, prompts: Prompts) -> bytes:
    known = prompts.get(prompt)
    if known is None:
        folded = prompt.casefold()
        known = text_digest(folded), folded
        prompts[str.__str__(prompt)] = known
    return known[0]
