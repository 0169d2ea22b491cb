"""What is asked about the video of publishers, whose offers say nothing about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import AttrsInstance, asdict, field, fields, frozen

from overshoot.domain.validation import a_number, a_text, a_whole_number, fail
from overshoot.errors import ConfigurationError, ProtocolError, ValidationError
from overshoot.wire import from_json

if TYPE_CHECKING:
    from attrs import Attribute

DEFAULT_PROFILE: Final = "default"
_PROFILE: Final = "profile"
_CLIP = ("target_fps", "clip_length_seconds", "delay_seconds")
_INFERENCE = ("prompt", "model", "output_schema_json", "max_output_tokens")
_NUMBERS: dict[str, type[int] | type[float]] = {
    "target_fps": int,
    "clip_length_seconds": float,
    "delay_seconds": float,
    "interval_seconds": float,
    "max_output_tokens": int,
}


def _optional_text(owner: AttrsInstance, attribute: Attribute[Any], value: Any) -> None:
    if value is not None:
        a_text()(owner, attribute, value)


def _optional_object(owner: AttrsInstance, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise fail(owner, attribute.name, "a JSON schema as an object", value)


@frozen
class WhipProfile:
    """What a gateway asks about a publisher's video; None leaves it to the publisher's address.

    Attributes:
        prompt: what is asked.
        model: who is asked; by default the first that is ready.
        output_schema_json: JSON schema of the answers; free text without one.
        max_output_tokens: length of an answer; by default what the token rate allows.
        target_fps: frames per second that are looked at; 6 by default.
        clip_length_seconds: of the video that one answer is about; 1.0 by default.
        delay_seconds: from one answer to the next; 1.0 by default.
        interval_seconds: single frames that far apart are looked at in place of clips.
    """

    prompt: str | None = field(default=None, validator=_optional_text)
    model: str | None = field(default=None, validator=_optional_text)
    output_schema_json: Mapping[str, Any] | None = field(default=None, validator=_optional_object)
    max_output_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )
    target_fps: int | None = field(
        default=None, validator=a_whole_number(1, 30, "frames/s", optional=True)
    )
    clip_length_seconds: float | None = field(
        default=None, validator=a_number(0.1, 60, "s", optional=True)
    )
    delay_seconds: float | None = field(
        default=None, validator=a_number(0, 1e9, "s", above=True, optional=True)
    )
    interval_seconds: float | None = field(
        default=None, validator=a_number(0, 60, "s", above=True, optional=True)
    )

    def __attrs_post_init__(self) -> None:
        if self.interval_seconds is not None and any(getattr(self, n) is not None for n in _CLIP):
            msg = "WhipProfile.interval_seconds stands for single frames: leave out " + ", ".join(
                _CLIP
            )
            raise ConfigurationError(msg, details={"field": "interval_seconds"})


QUERY_NAMES: Final = (_PROFILE, *(each.name for each in fields(WhipProfile)))
"""What may stand in the query of a publisher's address."""


def profile_name(query: Mapping[str, str]) -> str:
    """Which profile a publisher's address names."""
    return query.get(_PROFILE, DEFAULT_PROFILE)


def create_message(
    offer_sdp: str, query: Mapping[str, str], profile: WhipProfile, default_model: str | None
) -> dict[str, Any]:
    """The create request that a publisher's address and a profile amount to.

    What the address says goes before the profile. `ValidationError` for a name that is none of
    `QUERY_NAMES`, for a schema that is no JSON, and when nobody says what to ask.
    """
    asked = _asked(query)
    known = {
        name: value for name, value in asdict(profile, recurse=False).items() if value is not None
    }
    if "interval_seconds" in asked:
        known = {name: value for name, value in known.items() if name not in _CLIP}
    elif any(name in asked for name in _CLIP):
        known.pop("interval_seconds", None)
    merged = {"model": default_model, **known, **asked}
    if "prompt" not in merged:
        msg = (
            "nobody says what to ask about this video: add ?prompt=… to the address, or set"
            f" the gateway's whip.{DEFAULT_PROFILE}.prompt"
        )
        raise ValidationError(msg, details={"field": "prompt"})
    processing = {n: merged[n] for n in ("interval_seconds", *_CLIP) if n in merged}
    if "interval_seconds" not in processing:
        processing = {"clip_length_seconds": 1.0, "delay_seconds": 1.0, **processing}
    return {
        "webrtc": {"type": "offer", "sdp": offer_sdp},
        "processing": processing,
        "inference": {name: merged[name] for name in _INFERENCE if name in merged},
    }


def _asked(query: Mapping[str, str]) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for name, text in query.items():
        if name not in QUERY_NAMES:
            known = ", ".join(QUERY_NAMES)
            msg = f"{name[:64]!r} is nothing that an address can say; it takes {known}"
            raise ValidationError(msg, details={"field": name[:64]})
        if name != _PROFILE:
            asked[name] = _value(name, text)
    return asked


def _value(name: str, text: str) -> Any:
    if name == "output_schema_json":
        try:
            return from_json(text.encode())
        except ProtocolError as error:
            msg = f"output_schema_json in the address: {error.message}"
            raise ValidationError(msg, details={"field": name}) from error
    try:
        return _NUMBERS.get(name, str)(text)
    except ValueError:
        # Whoever reads the message says what should stand there.
        return text
