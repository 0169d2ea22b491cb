"""What a model is asked so that it says which actions it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from overshoot.errors import ConfigurationError

DEFAULT_PROMPT: Final = (
    "Which of these actions can be seen in the video: {actions}? Give every one of them once, with"
    " detected (true or false) and confidence (0.0 to 1.0)."
)
PLACE_OF_ACTIONS: Final = "{actions}"
SCHEMA_VERSION: Final = 1
"""Of what `action_schema` asks for; actions say which one their verdicts answered to."""


def comparable(name: str) -> str:
    """A name without what models change about it: case and spaces."""
    return " ".join(name.split()).casefold()


def action_names(given: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple; at least one, and no two that differ in case or spaces alone."""
    names = () if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if not names or not all(_is_name(cast("object", name)) for name in names):
        message = f"actions must be a list of names, none of them empty, got {given!r}"
        raise ConfigurationError(message, details={"field": "actions"})
    if len({comparable(name) for name in names}) < len(names):
        message = f"actions must differ by more than case and spaces, got {list(names)!r}"
        raise ConfigurationError(message, details={"field": "actions"})
    return names


def action_prompt(actions: Sequence[str], template: str = DEFAULT_PROMPT) -> str:
    """The template with the names in the place of ``{actions}``; other braces are left alone."""
    return template.replace(PLACE_OF_ACTIONS, ", ".join(actions))


def action_schema(actions: Sequence[str]) -> Mapping[str, Any]:
    """JSON schema of the answer, as in the specification's relay example.

    ``{"detected_actions": [{"action": …, "confidence": …, "detected": …}, …]}``
    """
    verdict = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": list(actions)},
            "confidence": {"type": "number"},
            "detected": {"type": "boolean"},
        },
        "required": ["action", "confidence", "detected"],
    }
    return {
        "type": "object",
        "properties": {"detected_actions": {"type": "array", "items": verdict}},
        "required": ["detected_actions"],
    }


def actions_in(schema: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The names that a schema asks for, if it is like `action_schema`; None for any other."""
    place: object = schema
    for key in ("properties", "detected_actions", "items", "properties", "action", "enum"):
        place = cast("Mapping[str, object]", place).get(key) if isinstance(place, Mapping) else None
    names = cast("list[object]", place) if isinstance(place, list) else []
    try:
        return action_names(cast("list[str]", names))
    except ConfigurationError:
        return None


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip())
