"""What evidence is called on the disk: names made by us, so that none can lead out of the folder.

``<session>/<number>-<action>.mp4``, ``.jpg`` and ``.json``, such as ``3f…a/000012-waving-hand``.
"""

from __future__ import annotations

import re
from typing import Final

from overshoot.errors import ConfigurationError

VIDEO: Final = ".mp4"
THUMBNAIL: Final = ".jpg"
SIDECAR: Final = ".json"
SUFFIXES: Final = (SIDECAR, VIDEO, THUMBNAIL)
"""A sidecar is the last to come and the first to go: what has one is whole."""

DRAFT_PREFIX: Final = ".overshoot-draft-"

_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STEM: Final = re.compile(r"\d{6,}-[a-z0-9-]{1,40}")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_WORD: Final = 40


def session_folder(session_id: str) -> str:
    """The name of a session's folder; `ConfigurationError` for an id that could be a path."""
    if not isinstance(session_id, str) or _SESSION.fullmatch(session_id) is None:
        message = (
            "session_id must be 1 to 64 letters, digits, '-' or '_' of ASCII,"
            f" got {str(session_id)[:80]!r}"
        )
        raise ConfigurationError(message, details={"field": "session_id"})
    return session_id


def action_stem(number: int, action: str) -> str:
    """The name of an action's files without their endings; rises with ``number``."""
    word = _OTHER.sub("-", action.casefold())[:_LONGEST_WORD].strip("-")
    return f"{number:06d}-{word or 'action'}"


def is_stem(name: str) -> bool:
    """Whether a file of this name, without its ending, can be one of ours."""
    return _STEM.fullmatch(name) is not None


def is_session(name: str) -> bool:
    """Whether a folder of this name can be one of ours."""
    return _SESSION.fullmatch(name) is not None
