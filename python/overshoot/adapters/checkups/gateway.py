"""A gateway: whether it is there, lets us in, and has our time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import aiohttp

from overshoot.adapters.checkups.http_hops import asked
from overshoot.domain.checkup import Finding, broken, doubtful, fine
from overshoot.domain.clock_skew import clock_finding

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock

_REFUSED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404


class GatewayCheck:
    """Address, health, clock, key and result socket of a gateway.

    No stream is made. The key goes to the address that was named, and nowhere else.
    """

    name = "gateway"

    def __init__(self, url: str, key: str, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._clock = clock

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    async def findings(self) -> AsyncIterator[Finding]:
        """Up to five."""
        async with aiohttp.ClientSession() as session:
            sent = self._clock.wall()
            health = await asked(session, self.name, f"{self._url}/healthz")
            answered_at = self._clock.wall()
            if isinstance(health, Finding):
                yield health
                return
            if not health.good:
                yield self._unhealthy(health.status, elsewhere=health.elsewhere)
                return
            yield fine(f"{self.name} health", f"{self._url} says that it is well")
            date = health.headers.get("Date")
            yield clock_finding(f"{self.name} clock", date, sent, answered_at)
            key = await self._key_finding(session)
            yield key
            if key.outcome != "failed":
                yield await self._socket_finding(session)

    def _unhealthy(self, status: int, *, elsewhere: bool) -> Finding:
        hop = f"{self.name} health"
        if elsewhere:
            told = f"{self._url} sends us elsewhere ({status})"
            return broken(hop, told, "name the address it sends to itself, if it is to be trusted")
        if status == _NOT_FOUND:
            remedy = "check the path of the address, such as /api/v0.2"
            return broken(hop, f"there is no gateway at {self._url} (404)", remedy)
        remedy = "look at the gateway's own log"
        return broken(hop, f"{self._url} says that it is not well ({status})", remedy)

    async def _key_finding(self, session: aiohttp.ClientSession) -> Finding:
        hop = f"{self.name} key"
        headers = {"Authorization": f"Bearer {self._key}"}
        answer = await asked(session, self.name, f"{self._url}/models", headers)
        if isinstance(answer, Finding):
            return answer
        if answer.status in _REFUSED:
            remedy = "check the key (--api-key, OVERSHOOT_API_KEY), and that it is this gateway's"
            return broken(hop, f"the gateway refuses the key ({answer.status})", remedy)
        if not answer.good:
            told = f"it cannot be told: /models answered {answer.status}"
            return doubtful(hop, told, "start a stream to see")
        return fine(hop, "the gateway takes the key")

    async def _socket_finding(self, session: aiohttp.ClientSession) -> Finding:
        """Whether a WebSocket comes through; proxies in between often forget them."""
        hop = f"{self.name} result socket"
        scheme, rest = self._url.split("://", 1)
        url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws/streams/overshoot-doctor"
        remedy = "let proxies between here and there pass WebSockets (Upgrade, Connection)"
        try:
            # Nothing is said on it, the key neither.
            socket = await session.ws_connect(
                url,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),  # pyright: ignore[reportCallIssue]
            )
        except aiohttp.WSServerHandshakeError as refused:
            told = f"the WebSocket was refused with status {refused.status}"
            return doubtful(hop, told, remedy)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return broken(hop, f"no WebSocket opens ({type(error).__name__})", remedy)
        await socket.close()
        return fine(hop, "WebSockets come through")
