"""What has to go when the folder is full."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.evidence_retention import KeptFiles, outdated

NOW = 1000.0
some = st.lists(
    st.builds(KeptFiles, st.text("abc", max_size=3), st.integers(0, 50), st.floats(0, NOW)),
    max_size=12,
    unique_by=lambda files: files.name,
)
limits = st.integers(0, 300)
ages = st.none() | st.floats(0, NOW)


def going(kept: list[KeptFiles], most: int, age: float | None) -> list[KeptFiles]:
    return outdated(kept, now=NOW, max_bytes=most, max_age_seconds=age)


@given(some, limits, ages)
def test_what_stays_fits_and_is_young_unless_it_is_the_newest_alone(
    kept: list[KeptFiles], most: int, age: float | None
) -> None:
    gone = going(kept, most, age)
    stays = [files for files in kept if files not in gone]
    assert bool(stays) == bool(kept)
    if len(stays) > 1:
        assert sum(files.bytes for files in stays) <= most
        assert age is None or all(NOW - files.kept_at <= age for files in stays)


@given(some, limits, ages)
def test_no_more_goes_than_must_and_the_oldest_first(
    kept: list[KeptFiles], most: int, age: float | None
) -> None:
    gone = going(kept, most, age)
    by_age = sorted(kept, key=lambda files: (files.kept_at, files.name))
    assert gone == by_age[: len(gone)]
    if gone:
        left = sum(files.bytes for files in by_age[len(gone) - 1 :])
        assert left > most or (age is not None and NOW - gone[-1].kept_at > age)


def test_within_the_limits_nothing_goes() -> None:
    kept = [KeptFiles("a", 5, 1.0), KeptFiles("b", 5, 2.0)]
    assert going(kept, 10, None) == []
    assert [files.name for files in going(kept, 9, None)] == ["a"]
    assert [files.name for files in going(kept, 10, 998.5)] == ["a"]
