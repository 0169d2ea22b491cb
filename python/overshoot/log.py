"""Logging of the whole package: structlog on top of the standard library's ``overshoot`` logger.

Quiet by default: only warnings reach stderr, as the standard library does for a program that has
not configured it. A program that has gets our events like any other library's. Whatever the level,
keys, credentials and session descriptions are masked before anything is rendered.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import structlog

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger

LogStyle: TypeAlias = Literal["console", "json"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

MASK: Final = "***"
_SECRET_NAMES: Final = re.compile(
    r"(?i)(api_?key|\bkey\b|token|authorization|credential|password|secret|ticket|sdp|ice_?pwd|cookie)"
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
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            masked,
            _rendered,
        ],
    )
    return logger


def about(**values: str) -> AbstractContextManager[None]:
    """Put ``values`` into every line that is logged inside, tasks that begin there included."""
    return structlog.contextvars.bound_contextvars(**values)


def show_debug() -> None:
    """Print everything from DEBUG on to stderr, once, however often it is asked for."""
    logger = logging.getLogger("overshoot")
    logger.setLevel(logging.DEBUG)
    if not any(handler.get_name() == _HANDLER for handler in logger.handlers):
        logger.addHandler(_handler("console"))
        logger.propagate = False


def write_log(style: LogStyle, level: LogLevel = "info") -> None:
    """Print the whole program's log to stderr: ours from ``level`` on, warnings of others.

    For programs of our own; one that is somebody else's configures `logging` itself.
    """
    logging.basicConfig(level=logging.WARNING, handlers=[_handler(style)], force=True)
    logging.getLogger("overshoot").setLevel(level.upper())


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


def _rendered(
    logger: object,
    method: str,
    event: MutableMapping[str, Any],
) -> tuple[tuple[str], dict[str, Any]]:
    """The last processor: text for any handler, and the event as it is for ours."""
    return (str(_as_text(logger, method, dict(event))),), {"extra": {_EVENT: dict(event)}}


class _ConsoleLines(logging.Formatter):
    """One line a record for people, with what other libraries say masked as well."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET_TEXT.sub(MASK, super().format(record))


class _JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, event, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, _EVENT, None)
        if event is None:
            event = {"event": record.getMessage(), **structlog.contextvars.get_contextvars()}
            if record.exc_info is not None:
                event["exception"] = self.formatException(record.exc_info)
            masked(None, record.levelname, event)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event["event"],
            **event,
        }
        return json.dumps(line, default=str, ensure_ascii=False)


def _handler(style: LogStyle) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.set_name(_HANDLER)
    handler.setFormatter(_JsonLines() if style == "json" else _ConsoleLines())
    return handler


_HANDLER: Final = "overshoot-debug"
_EVENT: Final = "overshoot_event"
_as_text: Final = structlog.processors.KeyValueRenderer(key_order=["event"], repr_native_str=False)
