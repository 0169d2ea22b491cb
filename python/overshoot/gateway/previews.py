"""Live pictures of a stream for people to look at: motion JPEG, as browsers show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from aiohttp import web

from overshoot.application.waiting import within
from overshoot.errors import RateLimitError
from overshoot.gateway.guards import CORS_HEADERS

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.frame import Frame
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock

VIEWERS: Final = 4
"""Previews of one stream at the same time; each has pictures encoded for itself."""
_BOUNDARY: Final = "overshoot-frame"


class Previews:
    """Sends the newest picture of a stream, then the newest again, as fast as was asked for.

    A viewer that reads slowly gets fewer pictures; the stream and other viewers notice nothing.

    Args:
        encode: makes a JPEG of a frame whose longer side is so many pixels at most.
        settings: how long a picture may take to be read.
        clock: what time it is.
    """

    def __init__(
        self,
        encode: Callable[[Frame, int], Awaitable[bytes]],
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        self._encode = encode
        self._send_seconds = settings.send_seconds
        self._clock = clock
        self._viewers: Counter[str] = Counter()

    async def serve(
        self, request: web.Request, stream: ServedStream, *, fps: float, side: int
    ) -> web.StreamResponse:
        """Answer with pictures until the stream or the viewer goes; at most ``fps`` a second.

        `RateLimitError` when `VIEWERS` look at the stream already.
        """
        if self._viewers[stream.id] >= VIEWERS:
            msg = f"at most {VIEWERS} previews of one stream at a time"
            raise RateLimitError(msg)
        self._viewers[stream.id] += 1
        try:
            return await self._serve(request, stream, 1 / fps, side)
        finally:
            self._viewers[stream.id] -= 1
            if not self._viewers[stream.id]:
                del self._viewers[stream.id]

    async def _serve(
        self, request: web.Request, stream: ServedStream, interval: float, side: int
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}",
                "Cache-Control": "no-store",
                **request.get(CORS_HEADERS, {}),
            }
        )
        await response.prepare(request)
        try:
            await self._send(response, stream, interval, side)
            await response.write_eof(f"--{_BOUNDARY}--\r\n".encode())
        except (TimeoutError, ConnectionError):
            # Left to itself it would wait as long as the viewer keeps still.
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _send(
        self, response: web.StreamResponse, stream: ServedStream, interval: float, side: int
    ) -> None:
        index = -1
        while (frame := await stream.frames.after(index)) is not None:
            began = self._clock.monotonic()
            index = frame.index
            picture = await self._encode(frame, side)
            await within(self._clock, self._send_seconds, response.write(_part(frame, picture)))
            await self._clock.sleep(began + interval - self._clock.monotonic())


def _part(frame: Frame, picture: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n"
        f"X-Frame-Index: {frame.index}\r\nX-Stream-Time: {frame.timestamp:.3f}\r\n\r\n"
    )
    return head.encode() + picture + b"\r\n"
