"""What a gateway answers to the calls that make and keep a stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

from overshoot.errors import ProtocolError
from overshoot.wire.json_text import is_object

if TYPE_CHECKING:
    from overshoot.domain.credit import Charge
    from overshoot.domain.inference import ModelInfo
    from overshoot.domain.serving import StreamInfo, StreamState
    from overshoot.domain.stream import IceServer, StreamInferenceConfig

_MAX_TTL_SECONDS = 1e9


@frozen
class CreatedStream:
    """A gateway's answer to a create request.

    Attributes:
        stream_id: its name for the stream.
        answer_sdp: the SDP answer; None when the gateway wants the video in another way.
        lease_ttl_seconds: the stream ends that long after the last renewal; None means no lease.
    """

    stream_id: str
    answer_sdp: str | None = field(repr=False)
    lease_ttl_seconds: float | None


def encode_created(
    stream_id: str,
    answer_sdp: str,
    ttl_seconds: float,
    *,
    turn_servers: Sequence[IceServer] = (),
) -> dict[str, Any]:
    """The answer to ``POST /streams``."""
    servers = [
        {"urls": s.urls, "username": s.username or "", "credential": s.credential or ""}
        for s in turn_servers
    ]
    return {
        "stream_id": stream_id,
        "webrtc": {"type": "answer", "sdp": answer_sdp},
        "lease": {"ttl_seconds": _whole_if_it_is(ttl_seconds)},
        "turn_servers": servers or None,
        "livekit": None,
    }


def decode_created(body: object) -> CreatedStream:
    """The answer to ``POST /streams``; `ProtocolError` when there is no stream id in it."""
    answer = _object(body, "to POST /streams")
    stream_id = answer.get("stream_id")
    if not isinstance(stream_id, str) or not stream_id:
        msg = "the gateway's answer to POST /streams has no stream_id"
        raise ProtocolError(msg)
    webrtc, lease = answer.get("webrtc"), answer.get("lease")
    sdp = webrtc.get("sdp") if is_object(webrtc) else None
    ttl = lease.get("ttl_seconds") if is_object(lease) else None
    return CreatedStream(stream_id, sdp if isinstance(sdp, str) and sdp else None, _ttl(ttl))


def encode_keepalive(
    stream_id: str,
    ttl_seconds: float,
    *,
    state: StreamState = "active",
    charge: Charge | None = None,
) -> dict[str, Any]:
    """The answer to a keepalive; the fields must say so too where nothing is charged."""
    return {
        "status": "ok",
        "stream_id": stream_id,
        "ttl_seconds": _whole_if_it_is(ttl_seconds),
        "credits_remaining_cents": 0 if charge is None else int(charge.remaining_cents),
        "cost_cents": 0.0 if charge is None else charge.cost_cents,
        "seconds_charged": 0.0 if charge is None else charge.seconds,
        "livekit_token": None,
        "state": state,
    }


def decode_keepalive(body: object) -> float | None:
    """Seconds the lease lasts from now, or None when the answer names none."""
    return _ttl(_object(body, "to a keepalive").get("ttl_seconds"))


def encode_stream_config(
    stream_id: str,
    inference: StreamInferenceConfig,
    *,
    created_at: float,
    updated_at: float,
    prompt_version: int = 0,
    schema_version: int = 0,
) -> dict[str, Any]:
    """The answer to a prompt update; times are seconds since the Unix epoch."""
    schema = inference.output_schema_json
    return {
        "id": stream_id,
        "stream_id": stream_id,
        "prompt": inference.prompt,
        "backend": inference.backend,
        "model": inference.model,
        "output_schema_json": None if schema is None else dict(schema),
        "created_at": iso_time(created_at),
        "updated_at": iso_time(updated_at),
        "prompt_version": prompt_version,
        "schema_version": schema_version,
    }


def encode_info(info: StreamInfo) -> dict[str, Any]:
    """The answer to ``GET /streams/{id}/info``; what we count beyond the document comes last."""
    values = asdict(info)
    return {"stream_id": values.pop("stream_id"), "source_type": "webrtc", **values}


def encode_models(models: Iterable[ModelInfo]) -> list[dict[str, Any]]:
    """The answer to ``GET /models``."""
    return [
        {
            "model": info.model,
            "ready": info.ready,
            "status": info.status,
            "can_tell": list(info.can_tell),
            "missing": [asdict(missing) for missing in info.missing],
        }
        for info in models
    ]


def iso_time(seconds: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _object(body: object, what: str) -> Mapping[str, Any]:
    if not is_object(body):
        msg = f"the gateway's answer {what} is no JSON object"
        raise ProtocolError(msg)
    return body


def _ttl(value: object) -> float | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value < _MAX_TTL_SECONDS
    ):
        msg = "the gateway's ttl_seconds is no positive number of seconds"
        raise ProtocolError(msg)
    return float(value)


def _whole_if_it_is(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds
