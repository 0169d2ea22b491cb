"""Logging of the whole package: structlog on top of the standard library's ``overshoot`` logger.

Quiet by default: only warnings reach stderr, as the standard library does for a program that has
not configured it. A program that has gets our events like any other library's. Whatever the level,
keys, credentials and session descriptions are masked before anything is rendered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

MASK: Final = "***"
_SECRET_NAMES: Final = re.compile(
    r"(?i)(api_?key|\bkey\b|token|authorization|credential|password|secret|sdp|ice_?pwd|cookie)"
)
_SECRET_TEXT: Final = re.compile(
    r"(?i)(ovs_[\w-]+|bearer\s+\S+|a=ice-pwd:\S+|a=fingerprint:[^\r\n]+|(?<=://)[^/\s@]+(?=@))"
)


def get_logger(name: str) -> BoundLogger:
    """A logger for a module of this package."""
    logger: BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            masked,
            structlog.processors.KeyValueRenderer(key_order=["event"], repr_native_str=False),
        ],
    )
    return logger


def show_debug() -> None:
    """Print everything from DEBUG on to stderr, once, however often it is asked for."""
    logger = logging.getLogger("overshoot")
    logger.setLevel(logging.DEBUG)
    if not any(handler.get_name() == _HANDLER for handler in logger.handlers):
        handler = logging.StreamHandler()
        handler.set_name(_HANDLER)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False


def masked(
    logger: object,
    method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """The structlog processor that takes secrets out of an event, by name and by look."""
    for name, value in event.items():
        if name != "event" and _SECRET_NAMES.search(name):
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub(MASK, value)
    return event


_HANDLER: Final = "overshoot-debug"
