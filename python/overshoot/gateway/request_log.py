"""Every request has an id, one line in the log, and is counted."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Final

from aiohttp import web

from overshoot.log import about, get_logger

if TYPE_CHECKING:
    from overshoot.gateway.guards import Handler
    from overshoot.ports.clock import Clock

_log = get_logger(__name__)

HEADER: Final = "X-Request-Id"
_ID: Final = web.RequestKey("request_id", str)
_SANE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UNKNOWN: Final = "unknown"
# Asked for so often by machines that nobody wants to read of it.
_ROUTINE: Final = frozenset({"health", "ready", "metrics"})


class RequestLog:
    """Gives requests their ids and counts them.

    A client's own id is kept where it is up to 64 letters, digits, dots, dashes and underscores;
    else one is made. It is in the answer's ``X-Request-Id``, in the body of an error, and in every
    line that is logged meanwhile.

    Attributes:
        counts: requests by the operation of the API and the status of the answer.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.counts: Counter[tuple[str, int]] = Counter()

    @web.middleware
    async def log(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The outermost middleware."""
        began = self._clock.monotonic()
        told = request.headers.get(HEADER, "")
        request[_ID] = told if _SANE.fullmatch(told) else str(uuid.uuid4())
        operation = _operation(request)
        with about(request_id=request[_ID]):
            # A cancelled request was left by its client: 499, as others call it.
            status = 499
            try:
                response = await handler(request)
                status = response.status
            finally:
                self.counts[operation, status] += 1
                write = _log.debug if operation in _ROUTINE else _log.info
                write(
                    "request",
                    operation=operation,
                    status=status,
                    seconds=round(self._clock.monotonic() - began, 4),
                )
        return response

    @staticmethod
    async def tell(request: web.Request, response: web.StreamResponse) -> None:
        """Put the id into an answer, as its head goes out; for ``on_response_prepare``."""
        if _ID in request:
            response.headers[HEADER] = request[_ID]


def request_id_of(request: web.Request) -> str:
    """The id of a request; of one that came past the log, a new one."""
    return request.get(_ID) or str(uuid.uuid4())


def _operation(request: web.Request) -> str:
    """The name of the method that answers, of which there are only so many."""
    if request.match_info.http_exception is not None:
        return _UNKNOWN
    name = getattr(request.match_info.handler, "__name__", _UNKNOWN)
    return str(name)
