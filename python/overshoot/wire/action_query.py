"""Which actions a request asks for, in the words of its query string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from overshoot.domain.query import ActionQuery
from overshoot.errors import ValidationError

MOST_ON_A_PAGE: Final = 500
_USUAL_ON_A_PAGE: Final = 100
_LONGEST_TEXT: Final = 128

_NUMBERS: Final = (
    "start_time",
    "end_time",
    "min_confidence",
    "max_confidence",
    "min_duration",
    "max_duration",
)
_WORDS: Final = {"stream_id": "session", "action": "action", "cursor": "after"}
"""What a request calls a filter, and what the query does."""

_ORDERS: Final = {"desc": "-added", "asc": "added"}
"""Short words for two of them."""


def decode_action_query(given: Mapping[str, str]) -> ActionQuery:
    """The query; the newest first unless it says otherwise.

    Words that are no filter are ignored, and so are filters that are left empty.

    `ValidationError` for a value that does not fit; ``details["field"]`` names it.
    """
    given = {name: text for name, text in given.items() if text}
    order = given.get("order", "desc")
    filters: dict[str, Any] = {"order": _ORDERS.get(order, order), "limit": _limit(given)}
    filters |= {name: _number(name, given[name]) for name in _NUMBERS if name in given}
    filters |= {field: _text(name, given[name]) for name, field in _WORDS.items() if name in given}
    return ActionQuery(**filters)


def decode_search_text(given: Mapping[str, str]) -> str | None:
    """What names or prompts are searched for; None for nothing."""
    return _text("text", given["text"]) if given.get("text") else None


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit", str(_USUAL_ON_A_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_ON_A_PAGE):
        raise _refused("limit", f"a whole number from 1 to {MOST_ON_A_PAGE}", text)
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refused(name, "a number", text) from None


def _text(name: str, text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise _refused(name, f"at most {_LONGEST_TEXT} characters", text)
    return text


def _refused(name: str, wanted: str, text: str) -> ValidationError:
    msg = f"{name} must be {wanted}, got {text[:32]!r}"
    return ValidationError(msg, details={"field": name})
