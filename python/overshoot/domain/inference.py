"""What a backend is asked, what it answers, and what reaches the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias

from attrs import field, frozen
from typing_extensions import TypeVar

from overshoot.errors import AnswerError

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame

JsonSchema: TypeAlias = Mapping[str, Any]
Mode: TypeAlias = Literal["clip", "frame"]
FinishReason: TypeAlias = Literal["stop", "length", "content_filter"]
AnswerT = TypeVar("AnswerT", default=Any)


@frozen
class Unsupported:
    """Something that was asked for and that the backend cannot see.

    Attributes:
        asked: the word or the schema path, such as ``"juggling"`` or ``"$.person.age"``.
        reason: why not, in a sentence.
        remedy: the command, extra or backend that would change that.
    """

    asked: str
    reason: str
    remedy: str


@frozen
class ModelInfo:
    """A model that a backend offers.

    Attributes:
        model: its name, as a request names it.
        ready: whether it would answer now.
        status: ``ready``, ``degraded``, ``saturated`` or ``unavailable``.
        can_tell: the words it can recognise, where that is a closed list, else empty.
        missing: what it could tell if something were installed, and how.
    """

    model: str
    ready: bool
    status: Literal["ready", "degraded", "saturated", "unavailable"]
    can_tell: tuple[str, ...] = ()
    missing: tuple[Unsupported, ...] = ()


@frozen(eq=False)
class InferenceRequest:
    """One question about one clip.

    Attributes:
        prompt: what the user asked, in force for this clip.
        model: the model named at stream creation.
        frames: at least one, in order; timestamps are stream time (seconds since its first frame),
            index is the frame's place in the whole stream as received. Clips may overlap.
        mode: ``clip`` (frames over a stretch of time) or ``frame`` (a single still).
        output_schema: JSON schema the answer must satisfy, or None for free text.
        max_output_tokens: limit for backends that count tokens.
    """

    prompt: str
    model: str
    frames: tuple[Frame, ...] = field(repr=False)
    mode: Mode = "clip"
    output_schema: JsonSchema | None = None
    max_output_tokens: int | None = None


@frozen
class InferenceAnswer:
    """What a backend says about one clip.

    Attributes:
        text: the answer; JSON text that satisfies the schema when one was given.
        finish_reason: why it stopped.
        unsupported: what was asked and cannot be seen by this backend; never answered by guessing.
        detected: what was seen, name to confidence (0.0 to 1.0), where the backend has such a list.
    """

    text: str
    finish_reason: FinishReason = "stop"
    unsupported: tuple[Unsupported, ...] = ()
    detected: Mapping[str, float] = field(factory=dict[str, float])


@frozen
class InferenceResult(Generic[AnswerT]):
    """One answer of the gateway, read as an object (``r.result``) or a mapping (``r["result"]``).

    Attributes:
        result: the answer as text; JSON text when a schema was given; ``""`` when not ok.
        ok: whether the model answered.
        error: what went wrong when not ok.
        id: identifies this result.
        stream_id: the stream it belongs to.
        mode: ``clip`` or ``frame``.
        model_backend: backend that answered.
        model_name: model that answered.
        prompt: the prompt this answers; the gateway may have added to its end.
        inference_latency_ms: milliseconds the model took.
        total_latency_ms: milliseconds from the clip's last frame at the gateway to this result.
        finish_reason: ``stop``, ``length``, ``content_filter`` or None.
        type: ``"inference"``, or ``"error"`` when not ok.
        timestamp: source time in seconds of the newest frame it is about; None if unknown.
        timestamp_start: source time of the first one; None if unknown.
        seq: counts the stream's results from 0, over its reconnections.
        epoch: 0 for the first stream at the gateway, one more for each made anew after a loss.
        frame_start: index of the first frame it is about, as the source counts; None if unknown.
        frame_end: index of the last one.
        prompt_version: 0 for the first prompt, one more after each update; None if unknown.
        schema_version: the same for the schema, on the count of its stream at the gateway.
        repeated: whether nothing had moved, so that the answer before was given again.
        unsupported: what was asked and the backend cannot see.
        detected: name to confidence, where the backend gives such a list.
        parsed: the answer as a value, when a schema was given and it could be read.
        parse_error: why ``parsed`` is None although a schema was given; else None.
    """

    result: str
    ok: bool = True
    error: str | None = None
    id: str = ""
    stream_id: str = ""
    mode: Mode = "clip"
    model_backend: str = ""
    model_name: str = ""
    prompt: str = ""
    inference_latency_ms: float = 0.0
    total_latency_ms: float = 0.0
    finish_reason: FinishReason | None = None
    type: Literal["inference", "error"] = "inference"
    timestamp: float | None = None
    timestamp_start: float | None = None
    seq: int | None = None
    epoch: int = 0
    frame_start: int | None = None
    frame_end: int | None = None
    prompt_version: int | None = None
    schema_version: int | None = None
    repeated: bool = False
    unsupported: tuple[Unsupported, ...] = ()
    detected: Mapping[str, float] = field(factory=dict[str, float])
    parsed: AnswerT | None = None
    parse_error: str | None = None

    def __getitem__(self, key: str) -> Any:
        if key in type(self).__slots__ and not key.startswith("_"):  # type: ignore[attr-defined]
            return getattr(self, key)
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Like ``dict.get``."""
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> Iterator[str]:
        """Names of all fields."""
        from attrs import fields

        return (a.name for a in fields(type(self)))

    def result_json(self) -> Any:
        """``result`` as a JSON value, also where it stands in a fence or between words.

        `AnswerError`, which is a ValueError, where there is none. With an ``output_schema``
        ``parsed`` has been checked, too.
        """
        from overshoot.domain.answer_text import find_json

        for found in find_json(self.result, {"object", "array"}):
            if found.fault is None:
                return found.value
        shown = self.error if self.error is not None else self.result[:80]
        message = f"the answer holds no JSON: {shown!r}"
        raise AnswerError(message)


StreamInferenceResult = InferenceResult
"""The service's own name for it."""
