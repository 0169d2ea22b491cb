"""One run of action detection: answers come in, actions go to the store and to the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from overshoot.application.action_making import timed, verdicts_behind
from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.application.store_writer import StoreWriter
from overshoot.domain.tracking_event import ActionStarted
from overshoot.domain.verdict import AnswerFault, FaultKind, verdicts_from
from overshoot.errors import InferenceError, OvershootError

if TYPE_CHECKING:
    from overshoot.application.action_making import ActionMaker
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.inference import InferenceResult, Unsupported
    from overshoot.domain.tracking_event import TrackingEvent
    from overshoot.domain.tracking_verdict import TimedVerdict
    from overshoot.ports.clock import Clock

Evidence: TypeAlias = "Callable[[DetectedAction, Sequence[TimedVerdict]], DetectedAction]"

PATIENCE_SECONDS = 5.0
"""How long the end of a run waits for the store, and for each callback."""


@frozen(kw_only=True)
class DetectionCallbacks:
    """Whom a run tells, on its event loop, each in order.

    Attributes:
        on_action: of each action that is over, once the store has kept it, or failed to.
        on_action_started: of each action that goes on.
        on_action_ended: as ``on_action``.
        on_error: of what goes wrong; the log where it is None. Answers that cannot be used are told
            once a kind, and what the backend cannot see once a word.
    """

    on_action: Callback[DetectedAction] | None = None
    on_action_started: Callback[DetectedAction] | None = None
    on_action_ended: Callback[DetectedAction] | None = None
    on_error: Callback[OvershootError] | None = None


class Detection:
    """Makes actions out of the answers of one run. All methods belong to one event loop.

    Args:
        actions: the names that are asked for.
        maker: says when verdicts are an action.
        keep: keeps several actions, all or none, on a thread of its own; what it raises is told,
            and the run goes on.
        callbacks: the caller's.
        clock: what time it is, for gateways that do not say which part of the video they answer.
        found: told of each action as soon as it is one.
        evidence: keeps what an action rests on; gives the action with what is known of that.

    Attributes:
        faults: how many answers, or entries of answers, could not be used, by kind.
    """

    def __init__(
        self,
        actions: Sequence[str],
        maker: ActionMaker,
        *,
        keep: Callable[[Sequence[DetectedAction]], None],
        callbacks: DetectionCallbacks,
        clock: Clock,
        found: Callable[[DetectedAction], None] | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self._asked = actions
        self._maker = maker
        self._clock = clock
        self._found = found or _nobody
        self._evidence = evidence
        self._errors = error_delivery(callbacks.on_error)
        self._actions = self._delivery("on_action", callbacks.on_action)
        self._started = self._delivery("on_action_started", callbacks.on_action_started)
        self._ended = self._delivery("on_action_ended", callbacks.on_action_ended)
        self._writer = StoreWriter(keep, tried=self._tried, failed=self._errors.put)
        self._told: set[str] = set()
        self._flowing_since: float | None = None
        self.faults: Counter[FaultKind] = Counter()

    def start(self) -> None:
        """Begin to call the caller, and to write."""
        for delivery in self._deliveries:
            delivery.start()
        self._writer.start()

    def flowing(self) -> None:
        """Frames flow from now on."""
        self._flowing_since = self._clock.monotonic()

    def receive(self, result: InferenceResult[Any]) -> None:
        """Make actions out of an answer."""
        for item in result.unsupported:
            self._tell_unsupported(item)
        read = verdicts_from(result, self._asked)
        for fault in read.faults:
            self._count(fault)
        start, end = self._clip(result)
        verdicts = [timed(verdict, result, start, end) for verdict in read.verdicts]
        for event in self._maker.answered(result, verdicts, start):
            self._happened(event)

    def report(self, error: OvershootError) -> None:
        """Tell the caller's ``on_error``."""
        self._errors.put(error)

    @property
    def calling(self) -> bool:
        """Whether it is a callback of the caller's that asks."""
        return any(delivery.calling for delivery in self._deliveries)

    async def finish(self) -> None:
        """No answer will come: end what still goes on, and keep what waits; for a while."""
        for event in self._maker.finish():
            self._happened(event)
        await self._writer.close(patience_seconds=PATIENCE_SECONDS)

    async def close(self) -> None:
        """Call the caller with what waits, for a while, then no more; after `finish`."""
        for delivery in self._deliveries:
            await delivery.close(patience_seconds=PATIENCE_SECONDS)

    @property
    def _deliveries(self) -> tuple[Delivery[Any], ...]:
        # The errors last: the others tell theirs there.
        return self._started, self._actions, self._ended, self._errors

    def _delivery(
        self, name: str, callback: Callback[DetectedAction] | None
    ) -> Delivery[DetectedAction]:
        return Delivery(name, callback or _nobody, self._errors.put)

    def _clip(self, result: InferenceResult[Any]) -> tuple[float, float]:
        """From when to when the clip lasted that an answer is about."""
        said = result.timestamp
        end = max(0.0, self._arrival(result) if said is None else said)
        start = end if result.timestamp_start is None else result.timestamp_start
        return min(max(0.0, start), end), end

    def _arrival(self, result: InferenceResult[Any]) -> float:
        if self._flowing_since is None:
            return 0.0
        return self._clock.monotonic() - self._flowing_since - result.total_latency_ms / 1000

    def _happened(self, event: TrackingEvent) -> None:
        action = event.action
        if isinstance(event, ActionStarted):
            self._started.put(action)
            return
        if self._evidence is not None:
            action = self._evidence(action, verdicts_behind(action))
        self._found(action)
        self._writer.put(action)

    def _tried(self, action: DetectedAction) -> None:
        self._actions.put(action)
        self._ended.put(action)

    def _count(self, fault: AnswerFault) -> None:
        self.faults[fault.kind] += 1
        if self.faults[fault.kind] == 1:
            message = f"an answer cannot be used ({fault.kind}): {fault.detail}"
            self._errors.put(InferenceError(f"{message}; more of this kind are only counted"))

    def _tell_unsupported(self, item: Unsupported) -> None:
        if item.asked not in self._told:
            self._told.add(item.asked)
            message = f"the backend cannot see {item.asked!r}: {item.reason}"
            what_helps = f"; what would help: {item.remedy}" if item.remedy else ""
            self._errors.put(InferenceError(message + what_helps))


def _nobody(action: DetectedAction) -> None:
    """Stands for an ``on_action`` that was not given."""
