"""The requests of the Media Gateway API one by one, for callers that bring their own media."""

from __future__ import annotations

from typing import Any, Protocol


class GatewayRequests(Protocol):
    """HTTP to one gateway with one key.

    * ``base_url`` has no trailing slash. ``api_key`` is in no repr and no error.
    * ``request`` gives the decoded JSON of a 2xx answer, its text where it is no JSON, None where
      it is empty. It raises an `ApiError` for any other status, and `NetworkError` for no answer.
    * ``close`` ends the connections; a second call does nothing, a later request connects again.
    """

    @property
    def base_url(self) -> str:
        """Address of the gateway."""
        ...

    @property
    def api_key(self) -> str:
        """The key."""
        ...

    async def request(self, method: str, path: str, body: object = None) -> Any:
        """Send one request."""
        ...

    def stream_path(self, stream_id: str, rest: str = "") -> str:
        """Path of a stream's resource."""
        ...

    def websocket_url(self, stream_id: str) -> str:
        """Address of a stream's result socket."""
        ...

    def cookies(self) -> dict[str, str]:
        """Cookies the gateway has set."""
        ...

    async def close(self) -> None:
        """End the connections."""
        ...
