"""The numbers of a stream that has done nothing yet."""

from __future__ import annotations

from overshoot.domain.ledger import FrameCounts, StreamStats


def test_nothing_has_been_counted_at_first() -> None:
    counts = FrameCounts()
    assert counts.captured == counts.sent + counts.waiting + sum(counts.dropped.values()) == 0
    stats = StreamStats()
    assert stats.frames == counts
    assert (stats.results, stats.results_dropped, stats.reconnections) == (0, 0, 0)
    assert stats.capture_to_sent_ms.p50 is None


def test_two_ledgers_share_nothing() -> None:
    assert FrameCounts().dropped is not FrameCounts().dropped
    assert StreamStats().frames is not StreamStats().frames
