"""``POST /streams``: what a client asks for, and how much of it the document allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from overshoot.domain.sampling import ClipSampling, FrameSampling, Sampling, sampling_rate
from overshoot.domain.stream import FrameProcessingConfig, StreamInferenceConfig
from overshoot.errors import ConfigurationError
from overshoot.wire.create_message import (
    ClipProcessing,
    CreateMessage,
    FrameProcessing,
    InferenceMessage,
    read_message,
)
from overshoot.wire.limits import Limits
from overshoot.wire.prompt import check_schema, check_text
from overshoot.wire.structuring import refusal

if TYPE_CHECKING:
    from overshoot.domain.inference import Mode
    from overshoot.ports.transport import StreamRequest

OfferForm = Literal["webrtc", "source"]

# What later clients of this API send when nobody chose a rate.
_DEFAULT_TARGET_FPS = 6
_DEFAULT_FPS = 30


@frozen
class CreateStream:
    """A request for a stream, found good.

    Attributes:
        offer_sdp: the client's SDP offer; not looked into yet.
        sampling: which frames make a clip.
        mode: ``clip`` or ``frame``.
        inference: what is asked; ``max_output_tokens`` is filled in from the token rate.
        request_id: the client's own correlation id, or None.
        motion_gate: an extension of ours: whether still scenes are answered without the model.
    """

    offer_sdp: str = field(repr=False)
    sampling: Sampling
    mode: Mode
    inference: StreamInferenceConfig
    request_id: str | None
    motion_gate: bool | None = None


def encode_create(
    offer_sdp: str, request: StreamRequest, *, form: OfferForm = "webrtc"
) -> dict[str, Any]:
    """The body of ``POST /streams``.

    ``webrtc`` is the form that gateways of every age take; ``source`` is the later one, and is
    the only one that carries a mode.
    """
    processing = request.processing.to_dict()
    if "fps" in processing:
        # The document wants a whole number; cameras say 29.97.
        processing["fps"] = max(1, round(processing["fps"]))
    inference: dict[str, Any] = {
        "prompt": request.inference.prompt,
        "model": request.inference.model,
        "backend": request.inference.backend,
    }
    if request.inference.output_schema_json is not None:
        inference["output_schema_json"] = dict(request.inference.output_schema_json)
    if request.inference.max_output_tokens is not None:
        inference["max_output_tokens"] = request.inference.max_output_tokens
    body: dict[str, Any] = {"processing": processing, "inference": inference}
    if form == "webrtc":
        body["webrtc"] = {"type": "offer", "sdp": offer_sdp}
    else:
        body["source"] = {"type": "webrtc", "sdp": offer_sdp}
        still = isinstance(request.processing, FrameProcessingConfig)
        body["mode"] = "frame" if still else "clip"
    if request.request_id is not None:
        body["client"] = {"request_id": request.request_id}
    return body


def decode_create(
    body: object, *, strict: bool = False, limits: Limits | None = None
) -> CreateStream:
    """A client's request; any JSON value is either good or a `ValidationError` with a path.

    ``strict`` takes what the API's OpenAPI document takes. Otherwise what its published clients
    send is taken as well: ``fps`` as a fraction (rounded), ``sampling_ratio`` below 0.1,
    ``delay_seconds`` 0, clip settings left out (1.0 s), a schema as JSON text, null for a default.
    """
    limits = limits or Limits()
    message = read_message(body, strict=strict)
    offer_sdp = _offer(message)
    sampling, rate = _sampling(message.processing)
    mode: Mode = "frame" if isinstance(sampling, FrameSampling) else "clip"
    if message.mode not in (None, mode):
        wanted = f"must be {mode!r} for these processing settings, or left out"
        raise refusal([{"field": "mode", "message": wanted}])
    if isinstance(sampling, ClipSampling):
        _check_rate(sampling, rate, limits)
    return CreateStream(
        offer_sdp=offer_sdp,
        sampling=sampling,
        mode=mode,
        inference=_inference(message.inference, sampling, limits),
        request_id=_request_id(message, limits),
        motion_gate=message.motion_gate,
    )


def _offer(message: CreateMessage) -> str:
    if message.source is None and message.webrtc is not None:
        path, sdp = "webrtc.sdp", message.webrtc.sdp
    elif message.source is not None and message.source.type == "webrtc":
        path, sdp = "source.sdp", message.source.sdp or ""
    else:
        kind = "native" if message.source is None else message.source.type
        text = (
            f"of type {kind!r} is not served here: this gateway takes video over WebRTC alone;"
            " send webrtc {type: 'offer', sdp} or source {type: 'webrtc', sdp}"
        )
        raise refusal([{"field": "source", "message": text}], code="unsupported_source")
    if not sdp:
        raise refusal([{"field": path, "message": "must be a non-empty string"}])
    return sdp


def _sampling(processing: ClipProcessing | FrameProcessing) -> tuple[Sampling, float]:
    if isinstance(processing, FrameProcessing):
        interval = processing.interval_seconds
        return FrameSampling(interval), 1 / interval
    if processing.target_fps is not None:
        target, rate = processing.target_fps, float(processing.target_fps)
    elif processing.fps is None and processing.sampling_ratio is None:
        target, rate = _DEFAULT_TARGET_FPS, float(_DEFAULT_TARGET_FPS)
    else:
        fps = _DEFAULT_FPS if processing.fps is None else processing.fps
        ratio = 1.0 if processing.sampling_ratio is None else processing.sampling_ratio
        target, rate = sampling_rate(fps, ratio), max(1.0, fps * ratio)
    try:
        clip = ClipSampling(target, processing.clip_length_seconds, processing.delay_seconds)
    except ConfigurationError as error:
        raise refusal([{"field": "processing", "message": f"asks for too much: {error}"}]) from None
    return clip, rate


def _check_rate(sampling: ClipSampling, rate: float, limits: Limits) -> None:
    effective = rate * sampling.clip_length_seconds / sampling.interval_seconds
    if effective > limits.effective_fps * (1 + 1e-9):
        text = (
            f"sends {effective:.4g} frames/s to the model (frames/s kept x clip_length_seconds /"
            f" delay_seconds); at most {limits.effective_fps:g} go: lengthen delay_seconds, or"
            " shorten clip_length_seconds or the rate"
        )
        raise refusal([{"field": "processing", "message": text}])


def _inference(
    message: InferenceMessage, sampling: Sampling, limits: Limits
) -> StreamInferenceConfig:
    check_text("inference.prompt", message.prompt, limits.prompt_bytes)
    check_text("inference.model", message.model, limits.text_bytes)
    schema = message.output_schema_json
    if schema is not None:
        check_schema("inference.output_schema_json", schema, limits)
    budget = limits.tokens_per_second * sampling.interval_seconds
    tokens = message.max_output_tokens
    if tokens is None:
        tokens = max(1, min(int(budget), 1_000_000))
    elif tokens > budget:
        text = (
            f"must be at most {max(1, int(budget))} for an answer every"
            f" {sampling.interval_seconds:g} s ({limits.tokens_per_second:g} tokens/s)"
        )
        raise refusal([{"field": "inference.max_output_tokens", "message": text}])
    return StreamInferenceConfig(
        prompt=message.prompt,
        model=message.model,
        backend=message.backend,
        output_schema_json=schema,
        max_output_tokens=tokens,
    )


def _request_id(message: CreateMessage, limits: Limits) -> str | None:
    found = None if message.client is None else message.client.request_id
    if found:
        check_text("client.request_id", found, limits.text_bytes)
    return found
