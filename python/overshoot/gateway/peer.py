"""The receiving end of a client's WebRTC connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from aiortc import MediaStreamTrack, RTCSessionDescription

from overshoot.application.waiting import cancel, within
from overshoot.errors import ApiError, ValidationError
from overshoot.gateway.media import receive_video
from overshoot.log import get_logger
from overshoot.rtc import (
    MAX_CANDIDATES,
    as_baseline,
    as_offered,
    check_sdp,
    close_peer,
    create_peer,
    gather_on,
    ice_credentials,
    leave_unread,
    without_named_candidates,
)

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.stream import IceServer
    from overshoot.ports.clock import Clock
    from overshoot.rtc import Fragment, Gathering

_log = get_logger(__name__)


class ReceivingPeer:
    """Answers one offer and feeds one stream with the first video track in it.

    What else is offered is answered as the sender wants it, and what comes of it is thrown away
    as it is: sound is never decoded.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        clock: Clock,
        gathering: Gathering,
        ice_servers: Sequence[IceServer],
        connect_seconds: float,
    ) -> None:
        self._executor = executor
        self._clock = clock
        self._gathering = gathering
        self._connect_seconds = connect_seconds
        self._peer = create_peer(ice_servers)
        self._video: MediaStreamTrack | None = None
        self._credentials: frozenset[tuple[str, str]] = frozenset()
        self._candidates_left = MAX_CANDIDATES
        self._connected = asyncio.Event()
        self._gone = asyncio.Event()
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)

    async def answer(self, offer_sdp: str) -> str:
        """The complete SDP answer; `ValidationError` for an offer that cannot be answered,
        `ServerError` where there is no port left to receive on.

        After an error the peer is closed.
        """
        check_sdp(offer_sdp)
        try:
            return await self._answer(offer_sdp)
        except ApiError:
            await self.close()
            raise
        except Exception as error:
            # KeyError and others for text that is not what it expects.
            await self.close()
            _log.info("offer_refused", why=type(error).__name__)
            msg = (
                "the SDP offer cannot be answered; it must offer VP8, or H264 in packetization"
                " mode 0 or 1, over DTLS-SRTP (UDP/TLS/RTP/SAVPF)"
            )
            raise ValidationError(msg, details={"field": "sdp"}) from error
        except BaseException:
            await self.close()
            raise

    async def receive(self, stream: ServedStream) -> None:
        """Feed ``stream``; comes back when the video has ended or the connection is gone."""
        if self._video is None:
            return
        receiving = asyncio.create_task(receive_video(self._video, stream, self._executor))
        watching = asyncio.create_task(self._until_gone())
        try:
            await asyncio.wait({receiving, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(receiving, watching)
        if not receiving.cancelled() and (error := receiving.exception()) is not None:
            _log.error("receiving_failed", stream_id=stream.id, exc_info=error)

    async def received_bytes(self) -> int:
        """What came over the network for it: video, and what else was sent along."""
        report: dict[str, Any] = dict(await self._peer.getStats())
        # Two media may share a transport, which is in the report once.
        return sum(each.bytesReceived for each in report.values() if each.type == "transport")

    async def trickle(self, fragment: Fragment) -> None:
        """Try more addresses of the sender's, as many as an offer may have; others are left out.

        `ValidationError` for a fragment of another ICE session: aiortc cannot restart one.
        """
        if not fragment.credentials <= self._credentials:
            msg = (
                "ICE restarts are not supported: the fragment's ice-ufrag and ice-pwd are not those"
                " of the offer; publish again"
            )
            raise ValidationError(msg, code="ice_restart_unsupported")
        taken = fragment.candidates[: self._candidates_left]
        self._candidates_left -= len(taken)
        transports = {each.mid: each.receiver.transport for each in self._peer.getTransceivers()}
        for each in taken:
            # Bundled sections share one, so that it hardly matters which of them is named.
            dtls = transports.get(each.mid) or next(iter(transports.values()))
            await dtls.transport.addRemoteCandidate(each.candidate)

    async def close(self) -> None:
        """Free everything; a second call does nothing."""
        await close_peer(self._peer)

    async def _answer(self, offer_sdp: str) -> str:
        taken_sdp, profiles = as_baseline(without_named_candidates(offer_sdp))
        await self._peer.setRemoteDescription(RTCSessionDescription(taken_sdp, "offer"))
        if self._video is None:
            msg = "the SDP offer sends no video; its m=video section must be sendonly or sendrecv"
            raise ValidationError(msg, details={"field": "sdp"})
        for transceiver in self._peer.getTransceivers():
            if transceiver.receiver.track is not self._video:
                leave_unread(transceiver.receiver)
        self._credentials = ice_credentials(offer_sdp)
        self._candidates_left -= offer_sdp.count("a=candidate:")
        gather_on(self._peer, self._gathering)
        answer = await self._peer.createAnswer()
        await self._peer.setLocalDescription(answer)
        return as_offered(self._peer.localDescription.sdp, profiles)

    async def _until_gone(self) -> None:
        try:
            await within(self._clock, self._connect_seconds, self._until_connected())
        except TimeoutError:
            _log.info("media_never_connected", seconds=self._connect_seconds)
            return
        await self._gone.wait()

    async def _until_connected(self) -> None:
        await self._connected.wait()

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._video is None:
            self._video = track

    def _on_state(self) -> None:
        if self._peer.connectionState == "connected":
            self._connected.set()
        elif self._peer.connectionState in {"failed", "closed"}:
            self._connected.set()
            self._gone.set()
