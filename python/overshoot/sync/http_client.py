"""`OvershootHttpClient` without ``async``."""

from __future__ import annotations

from typing import Any, TypeVar

from overshoot.application.closing import Closing
from overshoot.client import http_client
from overshoot.sync.loop_thread import LoopThread, Work

ResultT = TypeVar("ResultT")


class OvershootHttpClient(Closing):
    """`overshoot.OvershootHttpClient` for programs without an event loop; see `overshoot.sync`.

    The thread runs from the first request to `close`, after which a request begins anew.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self._inner = http_client.OvershootHttpClient(base_url, api_key)
        self._thread = LoopThread("overshoot-sync-http", self._inner.close)
        self.base_url: str = self._inner.base_url
        self.api_key: str = self._inner.api_key

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def create_stream(
        self,
        offer_sdp: str,
        processing: object | None = None,
        inference: object | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """POST /streams with an SDP offer; the answer holds ``stream_id`` and ``webrtc.sdp``."""
        return self._run(
            lambda: self._inner.create_stream(offer_sdp, processing, inference, request_id)
        )

    def keepalive(self, stream_id: str) -> dict[str, Any]:
        """POST keepalive: renews the stream's lease."""
        return self._run(lambda: self._inner.keepalive(stream_id))

    def update_prompt(self, stream_id: str, prompt: str) -> dict[str, Any]:
        """PATCH the prompt; the answer is the stream's configuration."""
        return self._run(lambda: self._inner.update_prompt(stream_id, prompt))

    def submit_feedback(
        self, stream_id: str, rating: int, category: str, feedback: str | None = None
    ) -> dict[str, Any]:
        """POST feedback about a stream's answers."""
        return self._run(lambda: self._inner.submit_feedback(stream_id, rating, category, feedback))

    def get_all_feedback(self) -> list[dict[str, Any]]:
        """GET every feedback of this key."""
        return self._run(self._inner.get_all_feedback)

    def close_stream(self, stream_id: str) -> dict[str, Any]:
        """DELETE a stream; fine for one that has ended already."""
        return self._run(lambda: self._inner.close_stream(stream_id))

    def delete_stream(self, stream_id: str) -> dict[str, Any]:
        """The same as `close_stream`."""
        return self.close_stream(stream_id)

    def health_check(self) -> str:
        """GET /healthz as text."""
        return self._run(self._inner.health_check)

    def get_websocket_url(self, stream_id: str) -> str:
        """Address of a stream's result socket."""
        return self._inner.get_websocket_url(stream_id)

    def get_cookies(self) -> dict[str, str]:
        """Cookies the gateway has set, for the WebSocket handshake of a caller's own."""
        return self._inner.get_cookies()

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._thread.close()

    def _run(self, work: Work[ResultT]) -> ResultT:
        self._thread.open()
        return self._thread.run(work)
