"""What a stream tells its caller: answers, faults, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from overshoot.application.connection import released
from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.domain.status import StatusName, StreamStatus
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.connection import Connection
    from overshoot.domain.inference import InferenceResult
    from overshoot.errors import OvershootError, SourceError

_log = get_logger(__name__)

_RUNNING = frozenset({"active", "degraded", "draining"})

PATIENCE_SECONDS = 5.0
"""How long the end of a stream waits for the caller's callbacks."""


@frozen(kw_only=True)
class StreamCallbacks:
    """Whom a stream tells; each may be a function, a coroutine function, or start a task."""

    on_result: Callback[InferenceResult[Any]] | None = None
    on_error: Callback[OvershootError] | None = None
    on_state: Callback[StreamStatus] | None = None


class Telling:
    """The callbacks of one stream, each called in order and never waited for.

    Attributes:
        status: what was told last about where the stream is.
        results: takes answers.
        errors: takes faults.
    """

    def __init__(self, callbacks: StreamCallbacks) -> None:
        self.errors: Delivery[OvershootError] = error_delivery(callbacks.on_error)
        self.results: Delivery[InferenceResult[Any]] = Delivery(
            "on_result", callbacks.on_result or _nobody, self.errors.put
        )
        self._states: Delivery[StreamStatus] = Delivery(
            "on_state", callbacks.on_state or _nobody, self.errors.put
        )
        self.status: StreamStatus = StreamStatus("idle")

    @property
    def calling(self) -> bool:
        """Whether it is a callback that asks, which must not wait for its own end."""
        return any(delivery.calling for delivery in (self.results, self._states, self.errors))

    def start(self) -> None:
        """Begin to call."""
        for delivery in (self.results, self._states, self.errors):
            delivery.start()

    def opened(self, stream_id: str, epoch: int) -> None:
        """Tell that a stream at the gateway runs."""
        self.status = evolve(self.status, stream_id=stream_id, epoch=epoch)
        self.state("active")

    def connection(self, connection: Connection, trouble: SourceError | None) -> None:
        """Tell how a running connection fares, and what its source has met."""
        if self.status.state not in _RUNNING:
            return
        if connection.draining:
            self.state("draining", "source_ended")
        elif not connection.running:
            return
        elif not connection.flowing:
            self.state("degraded", "results_lost")
        elif trouble is not None:
            self.state("degraded", "source_reconnecting", trouble)
        else:
            self.state("active")

    def state(
        self, state: StatusName, reason: str = "", error: OvershootError | None = None
    ) -> None:
        """Tell where the stream is, unless that was told last."""
        status = evolve(self.status, state=state, reason=reason, error=error)
        if status == self.status:
            return
        self.status = status
        _log.debug("stream_status", state=state, reason=reason, epoch=status.epoch)
        self._states.put(status)

    async def close(self) -> None:
        """Deliver what waits, for a while, and call no more."""
        for delivery in (self.results, self._states, self.errors):
            closing = delivery.close(patience_seconds=PATIENCE_SECONDS)
            await released(delivery.name, closing, self.errors.put)


def _nobody(item: object) -> None:
    """The callback of a caller that gave none."""
