"""What a gateway has done since it began, added up over its streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import asdict, fields, frozen

if TYPE_CHECKING:
    from overshoot.domain.serving import StreamInfo


@frozen
class StreamTotals:
    """Sums over streams, those that have ended among them; the names are those of `StreamInfo`.

    Attributes:
        streams: how many they were.
        inferences_completed: answers.
        inferences_failed: failures.
        frames_received: frames that arrived.
        frames_kept: frames that were sampled into clips.
        clips_skipped: clips never asked about.
        calls_saved: clips of still scenes that the model was not asked about.
        results_dropped: results that slow subscribers did not fetch in time.
    """

    streams: int = 0
    inferences_completed: int = 0
    inferences_failed: int = 0
    frames_received: int = 0
    frames_kept: int = 0
    clips_skipped: int = 0
    calls_saved: int = 0
    results_dropped: int = 0

    def with_stream(self, info: StreamInfo) -> StreamTotals:
        """These, and one stream more."""
        counted = asdict(self)
        counted["streams"] += 1
        for attribute in fields(StreamTotals):
            if attribute.name != "streams":
                counted[attribute.name] += getattr(info, attribute.name)
        return StreamTotals(**counted)


@frozen
class ServingTotals:
    """A gateway as a whole, for whoever draws curves of it.

    Attributes:
        streams: sums over all streams it ever had; they never fall.
        running: streams now, by their state.
        turns_given: requests that the backend was handed by the scheduler, in all.
        turns_waited_seconds: time they waited for that, in sum.
        turns_waiting: requests that wait now.
        turns_running: requests that the backend has now.
        concurrency: how many of them may be at the same time; None for any number.
        bytes_buffered: pixels at hand now.
    """

    streams: StreamTotals
    running: dict[str, int]
    turns_given: int
    turns_waited_seconds: float
    turns_waiting: int
    turns_running: int
    concurrency: int | None
    bytes_buffered: int
