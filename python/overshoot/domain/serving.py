"""What a gateway knows and says about the streams it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field, frozen

from overshoot.domain.validation import a_text, a_whole_number

if TYPE_CHECKING:
    from overshoot.domain.sampling import Sampling
    from overshoot.domain.stream import StreamInferenceConfig

SourceKind: TypeAlias = Literal["webrtc", "whip"]
"""Sent by a client of the API, or by a publisher over WHIP."""

StreamState: TypeAlias = Literal["pending", "active", "idle"]
StopReason: TypeAlias = Literal[
    "client_requested",
    "webrtc_disconnected",
    "lease_expired",
    "insufficient_credits",
    "gateway_stopped",
]
FrameDrop: TypeAlias = Literal["conversion_busy", "unusable", "stream_ended"]
"""Why a frame that was wanted made no clip: conversion could not keep up, its pixels could not be
used, or its stream had ended."""


@frozen
class StreamInfo:
    """One stream as its gateway sees it.

    Attributes:
        stream_id: its name.
        state: ``pending`` before the first frame, ``active``, or ``idle`` when frames stopped.
        uptime_seconds: since it was made.
        fps: frames received per second, over the last few seconds.
        frame_width: columns of the video as it arrives; 0 before the first frame.
        frame_height: rows.
        effective_width: columns of the frames that the model sees.
        effective_height: rows.
        inferences_completed: answers.
        inferences_failed: failures.
        last_inference_latency_seconds: of the newest answer; 0.0 before it.
        frames_received: frames that arrived.
        frames_kept: frames that were sampled into clips.
        frames_unsampled: frames that no clip needed.
        frames_dropped: frames that came to nothing, by reason.
        frames_waiting: frames on their way into a clip. Received is kept, unsampled, dropped and
            waiting together.
        clips_made: clips that were due. They are completed, failed, saved, skipped, pending or
            abandoned.
        clips_pending: clips without an answer so far, the one that is asked about among them.
        clips_abandoned: clips that the end of the stream left without an answer.
        clips_skipped: clips never asked about because the model was busy with an older one.
        results_dropped: results that a slow subscriber did not fetch in time.
        subscribers: result sockets that listen.
        prompt_version: 0 for the first prompt, one more after each update.
        schema_version: 0 for the first schema, or for none; one more after each update.
        clips_waiting: clips that wait for the backend.
        calls_saved: clips of a still scene whose answer was repeated without asking the model.
        frames_buffered: frames that are at hand for previews and for asking again.
        bytes_buffered: bytes of their pixels.
    """

    stream_id: str
    state: StreamState
    uptime_seconds: float
    fps: float
    frame_width: int
    frame_height: int
    effective_width: int
    effective_height: int
    inferences_completed: int
    inferences_failed: int
    last_inference_latency_seconds: float
    frames_received: int = 0
    frames_kept: int = 0
    clips_skipped: int = 0
    results_dropped: int = 0
    subscribers: int = 0
    prompt_version: int = 0
    schema_version: int = 0
    clips_waiting: int = 0
    calls_saved: int = 0
    frames_buffered: int = 0
    bytes_buffered: int = 0
    frames_unsampled: int = 0
    frames_dropped: Mapping[FrameDrop, int] = field(factory=dict[FrameDrop, int])
    frames_waiting: int = 0
    clips_made: int = 0
    clips_pending: int = 0
    clips_abandoned: int = 0


@frozen
class Feedback:
    """How good a caller finds the answers.

    Attributes:
        rating: 0 (worst) to 10.
        category: such as ``accuracy``; not empty.
        feedback: free text, may be empty.
    """

    rating: int = field(validator=a_whole_number(0, 10))
    category: str = field(validator=a_text())
    feedback: str = ""


@frozen
class FeedbackRecord:
    """A `Feedback` as it is kept; ``created_at`` is seconds since the Unix epoch."""

    id: str
    stream_id: str
    content: Feedback
    created_at: float


@frozen
class ServeRequest:
    """A stream that a gateway is asked to serve.

    Attributes:
        sampling: which frames make a clip.
        inference: what is asked about each.
        motion_gate: whether still scenes are answered without the model; None leaves it to the
            gateway.
        source: how its video comes.
    """

    sampling: Sampling
    inference: StreamInferenceConfig
    motion_gate: bool | None = None
    source: SourceKind = "webrtc"
