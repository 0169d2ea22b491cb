"""Why a stream ended: one word for programs, and one sentence for people where it went wrong."""

from __future__ import annotations

from attrs import frozen

from overshoot.errors import NetworkError, OvershootError, StreamEndedError, UnauthorizedError

NATURAL_AFTER_VIDEO = frozenset({"webrtc_disconnected", "livekit_disconnected", "source_ended"})
"""Words with which a gateway ends a stream whose video has come to its end."""

CLOSE_STREAM_ENDED = 1001
CLOSE_REFUSED = 1008
_ENDED_PREFIX = "stream ended: "


@frozen
class StreamEnd:
    """Why a stream ended.

    Attributes:
        reason: ``client_requested``, ``source_ended``, ``source_failed``, ``media_lost``,
            ``connection_lost``, ``unauthorized``, ``refused``, ``stream_not_found``,
            ``open_failed``, ``internal_error``, or the gateway's own word (``lease_expired``,
            ``webrtc_disconnected``, ``insufficient_credits`` …).
        error: what to raise or report; None for an end that was asked for or is natural.
    """

    reason: str
    error: OvershootError | None = None


CLIENT_REQUESTED = StreamEnd("client_requested")
SOURCE_ENDED = StreamEnd("source_ended")


def start_failed(error: BaseException) -> StreamEnd:
    """A stream that did not come to run; one that was cancelled was not wanted any more."""
    if isinstance(error, OvershootError):
        return StreamEnd("open_failed", error)
    return StreamEnd("internal_error") if isinstance(error, Exception) else CLIENT_REQUESTED


def ended_by_gateway(close_reason: str, after_video: bool) -> StreamEnd:
    """The gateway said so in a close frame, ``stream ended: <word>``.

    After the last frame some words only say what is known already.
    """
    word = close_reason.removeprefix(_ENDED_PREFIX)
    if after_video and word in NATURAL_AFTER_VIDEO:
        return SOURCE_ENDED
    return StreamEnd(word, StreamEndedError(f"the gateway ended the stream: {word}", reason=word))


def stream_not_found(cause: OvershootError) -> StreamEnd:
    """The gateway answered 404 about a stream that should be there."""
    error = StreamEndedError(
        "the gateway no longer knows the stream: it expired or was closed; start a new one",
        reason="stream_not_found",
    )
    error.__cause__ = cause
    return StreamEnd("stream_not_found", error)


def key_refused(close_reason: str) -> StreamEnd:
    """The result channel was closed with 1008."""
    why = f": {close_reason}" if close_reason else ""
    return StreamEnd(
        "unauthorized", UnauthorizedError(f"the gateway refused the key on the result socket{why}")
    )


def lease_lost(fault: str, cause: OvershootError | None = None) -> StreamEnd:
    """The lease ran out on this side's clock; ``fault`` is what kept it from being renewed."""
    why = f": {fault}" if fault else ""
    error = NetworkError(f"the lease ran out before it was renewed{why}", cause)
    return StreamEnd("connection_lost", error)


def results_lost(attempts: int, cause: OvershootError) -> StreamEnd:
    """The result channel could not be opened again."""
    message = f"no result channel after {attempts} more attempts: {cause.message}"
    return StreamEnd("connection_lost", NetworkError(message, cause))


def media_never_came(waited_seconds: float) -> StreamEnd:
    """ICE or DTLS found no way."""
    error = NetworkError(
        "the gateway accepted the stream but no media path opened in"
        f" {waited_seconds:g} s; UDP between here and the gateway is probably blocked:"
        " configure a TURN server"
    )
    return StreamEnd("media_lost", error)
