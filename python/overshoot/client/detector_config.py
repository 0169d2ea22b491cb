"""What an `ActionDetector` is to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Required, TypeAlias, TypedDict

from attrs import field, frozen

from overshoot.client.action_store import ActionStore
from overshoot.client.realtime_vision import OnError, RealtimeVisionConfig
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import (
    DEFAULT_PROMPT,
    action_names,
    action_prompt,
    action_schema,
)
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.progress import AnalysisProgress
from overshoot.domain.stream import (
    DEFAULT_BACKEND,
    DEFAULT_MODEL,
    IceServer,
    ProcessingConfig,
    StreamProcessingConfig,
)
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.domain.validation import a_callable, a_number, a_text, fail

if TYPE_CHECKING:
    from attrs import Attribute

    from overshoot.domain.backends import BackendChoice
    from overshoot.domain.source import StreamSource
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.store import Store
    from overshoot.ports.transport import TransportFactory

DETECTION_PROCESSING = StreamProcessingConfig(
    sampling_ratio=0.8, fps=15, clip_length_seconds=0.5, delay_seconds=0.5
)
"""As the specification's relay samples: a waving hand needs five frames a second at least."""

OnAction: TypeAlias = Callable[[DetectedAction], Awaitable[Any] | Any]
OnProgress: TypeAlias = Callable[[AnalysisProgress], Awaitable[Any] | Any]


class ActionDetectorOptions(TypedDict, total=False):
    """The keyword arguments of `ActionDetector`; `ActionDetectorConfig` says what each means."""

    api_url: str | None
    api_key: str | None
    actions: Required[Iterable[str]]
    min_confidence: float
    on_action: OnAction | None
    on_action_started: OnAction | None
    on_action_ended: OnAction | None
    on_error: OnError | None
    tracking: TrackingRule | None
    evidence: EvidenceConfig | None
    source: StreamSource | None
    store: ActionStore | Store | None
    prompt: str
    backend: str
    model: str
    processing: ProcessingConfig | Mapping[str, Any]
    debug: bool
    ice_servers: Sequence[IceServer]
    inference: InferenceBackend | BackendChoice | str | None
    transport: TransportFactory | None
    clock: Clock | None


def _is_a(kind: type[Any]) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is not None and not isinstance(value, kind):
            raise fail(owner, attribute.name, f"{kind.__name__} or None", value)

    return check


def _as_store(given: ActionStore | Store | None) -> ActionStore:
    return given if isinstance(given, ActionStore) else ActionStore(given)


@frozen(kw_only=True)
class ActionDetectorConfig:
    """What `ActionDetector` is to do.

    The address, the key and what describes the stream are checked by `ActionDetector.start`, the
    rest at once.

    Attributes:
        api_url: as for `RealtimeVisionConfig`.
        api_key: as for `RealtimeVisionConfig`; never shown.
        actions: names of the actions to look for, such as ``["waving hand", "thumbs up"]``.
        min_confidence: 0.0 to 1.0; what the model saw with at least that confidence is an action.
            With ``tracking``, its ``enter_confidence`` counts instead.
        on_action: called on the event loop with each `DetectedAction`, in order, once it is over
            and kept: without ``tracking`` with each confident verdict. A coroutine function is
            awaited; a task that it returns is left to itself. While it is busy the newest 64 wait;
            older ones it is not told, but they are kept.
        on_action_started: called in the same way as soon as an action goes on, which has no
            ``duration`` then; its ``metadata["action_id"]`` is that of the one that ends.
        on_action_ended: called when an action is over and kept, as ``on_action`` is.
        tracking: joins verdicts into actions with a beginning and an end. None makes each confident
            verdict an action at once; but where ``on_action_started`` or ``on_action_ended`` is
            given, it is ``TrackingRule(enter_confidence=min_confidence)``.
        evidence: keep the video of each action, with what was asked and answered; None keeps none.
        on_error: called on the event loop with each `OvershootError` after the start; errors go to
            the log where it is None. Answers that cannot be used are told once a kind, actions that
            the backend cannot see once each.
        source: where the frames of `ActionDetector.start` come from; None is the default camera.
        store: where actions are kept, an `ActionStore` or any `overshoot.ports.store.Store`; None
            is a new one in memory.
        prompt: what to ask; ``{actions}`` stands for the names.
        backend: as for `RealtimeVisionConfig`.
        model: as for `RealtimeVisionConfig`.
        processing: as for `RealtimeVisionConfig`; by default twelve frames a second and an answer
            every half second, as a gesture needs.
        debug: log what happens, without keys and pictures.
        ice_servers: STUN and TURN servers for the media path.
        inference: as for `RealtimeVisionConfig`: ``"local"`` or a backend answers in this process,
            without a gateway.
        transport: as for `RealtimeVisionConfig`.
        clock: as for `RealtimeVisionConfig`.
    """

    api_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    actions: tuple[str, ...] = field(converter=action_names)
    min_confidence: float = field(default=0.6, validator=a_number(0.0, 1.0))
    on_action: OnAction | None = field(
        default=None, repr=False, validator=a_callable(optional=True)
    )
    on_action_started: OnAction | None = field(
        default=None, repr=False, validator=a_callable(optional=True)
    )
    on_action_ended: OnAction | None = field(
        default=None, repr=False, validator=a_callable(optional=True)
    )
    on_error: OnError | None = field(default=None, repr=False, validator=a_callable(optional=True))
    tracking: TrackingRule | None = field(default=None, validator=_is_a(TrackingRule))
    evidence: EvidenceConfig | None = field(default=None, validator=_is_a(EvidenceConfig))
    source: StreamSource | None = None
    store: ActionStore = field(default=None, converter=_as_store, repr=False)
    prompt: str = field(default=DEFAULT_PROMPT, validator=a_text())
    backend: str = DEFAULT_BACKEND
    model: str = DEFAULT_MODEL
    processing: ProcessingConfig | Mapping[str, Any] = DETECTION_PROCESSING
    debug: bool = False
    ice_servers: Sequence[IceServer] = ()
    inference: InferenceBackend | BackendChoice | str | None = None
    transport: TransportFactory | None = field(default=None, repr=False)
    clock: Clock | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.tracking is not None:
            self.tracking.check_names(self.actions)

    @property
    def rule(self) -> TrackingRule | None:
        """How verdicts are joined; None where each is an action."""
        if self.tracking is not None:
            return self.tracking
        if self.on_action_started is None and self.on_action_ended is None:
            return None
        return TrackingRule(enter_confidence=self.min_confidence)

    def vision(self, source: StreamSource) -> RealtimeVisionConfig:
        """The stream that asks for the actions; it has no callbacks yet."""
        return RealtimeVisionConfig(
            api_url=self.api_url,
            api_key=self.api_key,
            prompt=action_prompt(self.actions, self.prompt),
            output_schema=action_schema(self.actions),
            source=source,
            backend=self.backend,
            model=self.model,
            processing=self.processing,
            debug=self.debug,
            ice_servers=self.ice_servers,
            inference=self.inference,
            transport=self.transport,
            clock=self.clock,
        )
