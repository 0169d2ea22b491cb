"""Which stretch of the video an action's clip covers."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence import (
    EvidenceConfig,
    Stretch,
    action_stretch,
    kept_size,
    telling_time,
    wanted_stretch,
)
from overshoot.errors import ConfigurationError

CONFIG = EvidenceConfig(folder="kept", pre_roll_seconds=2, post_roll_seconds=1, max_clip_seconds=10)
times = st.floats(0, 1e6)
stretches = st.builds(lambda start, length: Stretch(start, start + length), times, times)


def action(
    timestamp: float = 5.0, duration: float | None = None, **metadata: Any
) -> DetectedAction:
    return DetectedAction("wave", timestamp, 0, 0.9, duration, metadata)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("folder", ""),
        ("folder", b"bytes"),
        ("folder", "a\0b"),
        ("pre_roll_seconds", -1),
        ("post_roll_seconds", 61),
        ("post_roll_seconds", nan),
        ("max_clip_seconds", inf),
        ("max_clip_seconds", 4),
        ("max_bytes", 1000),
        ("max_bytes", 1e9),
        ("max_age_seconds", 0),
        ("thumbnail", 1),
        ("largest_side", 8),
        ("max_fps", 0),
    ],
)
def test_a_wrong_setting_is_named(name: str, wrong: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EvidenceConfig(**{"folder": "kept", name: wrong})  # type: ignore[arg-type]
    assert caught.value.details["field"] == name


def test_an_action_with_a_duration_lasts_that_long() -> None:
    assert action_stretch(action(5.0, 3.0, clip_start=0.0, clip_end=1.0)) == Stretch(5.0, 8.0)


def test_a_single_verdict_happened_within_its_clip() -> None:
    assert action_stretch(action(5.0, clip_start=4.5, clip_end=5.0)) == Stretch(4.5, 5.0)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"clip_start": 4.0},
        {"clip_start": "4", "clip_end": 5.0},
        {"clip_start": 6, "clip_end": 5},
    ],
)
def test_without_a_clip_it_happened_at_its_time(metadata: dict[str, Any]) -> None:
    assert action_stretch(action(5.0, **metadata)) == Stretch(5.0, 5.0)


def test_a_clip_begins_before_and_ends_after_the_action() -> None:
    assert wanted_stretch(Stretch(5.0, 7.0), CONFIG) == Stretch(3.0, 8.0)
    assert wanted_stretch(Stretch(0.5, 1.0), CONFIG) == Stretch(0.0, 2.0)


def test_of_a_long_action_the_end_is_kept() -> None:
    assert wanted_stretch(Stretch(5.0, 100.0), CONFIG) == Stretch(91.0, 101.0)


@given(stretches)
def test_a_clip_is_never_too_long_and_always_has_the_end_of_the_action(happened: Stretch) -> None:
    wanted = wanted_stretch(happened, CONFIG)
    assert wanted.length <= CONFIG.max_clip_seconds + 1e-6
    assert wanted.start <= happened.end <= wanted.end
    assert not wanted.distance(happened.end)


@pytest.mark.parametrize(("peak", "time"), [(6.5, 6.5), (None, 6.0), (9.0, 6.0), (nan, 6.0)])
def test_the_picture_shows_the_surest_sight_or_the_middle(peak: float | None, time: float) -> None:
    assert telling_time(action(5.0, 2.0, peak_timestamp=peak)) == time


def test_a_stretch_does_not_end_before_it_begins() -> None:
    with pytest.raises(ConfigurationError, match=r"Stretch\.end"):
        Stretch(2.0, 1.0)


@given(st.integers(1, 8192), st.integers(1, 8192), st.integers(64, 4096))
def test_kept_pictures_have_even_sides_within_the_limit(w: int, h: int, side: int) -> None:
    width, height = kept_size(w, h, side)
    assert width % 2 == height % 2 == 0
    assert min(width, height) >= 16
    assert max(width, height) <= max(16, min(side, max(w, h)))


@pytest.mark.parametrize(
    ("given", "kept"),
    [((1920, 1080), (1280, 720)), ((1080, 1920), (720, 1280)), ((641, 481), (640, 480))],
)
def test_a_kept_picture_keeps_its_shape(given: tuple[int, int], kept: tuple[int, int]) -> None:
    assert kept_size(*given, 1280) == kept
