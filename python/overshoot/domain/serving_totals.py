"""What a gateway has done since it began, added up over its streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, fields, frozen

if TYPE_CHECKING:
    from overshoot.domain.serving import FrameDrop, StopReason, StreamInfo, StreamState


@frozen
class StreamTotals:
    """Sums over streams, those that have ended among them; the names are those of `StreamInfo`.

    Attributes:
        streams: how many they were.
        inferences_completed: answers.
        inferences_failed: failures.
        frames_received: frames that arrived.
        frames_kept: frames that were sampled into clips.
        frames_unsampled: frames that no clip needed.
        frames_dropped: frames that came to nothing, by reason.
        frames_waiting: frames on their way into a clip.
        clips_made: clips that were due.
        clips_skipped: clips never asked about.
        clips_pending: clips without an answer so far.
        clips_abandoned: clips that the end of their stream left without an answer.
        calls_saved: clips of still scenes that the model was not asked about.
        results_dropped: results that slow subscribers did not fetch in time.
    """

    streams: int = 0
    inferences_completed: int = 0
    inferences_failed: int = 0
    frames_received: int = 0
    frames_kept: int = 0
    frames_unsampled: int = 0
    frames_dropped: Mapping[FrameDrop, int] = field(factory=dict["FrameDrop", int])
    frames_waiting: int = 0
    clips_made: int = 0
    clips_skipped: int = 0
    clips_pending: int = 0
    clips_abandoned: int = 0
    calls_saved: int = 0
    results_dropped: int = 0

    def with_stream(self, info: StreamInfo) -> StreamTotals:
        """These, and one stream more."""
        dropped = dict(self.frames_dropped)
        for why, count in info.frames_dropped.items():
            dropped[why] = dropped.get(why, 0) + count
        sums: dict[str, Any] = {name: getattr(self, name) + getattr(info, name) for name in _SUMMED}
        return evolve(self, streams=self.streams + 1, frames_dropped=dropped, **sums)


_SUMMED = tuple(
    attribute.name
    for attribute in fields(StreamTotals)
    if attribute.name not in {"streams", "frames_dropped"}
)


@frozen
class ServingTotals:
    """A gateway as a whole, for whoever draws curves of it.

    Attributes:
        streams: sums over all streams it ever had. They never fall, but for what is waiting or
            pending.
        running: streams now, by their state.
        ended: streams that have ended, by the reason.
        subscribers: result sockets that listen now.
        turns_given: requests that the backend was handed by the scheduler, in all.
        turns_waited_seconds: time they waited for that, in sum.
        turns_waiting: requests that wait now.
        turns_running: requests that the backend has now.
        concurrency: how many of them may be at the same time; None for any number.
        bytes_buffered: pixels at hand now.
        clips_waiting: clips that wait for their stream's turn now.
    """

    streams: StreamTotals
    running: Mapping[StreamState, int]
    ended: Mapping[StopReason, int]
    subscribers: int
    turns_given: int
    turns_waited_seconds: float
    turns_waiting: int
    turns_running: int
    concurrency: int | None
    bytes_buffered: int
    clips_waiting: int
