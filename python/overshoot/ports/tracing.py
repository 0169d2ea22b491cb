"""Where a gateway tells what it did, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from overshoot.domain.answered import Answered


class RequestSpan(Protocol):
    """A request that is being answered."""

    def answered(self, status: int) -> None:
        """The HTTP status of the answer."""
        ...


class Tracing(Protocol):
    """Spans of requests and of clips.

    * ``request`` spans a request until the block is left; ``headers`` may hold the trace that the
      caller is in (W3C Trace Context), which it then belongs to.
    * ``stream_began`` names a stream in the request that made it, and gives what refers to that
      request; any value, for ``clip_answered`` alone.
    * ``clip_answered`` tells of one clip, from its newest frame to the answer's listeners.
    * None of them waits or raises. No prompt, answer, picture, key or session description is told.
    """

    def request(
        self, method: str, route: str, headers: Mapping[str, str], request_id: str
    ) -> AbstractContextManager[RequestSpan]:
        """Span a request."""
        ...

    def stream_began(self, stream_id: str, model: str) -> object:
        """Name a stream."""
        ...

    def clip_answered(self, answer: Answered, origin: object) -> None:
        """Tell of a clip."""
        ...
