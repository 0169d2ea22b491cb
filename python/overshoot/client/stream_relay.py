"""`OvershootStreamRelay`: frames of another program go to a gateway, answers come back."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from overshoot import bootstrap
from overshoot.client.assembly import live_stream
from overshoot.client.realtime_vision import RealtimeVisionConfig
from overshoot.client.relay_result import RelayResult, relay_result
from overshoot.client.stream_handle import StreamHandle
from overshoot.domain.validation import fail
from overshoot.errors import OvershootError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.application.frame_intake import IntakeSink
    from overshoot.application.pushing import PushIntake
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.pixels import PixelLayout
    from overshoot.domain.pushed import Encoding, GivenPicture
    from overshoot.domain.reconnection import ReconnectionPolicy
    from overshoot.domain.status import StreamStatus
    from overshoot.domain.stream import IceServer
    from overshoot.ports.clock import Clock
    from overshoot.ports.transport import TransportFactory

OnRelayResult: TypeAlias = Callable[[RelayResult], Awaitable[Any] | Any]

DEFAULT_MODEL = "gemini-2.0-flash"
DEFAULT_BACKEND = "gemini"
LEAST_SIDE, MOST_SIDE = 16, 8192


class OvershootStreamRelay(StreamHandle[Any]):
    """A stream of frames that the caller pushes.

    ::

        relay = OvershootStreamRelay(api_url=…, api_key=…, prompt=…, on_result=print)
        await relay.start()
        relay.push_frame(rgb, timestamp=time.time())
        await relay.stop()

    ``start`` is ``prepare``, after which frames are taken, and ``connect``, the slow part, which
    may run in a task. Values are checked by ``prepare``. `push_frame` may be called from any
    thread; all else belongs to one event loop. A relay that has ended can be started again.

    Args:
        api_url: address of the gateway; None takes OVERSHOOT_API_URL, as in
            `RealtimeVisionConfig`.
        api_key: the key; never shown; None takes OVERSHOOT_API_KEY.
        prompt: what to ask.
        on_result: called on the event loop with each `RelayResult`, in order; a coroutine function
            is awaited, a task that it returns is left to itself.
        on_error: called there with each `OvershootError`.
        model: model name.
        backend: backend name.
        output_schema: what answers must be, as in `RealtimeVisionConfig`.
        width: with ``height`` the size that larger frames are scaled down to, their shape kept, and
            turned where they are upright. 16 to 8192.
        height: likewise.
        fps: frames per second that will be pushed, 1 to 120.
        sampling_ratio: share of them that is sampled, 0.0 to 1.0.
        clip_length_seconds: stretch of time one answer is about, 0.1 to 60.0 s.
        delay_seconds: time from one answer to the next, 0.0 to 60.0 s.
        on_state: called there with each `StreamStatus`.
        reconnect: as in `RealtimeVisionConfig`.
        ice_servers: STUN and TURN servers.
        debug: log what happens, without keys and pictures.
        request_id: an id of the caller's for the gateway's log.
        transport: as in `RealtimeVisionConfig`.
        clock: as in `RealtimeVisionConfig`.
    """

    def __init__(
        self,
        *,
        prompt: str,
        api_url: str | None = None,
        api_key: str | None = None,
        on_result: OnRelayResult | None = None,
        on_error: Callable[[OvershootError], Any] | None = None,
        model: str = DEFAULT_MODEL,
        backend: str = DEFAULT_BACKEND,
        output_schema: type[Any] | Mapping[str, Any] | str | None = None,
        width: int = 640,
        height: int = 480,
        fps: float = 15,
        sampling_ratio: float = 0.8,
        clip_length_seconds: float = 0.5,
        delay_seconds: float = 0.5,
        on_state: Callable[[StreamStatus], Any] | None = None,
        reconnect: bool | ReconnectionPolicy = True,
        ice_servers: Sequence[IceServer] = (),
        debug: bool = False,
        request_id: str | None = None,
        transport: TransportFactory | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self._size = (width, height)
        self._intake: PushIntake | None = None
        self._early = 0
        self._beginning = threading.Lock()
        self._config = RealtimeVisionConfig[Any](
            api_url=api_url,
            api_key=api_key,
            prompt=prompt,
            on_result=_in_relay_form(on_result),
            on_error=on_error,
            on_state=on_state,
            model=model,
            backend=backend,
            output_schema=output_schema,
            processing={
                "fps": fps,
                "sampling_ratio": sampling_ratio,
                "clip_length_seconds": clip_length_seconds,
                "delay_seconds": delay_seconds,
            },
            reconnect=reconnect,
            ice_servers=ice_servers,
            debug=debug,
            request_id=request_id,
            transport=transport,
            clock=clock,
        )

    @property
    def is_running(self) -> bool:
        """Whether pushed frames are taken: from `prepare` to the end of the stream."""
        return self._intake is not None and self._intake.accepting

    async def start(self) -> str:
        """Begin to take frames and open the stream; returns its id.

        Raises what `RealtimeVision.start` raises; nothing is left running then.
        """
        await self.prepare()
        return await self.connect()

    async def prepare(self) -> None:
        """Check the values and begin to take frames; the newest one waits for `connect`."""
        self._refuse_if_running()
        for name, side in zip(("width", "height"), self._size, strict=True):
            if type(side) is not int or not LEAST_SIDE <= side <= MOST_SIDE:
                wanted = f"a whole number from {LEAST_SIDE} to {MOST_SIDE} pixels"
                raise fail(self, name, wanted, side)
        self._stream = live_stream(self._config, self._make_intake, largest=self._size)
        await self._stream.prepare()

    async def connect(self) -> str:
        """Open the stream at the gateway; returns its id once frames and answers can flow."""
        if not self.is_running:
            message = "this relay takes no frames: call prepare() first"
            raise StreamEndedError(message, reason="not_prepared")
        return await self._present_stream().connect()

    def push_frame(
        self,
        frame: GivenPicture,
        timestamp: float | None = None,
        *,
        order: PixelLayout = "rgb",
        encoding: Encoding | None = None,
    ) -> None:
        """Hand over a frame, from any thread; never waits, and the newest frame wins.

        It is read before this returns and not kept, so the array may be used again at once. While
        the relay is not running a frame is only counted, and not looked at.

        Args:
            frame: uint8 RGB (height, width, 3) of any size, read-only and strided ones too; or as
                ``order`` says; with ``encoding="jpeg"`` the bytes of a JPEG picture.
            timestamp: seconds on a clock of the caller's; None for the time of arrival. Results
                about the frame carry it.
            order: "rgb", "bgr", "rgba", "bgra" or "gray" (height, width).
            encoding: "jpeg" for bytes.

        Raises:
            FrameError: what can never be a frame: wrong type, dtype, shape, no JPEG, a timestamp
                that is no finite number of seconds.
        """
        intake = self._intake
        if intake is None:
            with self._beginning:
                intake = self._intake
                if intake is None:
                    self._early += 1
                    return
        intake.push(frame, timestamp, order=order, encoding=encoding)

    def _make_intake(self, sink: IntakeSink, clock: Clock) -> PushIntake:
        from overshoot.application.pushing import PushIntake

        intake = PushIntake(sink, clock, bootstrap.decode_jpeg)
        with self._beginning:
            self._intake = intake
            early, self._early = self._early, 0
        for _ in range(early):
            sink.drop("not_running")
        return intake


def _in_relay_form(
    on_result: OnRelayResult | None,
) -> Callable[[InferenceResult[Any]], Any] | None:
    if not callable(on_result):
        return on_result  # What is wrong with it is said at the start.
    return lambda result: on_result(relay_result(result))
