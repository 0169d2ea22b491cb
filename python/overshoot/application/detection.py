"""One run of action detection: answers come in, actions go to the store and to the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.domain.action import DetectedAction
from overshoot.domain.verdict import ActionVerdict, AnswerFault, FaultKind, verdicts_from
from overshoot.errors import InferenceError, OvershootError, StoreError

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult, Unsupported
    from overshoot.ports.clock import Clock

PATIENCE_SECONDS = 5.0
"""How long the end of a run waits for each of the caller's callbacks."""


@frozen(kw_only=True)
class DetectionRule:
    """When a verdict is an action.

    Attributes:
        actions: the names that are asked for.
        min_confidence: 0.0 to 1.0; a verdict that says "detected" with at least that much is an
            action, at once and each time.
    """

    actions: Sequence[str]
    min_confidence: float

    def confident(self, verdict: ActionVerdict) -> bool:
        """Whether it is an action."""
        return verdict.detected and verdict.confidence >= self.min_confidence


class Detection:
    """Makes actions out of the answers of one run. All methods belong to one event loop.

    Args:
        rule: when a verdict is an action.
        keep: keeps an action; what it raises is reported, and the run goes on.
        on_action: told of each action, after it was kept.
        on_error: told of what goes wrong; the log where it is None. Answers that cannot be used are
            told once a kind, and what the backend cannot see once a word.
        clock: what time it is, for gateways that do not say which part of the video they answer.
        origin: metadata that all actions of this run get, such as the source.

    Attributes:
        faults: how many answers, or entries of answers, could not be used, by kind.
    """

    def __init__(
        self,
        rule: DetectionRule,
        *,
        keep: Callable[[DetectedAction], None],
        on_action: Callback[DetectedAction] | None,
        on_error: Callback[OvershootError] | None,
        clock: Clock,
        origin: Mapping[str, Any],
    ) -> None:
        self._rule = rule
        self._keep = keep
        self._clock = clock
        self._origin = dict(origin)
        self._errors = error_delivery(on_error)
        self._actions = Delivery("on_action", on_action or _nobody, self._errors.put)
        self._told: set[str] = set()
        self._flowing_since: float | None = None
        self.faults: Counter[FaultKind] = Counter()

    def start(self) -> None:
        """Begin to call the caller."""
        self._errors.start()
        self._actions.start()

    def flowing(self) -> None:
        """Frames flow from now on."""
        self._flowing_since = self._clock.monotonic()

    def receive(self, result: InferenceResult[Any]) -> None:
        """Make actions out of an answer."""
        for item in result.unsupported:
            self._tell_unsupported(item)
        read = verdicts_from(result, self._rule.actions)
        for fault in read.faults:
            self._count(fault)
        for verdict in read.verdicts:
            if self._rule.confident(verdict):
                self._detected(self._action(verdict, result))

    def report(self, error: OvershootError) -> None:
        """Tell the caller's ``on_error``."""
        self._errors.put(error)

    @property
    def calling(self) -> bool:
        """Whether it is a callback of the caller's that asks."""
        return self._actions.calling or self._errors.calling

    async def close(self) -> None:
        """Call the caller with what waits, for a while, then no more."""
        await self._actions.close(patience_seconds=PATIENCE_SECONDS)
        await self._errors.close(patience_seconds=PATIENCE_SECONDS)

    def _action(self, verdict: ActionVerdict, result: InferenceResult[Any]) -> DetectedAction:
        said = result.timestamp
        metadata = {
            **self._origin,
            "stream_id": result.stream_id,
            "model": result.model_name,
            "prompt_version": result.prompt_version,
            "inference_latency_ms": result.inference_latency_ms,
            "total_latency_ms": result.total_latency_ms,
            "timestamp_from": "arrival" if said is None else "video",
        }
        return DetectedAction(
            verdict.action,
            timestamp=max(0.0, self._arrival(result) if said is None else said),
            frame_number=max(0, result.frame_end or 0),
            confidence=verdict.confidence,
            metadata=metadata,
        )

    def _arrival(self, result: InferenceResult[Any]) -> float:
        if self._flowing_since is None:
            return 0.0
        return self._clock.monotonic() - self._flowing_since - result.total_latency_ms / 1000

    def _detected(self, action: DetectedAction) -> None:
        try:
            self._keep(action)
        except OvershootError as error:
            self._errors.put(error)
        except Exception as cause:  # noqa: BLE001 - stores are anybody's
            message = (
                f"the store did not keep {action.action!r} at {action.timestamp!r} s:"
                f" {type(cause).__name__}: {cause}"
            )
            refused = StoreError(message)
            refused.__cause__ = cause
            self._errors.put(refused)
        self._actions.put(action)

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
