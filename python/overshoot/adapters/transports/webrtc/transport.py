"""`Transport` over the Media Gateway API v0.2."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import ClientWebSocketResponse, WSMsgType
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from overshoot.adapters.transports.webrtc.track import FrameTrack
from overshoot.errors import (
    ApiError,
    ConfigurationError,
    NetworkError,
    OvershootError,
    ProtocolError,
    StreamEndedError,
    UnauthorizedError,
)
from overshoot.log import get_logger
from overshoot.ports.transport import (
    FrameFeed,
    MediaChanged,
    MessageUnreadable,
    OpenedStream,
    ResultReceived,
    ResultsClosed,
    StreamRequest,
    TransportEvent,
)
from overshoot.rtc import close_peer, create_peer, gather_on, hold_bitrate
from overshoot.wire import (
    decode_created,
    decode_keepalive,
    decode_result,
    encode_create,
    encode_feedback,
    encode_prompt,
)

if TYPE_CHECKING:
    from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi
    from overshoot.domain.stream import IceServer

_log = get_logger(__name__)

DELETE_SECONDS = 3.0
OPENING_PATIENCE_SECONDS = 5.0
REFUSED = 1008


class WebRtcTransport:
    """One stream over WebRTC. See `overshoot.ports.transport.Transport` for the contract.

    Args:
        api: the gateway and the key; closed with the transport.
        ice_servers: STUN and TURN servers to ask; none by default.
        form: ``webrtc`` sends the offer as the first clients of the API did, ``source`` as the
            OpenAPI document prefers; gateways take both.
        codec: the codec to offer first; the gateway chooses.
        steady: encode at one bit rate, in place of what the receiver says the network carries.
    """

    def __init__(
        self,
        api: GatewayApi,
        *,
        ice_servers: Sequence[IceServer] = (),
        form: Literal["webrtc", "source"] = "webrtc",
        codec: Literal["VP8", "H264"] = "VP8",
        steady: bool = False,
    ) -> None:
        self._api = api
        self._ice_servers = tuple(ice_servers)
        self._form: Literal["webrtc", "source"] = form
        self._codec = codec
        self._steady = steady
        self._events: asyncio.Queue[TransportEvent | None] = asyncio.Queue()
        self._opening = asyncio.Lock()
        self._closed = False
        self._peer: RTCPeerConnection | None = None
        self._stream_id: str | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        """Offer, post, accept the answer."""
        self._refuse_if_closed()
        async with self._opening:
            self._refuse_if_closed()
            if self._peer is not None:
                raise StreamEndedError("this stream was opened before", reason="already_started")
            try:
                return await self._open(request, feed)
            except BaseException:
                await self._release(delete=True)
                raise

    async def connect_results(self) -> None:
        """Open the socket and send the key; reading goes on in a task."""
        try:
            socket = await self._api.open_websocket(self._known_stream())
        except UnauthorizedError as refused:
            self._events.put_nowait(ResultsClosed(REFUSED, refused.message))
            return
        if self._closed:
            await socket.close()
            self._refuse_if_closed()
        self._socket = socket
        self._spawn(self._read(socket))

    async def receive(self) -> TransportEvent:
        """The next event."""
        event = None if self._closed else await self._events.get()
        if event is None:
            self._events.put_nowait(None)  # For whoever else waits.
            raise _closed()
        return event

    async def renew_lease(self) -> float | None:
        """POST keepalive."""
        path = self._api.stream_path(self._known_stream(), "/keepalive")
        return decode_keepalive(await self._api.request("POST", path))

    async def update_prompt(self, prompt: str) -> None:
        """PATCH the prompt."""
        path = self._api.stream_path(self._known_stream(), "/config/prompt")
        await self._api.request("PATCH", path, encode_prompt(prompt))

    async def submit_feedback(self, *, rating: int, category: str, feedback: str) -> None:
        """POST feedback."""
        path = self._api.stream_path(self._known_stream(), "/feedback")
        body = encode_feedback(rating=rating, category=category, feedback=feedback)
        await self._api.request("POST", path, body)

    async def close(self, *, delete: bool = True) -> None:
        """Free everything, after an opening under way has come to its end."""
        self._closed = True
        opening_ended = False
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OPENING_PATIENCE_SECONDS):
                    opening_ended = await self._opening.acquire()
            await self._release(delete=delete)
        finally:
            if opening_ended:
                self._opening.release()

    # --- opening -------------------------------------------------------------------------------

    async def _open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        peer = self._peer = create_peer(self._ice_servers)
        peer.on("connectionstatechange", self._on_connection_state)
        self._add_track(peer, feed)
        if self._api.on_loopback:
            gather_on(peer, ("127.0.0.1",))
        await peer.setLocalDescription(await peer.createOffer())
        body = encode_create(peer.localDescription.sdp, request, form=self._form)
        created = decode_created(await self._api.request("POST", "/streams", body))
        self._stream_id = created.stream_id
        self._refuse_if_closed()
        await self._accept(peer, created.answer_sdp)
        return OpenedStream(created.stream_id, created.lease_ttl_seconds)

    def _add_track(self, peer: RTCPeerConnection, feed: FrameFeed) -> None:
        track = FrameTrack(feed, lambda: self._spawn(self._drain(transceiver.sender)))
        try:
            transceiver = peer.addTransceiver(track, direction="sendonly")
        except ValueError as cause:  # The first transceiver makes the transport.
            message = f"ice_servers must be made of stun: and turn: addresses ({cause})"
            raise ConfigurationError(message, details={"field": "ice_servers"}) from cause
        if self._steady:
            track.when_encoding = hold_bitrate(transceiver.sender)
        track.add_listener("ended", lambda: self._on_track_end(track))
        codecs = RTCRtpSender.getCapabilities("video").codecs
        first = f"video/{self._codec}".lower()
        transceiver.setCodecPreferences(
            sorted(codecs, key=lambda codec: codec.mimeType.lower() != first)
        )

    async def _accept(self, peer: RTCPeerConnection, answer_sdp: str | None) -> None:
        if answer_sdp is None:
            message = "the gateway made the stream but sent no WebRTC answer; it may want LiveKit"
            raise ProtocolError(message)
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp=answer_sdp, type="answer"))
        except Exception as cause:
            # aiortc raises whatever its parser met: ValueError, KeyError, AssertionError …
            message = (
                f"the gateway's WebRTC answer cannot be used ({type(cause).__name__}: {cause})"
            )
            raise ProtocolError(message) from cause

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise _closed()

    def _known_stream(self) -> str:
        self._refuse_if_closed()
        if self._stream_id is None:
            raise StreamEndedError("there is no stream yet: open it first", reason="not_started")
        return self._stream_id

    # --- media ---------------------------------------------------------------------------------

    def _on_connection_state(self) -> None:
        peer = self._peer
        if peer is None or self._closed:
            return
        # aiortc never says "disconnected", and a dead path shows as "closed" just as "failed".
        state = peer.connectionState
        if state == "connected":
            self._events.put_nowait(MediaChanged("connected"))
        elif state in {"failed", "closed"}:
            self._events.put_nowait(MediaChanged("failed"))

    def _on_track_end(self, track: FrameTrack) -> None:
        # A feed or an encoder that raises ends aiortc's sender with a line in the log and no more.
        if not track.drained and not self._closed:
            self._events.put_nowait(MediaChanged("failed"))

    async def _drain(self, sender: RTCRtpSender) -> None:
        # Stopping the sender says goodbye (RTCP BYE), by which the gateway knows the video's end.
        try:
            await sender.stop()
        except ConnectionError as error:
            _log.debug("goodbye_not_sent", error=str(error))
        self._events.put_nowait(MediaChanged("drained"))

    # --- results -------------------------------------------------------------------------------

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        # receive(), because iterating over an aiohttp socket swallows the close frame and with it
        # the code and the reason.
        while True:
            message = await socket.receive()
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                self._events.put_nowait(_as_event(message.data))
            elif message.type is WSMsgType.CLOSE:
                self._events.put_nowait(ResultsClosed(message.data, message.extra or ""))
                return
            elif message.type in {WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                detail = str(message.data or "") if message.type is WSMsgType.ERROR else ""
                self._events.put_nowait(ResultsClosed(socket.close_code, detail))
                return

    # --- the end -------------------------------------------------------------------------------

    async def _release(self, *, delete: bool) -> None:
        self._closed = True
        self._events.put_nowait(None)
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        stream_id, self._stream_id = self._stream_id, None
        if delete and stream_id is not None:
            await self._delete(stream_id)
        peer, self._peer = self._peer, None
        if peer is not None:
            await close_peer(peer)
        await self._api.close()

    async def _delete(self, stream_id: str) -> None:
        try:
            path = self._api.stream_path(stream_id)
            await self._api.request("DELETE", path, answer_seconds=DELETE_SECONDS)
        except (ApiError, NetworkError) as error:
            # Its lease ends it at the gateway; there is nothing more to do from here.
            _log.debug("stream_not_deleted", stream_id=stream_id, error=error.message)

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._events.put_nowait(ResultsClosed(None, f"{type(error).__name__}: {error}"))


def _closed() -> StreamEndedError:
    return StreamEndedError("this stream has been closed", reason="client_requested")


def _as_event(data: str | bytes) -> TransportEvent:
    try:
        return ResultReceived(decode_result(data))
    except OvershootError as error:
        return MessageUnreadable(error.message)
