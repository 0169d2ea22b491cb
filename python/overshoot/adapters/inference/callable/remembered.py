"""The object of a user's class that a process keeps between two calls: one stream's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_kept: list[Any] = []


def make(factory: Callable[[], Any]) -> None:
    """Make the object, unless it is there."""
    if not _kept:
        _kept.append(factory())


def ask(factory: Callable[[], Any], request: Any) -> Any:
    """What the object answers; made anew where the process is a new one."""
    make(factory)
    return _kept[0](request)


def close() -> None:
    """Close and forget the object."""
    while _kept:
        close_object(_kept.pop())


def close_object(kept: object) -> None:
    """Call its ``close``, where it has one."""
    closing = getattr(kept, "close", None)
    if callable(closing):
        closing()
