"""What each filter of an `ActionQuery` asks of an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from overshoot.domain.json_value import canonical_json

if TYPE_CHECKING:
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction

Condition: TypeAlias = Literal[
    "action", "timestamp", "added", "confidence", "duration", "session", "source", "prompt", "data"
]
"""What is looked at; ``data`` is the filter ``metadata``."""

Check: TypeAlias = "Callable[[StoredAction], bool]"


def checks(query: ActionQuery, *, newest: float, now: float) -> dict[Condition, Check]:
    """A check for each condition that the query has; all of them together are the query.

    ``newest`` and ``now`` as for `ActionQuery.matches`.
    """
    found: dict[Condition, Check] = {}
    names, since = query.action, query.last_wall_seconds
    if names is not None:
        found["action"] = lambda stored: stored.action.action in names
    start, end = query.window(newest)
    if start > -inf or end < inf:
        found["timestamp"] = lambda stored: start <= stored.action.timestamp <= end
    if since is not None:
        earliest = now - since
        found["added"] = lambda stored: stored.added_at >= earliest
    if limits := _limits(query.min_confidence, query.max_confidence):
        least, most = limits
        found["confidence"] = lambda stored: least <= stored.action.confidence <= most
    if limits := _limits(query.min_duration, query.max_duration):
        found["duration"] = _duration_within(*limits)
    for condition, check in metadata_checks(query).items():
        found[condition] = _of_metadata(check)
    return found


def metadata_checks(query: ActionQuery) -> dict[Condition, Callable[[Mapping[str, Any]], bool]]:
    """Those of `checks` that look at metadata alone, for the metadata."""
    found: dict[Condition, Callable[[Mapping[str, Any]], bool]] = {}
    if query.session is not None:
        found["session"] = _text_among("session_id", query.session)
    if query.source is not None:
        found["source"] = _text_among("source", query.source)
    if query.prompt_contains is not None:
        found["prompt"] = _prompt_with(query.prompt_contains.casefold())
    if query.metadata:
        found["data"] = _values(query.metadata)
    return found


def _limits(least: float | None, most: float | None) -> tuple[float, float] | None:
    if least is None and most is None:
        return None
    return -inf if least is None else least, inf if most is None else most


def _duration_within(least: float, most: float) -> Check:
    def check(stored: StoredAction) -> bool:
        duration = stored.action.duration
        return duration is not None and least <= duration <= most

    return check


def _of_metadata(check: Callable[[Mapping[str, Any]], bool]) -> Check:
    return lambda stored: check(stored.action.metadata)


def _text_among(key: str, texts: frozenset[str]) -> Callable[[Mapping[str, Any]], bool]:
    def check(metadata: Mapping[str, Any]) -> bool:
        value: object = metadata.get(key)
        return isinstance(value, str) and value in texts

    return check


def _prompt_with(folded: str) -> Callable[[Mapping[str, Any]], bool]:
    def check(metadata: Mapping[str, Any]) -> bool:
        prompt: object = metadata.get("prompt")
        return isinstance(prompt, str) and folded in prompt.casefold()

    return check


def _values(wanted: tuple[tuple[str, str], ...]) -> Callable[[Mapping[str, Any]], bool]:
    return lambda metadata: all(
        key in metadata and canonical_json(metadata[key]) == text for key, text in wanted
    )
