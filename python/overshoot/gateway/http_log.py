"""The log of aiohttp's server, without what strangers write into it."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def http_log() -> logging.Logger:
    """A logger for the server. A request that is no HTTP is one line without its text, in which
    a key may stand, and no traceback."""
    log = logging.getLogger("overshoot.gateway.http")
    if not log.filters:
        log.addFilter(_without_requests)
    return log


def _without_requests(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info = None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True
