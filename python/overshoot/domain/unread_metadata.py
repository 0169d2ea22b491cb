"""Metadata that stays JSON text until somebody asks for it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

from overshoot.errors import StoreError

_SHOWN_CHARACTERS: Final = 120


_reading = Lock()


class UnreadMetadata:
    """The base of a class with slots whose ``metadata`` may come later.

    As long as that slot is empty, asking for it reads the JSON text in ``_unread``, and all threads
    get one dict. Most of what is found is asked for its name and time only, and reading JSON takes
    longer than finding it.
    """

    __slots__ = ("_unread",)

    _unread: str

    if not TYPE_CHECKING:  # it would let any attribute pass

        def __getattr__(self, name: str) -> Any:
            text = None
            if name == "metadata":
                with suppress(AttributeError):
                    text = object.__getattribute__(self, "_unread")
            if text is None:
                message = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(message, name=name, obj=self)
            read = read_metadata(text)
            with _reading:
                try:
                    return object.__getattribute__(self, "metadata")  # somebody was faster
                except AttributeError:
                    object.__setattr__(self, "metadata", read)
                    return read


def read_metadata(text: str) -> dict[str, Any]:
    """What a store wrote; `StoreError` where somebody else has changed it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise StoreError(_not_ours(text)) from cause
    if not isinstance(value, dict):
        raise StoreError(_not_ours(text))
    return cast("dict[str, Any]", value)


def _not_ours(text: str) -> str:
    shown = text[:_SHOWN_CHARACTERS]
    return f"the store holds metadata that is no JSON object: {shown!r}; restore it from a copy"


def _free_in_child() -> None:
    global _reading  # noqa: PLW0603 - a thread that the child does not have may have held it
    _reading = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_in_child)
