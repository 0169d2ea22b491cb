"""How frames reach a gateway, and how its answers come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from overshoot.domain.frame import PlanarFrame
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.stream import ProcessingConfig, StreamInferenceConfig


class FrameFeed(Protocol):
    """Where a transport takes the frames it sends.

    ``next_frame`` waits for the next frame and gives each at most once, newest first when the
    transport is slower than the source; None means the video has ended, and then always None.
    """

    async def next_frame(self) -> PlanarFrame | None:
        """The next frame to send, or None at the end of the video."""
        ...


@frozen
class StreamRequest:
    """What a transport is asked to open.

    Attributes:
        processing: how the gateway samples.
        inference: what it asks its model.
        request_id: the caller's own correlation id, or None.
    """

    processing: ProcessingConfig
    inference: StreamInferenceConfig
    request_id: str | None = None


@frozen
class OpenedStream:
    """A stream that the gateway has made.

    Attributes:
        stream_id: its name for it.
        lease_ttl_seconds: it ends that long after the last renewal; None means no lease.
    """

    stream_id: str
    lease_ttl_seconds: float | None


@frozen
class ResultReceived:
    """An answer arrived."""

    result: InferenceResult


@frozen
class MessageUnreadable:
    """Something arrived on the result channel that is no result; ``detail`` says why."""

    detail: str


@frozen
class ResultsClosed:
    """The result channel has closed.

    Attributes:
        code: WebSocket close code (RFC 6455 section 7.4): 1008 refused, 1001 stream ended, any
            other value a fault; None when the connection was cut without one.
        reason: the gateway's words, ``""`` if none.
    """

    code: int | None
    reason: str = ""


@frozen
class MediaChanged:
    """The media path is ``connected``, has ``failed``, or has sent its last frame (``drained``)."""

    state: str = field()


TransportEvent: TypeAlias = ResultReceived | MessageUnreadable | ResultsClosed | MediaChanged


class Transport(Protocol):
    """One stream at one gateway.

    * ``open`` makes the stream and begins to send what ``feed`` gives; it returns when the gateway
      has accepted, which may be before media flows. It raises `UnauthorizedError`,
      `ValidationError` or another `ApiError` when the gateway says no, `NetworkError` when it
      cannot be reached or does not answer in time. After it raised, nothing is left running.
    * ``connect_results`` opens the result channel, again after it closed. `NetworkError` if that
      fails; a refused key is not raised but comes as ``ResultsClosed(1008)``.
    * ``receive`` gives events in the order they happened, one at a time, and waits for the next;
      results that arrive while no channel is open are lost. ``ResultsClosed`` is given once per
      channel. Once the last frame of the video is on its way, ``MediaChanged("drained")`` comes.
      After ``close`` it raises `StreamEndedError`, also to who waits in it.
    * ``renew_lease`` returns the new TTL in seconds, or None when the gateway names none.
    * ``update_prompt``, ``submit_feedback`` and ``renew_lease`` raise as ``open`` does;
      `NotFoundError` once the stream has ended.
    * ``close`` stops sending, deletes the stream at the gateway where ``delete`` is true, and frees
      every task, socket and peer; it never raises for an unreachable gateway, takes at most about
      10 seconds, and a second call does nothing. Safe before, during and after ``open``; every
      other call raises `StreamEndedError` after it, as do a second ``open`` and calls before one.
    """

    async def open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        """Make the stream and begin to send."""
        ...

    async def connect_results(self) -> None:
        """Open the result channel."""
        ...

    async def receive(self) -> TransportEvent:
        """The next event."""
        ...

    async def renew_lease(self) -> float | None:
        """Keep the stream alive."""
        ...

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        ...

    async def submit_feedback(self, *, rating: int, category: str, feedback: str) -> None:
        """Tell the gateway how good the answers are."""
        ...

    async def close(self, *, delete: bool = True) -> None:
        """End it and free everything."""
        ...


TransportFactory: TypeAlias = Callable[[], Transport]
"""Makes the transport of one connection; called anew when a stream is made anew."""
