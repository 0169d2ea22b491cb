"""What a stream is configured with, and the limits of each value.

The ranges are those of the specification; a gateway may be narrower and says so itself (422).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import asdict, field, frozen

from overshoot.domain.validation import a_number, a_text, a_whole_number, fail

MAX_PROMPT_BYTES = 8 * 1024
DEFAULT_BACKEND = "overshoot"
DEFAULT_MODEL = "Qwen/Qwen3-VL-30B-A3B-Instruct"


@frozen
class StreamProcessingConfig:
    """Clip mode: which frames make a clip, and how often one is asked about.

    Attributes:
        sampling_ratio: share of the frames that are kept, 0.0 to 1.0.
        fps: frames per second of the source, 1 to 120. The gateway samples at
            ``int(fps * sampling_ratio)`` frames per second, at least 1.
        clip_length_seconds: stretch of time one clip covers, 0.1 to 60.0 s.
        delay_seconds: time from one clip to the next, 0.0 to 60.0 s.
        target_fps: frames per second to sample, 1 to 30; replaces ``sampling_ratio`` and ``fps``.
    """

    sampling_ratio: float = field(default=1.0, validator=a_number(0.0, 1.0))
    fps: float = field(default=30, validator=a_number(1, 120, "frames/s"))
    clip_length_seconds: float = field(default=3.0, validator=a_number(0.1, 60.0, "s"))
    delay_seconds: float = field(default=3.0, validator=a_number(0.0, 60.0, "s"))
    target_fps: int | None = field(
        default=None, validator=a_whole_number(1, 30, "frames/s", optional=True)
    )

    def to_dict(self) -> dict[str, Any]:
        """The fields as the gateway takes them: ``target_fps``, or the pair it replaces."""
        values = asdict(self)
        dropped = ("target_fps",) if self.target_fps is None else ("sampling_ratio", "fps")
        return {name: value for name, value in values.items() if name not in dropped}


@frozen
class FrameProcessingConfig:
    """Frame mode: one still every so often.

    Attributes:
        interval_seconds: time from one still to the next, above 0 and at most 60 s.
    """

    interval_seconds: float = field(validator=a_number(0.0, 60.0, "s", above=True))

    def to_dict(self) -> dict[str, Any]:
        """The fields as the gateway takes them."""
        return asdict(self)


ProcessingConfig: TypeAlias = StreamProcessingConfig | FrameProcessingConfig


def processing_from_mapping(
    values: Mapping[str, Any], base: StreamProcessingConfig
) -> ProcessingConfig:
    """A caller's ``processing`` mapping; what it leaves out comes from ``base``.

    ``interval_seconds`` alone means frame mode. Unknown and mixed names raise ConfigurationError.
    """
    owner = StreamProcessingConfig()
    if "interval_seconds" in values:
        if len(values) > 1:
            others = sorted(set(values) - {"interval_seconds"})
            raise fail(owner, "processing", "either interval_seconds or clip settings", others)
        return FrameProcessingConfig(interval_seconds=values["interval_seconds"])
    known = asdict(base)
    unknown = sorted(set(values) - set(known))
    if unknown:
        wanted = "made of " + ", ".join([*known, "interval_seconds"])
        raise fail(owner, "processing", wanted, unknown)
    if "target_fps" in values and {"fps", "sampling_ratio"} & set(values):
        raise fail(owner, "processing", "target_fps or fps with sampling_ratio, not both", values)
    return StreamProcessingConfig(**{**known, **values})


@frozen
class StreamInferenceConfig:
    """What is asked, and of whom.

    Attributes:
        prompt: the question; not empty.
        model: name of the model.
        backend: ``"gemini"`` or ``"overshoot"`` on the hosted gateway.
        output_schema_json: JSON schema the answers must satisfy; None for free text.
        max_output_tokens: limit of the answer's length; None leaves it to the gateway.
    """

    prompt: str = field(validator=a_text())
    model: str = field(default=DEFAULT_MODEL, validator=a_text())
    backend: str = field(default="gemini", validator=a_text())
    output_schema_json: Mapping[str, Any] | None = None
    max_output_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )


@frozen(kw_only=True)
class WebRtcOffer:
    """An SDP offer, as a request to make a stream holds it.

    Attributes:
        sdp: the description, whole: candidates that are gathered later find no way.
        type: always ``"offer"``.
    """

    sdp: str = field(validator=a_text(), repr=False)
    type: Literal["offer"] = "offer"

    def to_dict(self) -> dict[str, str]:
        """The fields as the gateway takes them."""
        return {"type": self.type, "sdp": self.sdp}


@frozen
class IceServer:
    """A STUN or TURN server.

    Attributes:
        urls: ``stun:host:port``, ``turn:host:port?transport=udp`` or ``turns:…``.
        username: for TURN.
        credential: for TURN; never shown.
    """

    urls: str = field(validator=a_text())
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


DEFAULT_ICE_SERVERS: Final[tuple[IceServer, ...]] = ()
"""None: a gateway on an address of its own needs no help, and no third party is asked unbidden."""
