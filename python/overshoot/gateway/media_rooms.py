"""The peers of all streams, and the threads they convert frames in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from overshoot.application.waiting import cancel
from overshoot.gateway.media_lease import renew_while_video_comes
from overshoot.gateway.peer import ReceivingPeer

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.stream import IceServer
    from overshoot.gateway.billing import Billing
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.rtc import Fragment

_THREADS = 2
_STOP_SECONDS = 4.0


class MediaRooms:
    """Receives the video of every stream, which ends with it; the peer ends with both."""

    def __init__(self, settings: GatewaySettings, clock: Clock, billing: Billing) -> None:
        self._settings = settings
        self._clock = clock
        self._billing = billing
        self._tasks: set[asyncio.Task[None]] = set()
        self._peers: dict[str, ReceivingPeer] = {}
        self._bytes_before = 0
        # Not the loop's default executor: a caller who blocks that must not stop the video.
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="overshoot-gateway")

    async def open(
        self, stream: ServedStream, offer_sdp: str, ice_servers: Sequence[IceServer]
    ) -> str:
        """Answer an offer and begin to receive; `ValidationError` for one that cannot be."""
        peer = ReceivingPeer(
            self._executor,
            clock=self._clock,
            gathering=self._settings.gathering(),
            ice_servers=ice_servers,
            connect_seconds=self._settings.connect_seconds,
        )
        answer_sdp = await peer.answer(offer_sdp)
        task = asyncio.create_task(self._receive(peer, stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return answer_sdp

    async def received_bytes(self) -> int:
        """Bytes that came for all streams, those that have ended among them; never less."""
        # Read first: a peer that ends meanwhile is in what follows.
        before = self._bytes_before
        live = [await peer.received_bytes() for peer in tuple(self._peers.values())]
        return before + sum(live)

    async def trickle(self, stream: ServedStream, fragment: Fragment) -> None:
        """Try more addresses of a stream's sender; nothing happens once its connection is gone."""
        peer = self._peers.get(stream.id)
        if peer is not None:
            await peer.trickle(fragment)

    async def stop(self) -> None:
        """Wait until the peers of ended streams are closed, and end the threads."""
        pending = set[asyncio.Task[None]]()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
        self._executor.shutdown(wait=not pending, cancel_futures=True)

    async def _receive(self, peer: ReceivingPeer, stream: ServedStream) -> None:
        self._peers[stream.id] = peer
        receiving = asyncio.create_task(peer.receive(stream))
        ended = asyncio.create_task(stream.wait_ended())
        tasks = [receiving, ended]
        if stream.source == "whip":
            renewing = renew_while_video_comes(stream, self._billing, self._clock)
            tasks.append(asyncio.create_task(renewing))
        try:
            await asyncio.wait({receiving, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await stream.finish()
        finally:
            await cancel(*tasks)
            self._billing.end(stream)
            await peer.close()
            received = await peer.received_bytes()
            del self._peers[stream.id]
            self._bytes_before += received
