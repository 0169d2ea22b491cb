"""How a stream begins, whichever call asks for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.domain.serving import ServeRequest

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.application.serving import Serving
    from overshoot.domain.serving import SourceKind
    from overshoot.domain.stream import IceServer
    from overshoot.gateway.admission import Admission
    from overshoot.gateway.billing import Billing
    from overshoot.gateway.media_rooms import MediaRooms
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.wire import CreateStream


@frozen
class CreatedStream:
    """A stream that has begun, with what its client is told: the answer, and servers to use."""

    stream: ServedStream
    answer_sdp: str
    ice_servers: tuple[IceServer, ...]


class Creation:
    """Lets a key's streams in and answers their offers."""

    def __init__(
        self,
        *,
        serving: Serving,
        rooms: MediaRooms,
        admission: Admission,
        billing: Billing,
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        self._serving = serving
        self._rooms = rooms
        self._admission = admission
        self._billing = billing
        self._settings = settings
        self._clock = clock

    def admit(self, owner: str) -> None:
        """Raise an `ApiError` when ``owner`` asks too often or cannot pay."""
        self._admission.admit(owner)
        self._billing.admit(owner)

    async def begin(
        self, owner: str, wanted: CreateStream, source: SourceKind = "webrtc"
    ) -> CreatedStream:
        """Begin a stream and answer its offer; after an error nothing is left of it."""
        asked = ServeRequest(wanted.sampling, wanted.inference, wanted.motion_gate, source)
        stream = await self._serving.create(owner, asked)
        servers = self._settings.all_ice_servers(stream.id, self._clock.wall())
        try:
            answer_sdp = await self._rooms.open(stream, wanted.offer_sdp, servers)
        except BaseException:
            # Of a stream that was never told of, nothing may stay.
            await asyncio.shield(self._serving.discard(stream))
            raise
        self._billing.begin(owner, stream)
        return CreatedStream(stream, answer_sdp, servers)
