"""What is drawn into frames: bars, timeline, status, note; any size, any text."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot import overlay as drawing
from overshoot.client.relay_result import relay_result
from overshoot.domain.inference import InferenceResult
from overshoot.errors import ConfigurationError
from overshoot.overlay import Bar, Overlay, Span, bars_of, draw

GREEN = (90, 200, 80)
HOSTILE = ["a\0b", "\x1b[31m", "\udc80", "x" * 100_000, "手を振る", "👋", "\n\n", "%s%n", ""]

texts = st.sampled_from(HOSTILE) | st.text(max_size=12)
bars = st.builds(Bar, texts, st.floats(0, 1), st.booleans())
spans = st.builds(Span, texts, st.floats(0, 100), st.none() | st.floats(0, 200))
overlays = st.builds(
    Overlay,
    bars=st.lists(bars, max_size=5),
    spans=st.lists(spans, max_size=5),
    now=st.floats(0, 100),
    window_seconds=st.floats(0.1, 60),
    status=texts,
    note=st.lists(texts, max_size=3),
)


def gray(height: int = 240, width: int = 320) -> Any:
    return np.full((height, width, 3), 127, np.uint8)


@settings(max_examples=60, deadline=None)
@given(overlays, st.integers(1, 200), st.integers(1, 200))
def test_any_overlay_goes_into_any_picture(overlay: Overlay, height: int, width: int) -> None:
    pixels = gray(height, width)
    drawn = draw(pixels, overlay)
    assert drawn is pixels
    assert drawn.shape == (height, width, 3)
    assert drawn.dtype == np.uint8


def test_nothing_draws_nothing() -> None:
    assert (draw(gray(), Overlay()) == gray()).all()


def green_columns(pixels: Any) -> int:
    """How long the green bar is."""
    return int((pixels == GREEN).all(axis=2).any(axis=0).sum())


def test_a_bar_is_as_long_as_it_is_sure() -> None:
    lengths = [
        green_columns(draw(gray(480, 640), Overlay(bars=[Bar("waving", sure)])))
        for sure in (0.0, 0.25, 0.5, 1.0)
    ]
    assert lengths[0] == 0
    assert lengths[2] == pytest.approx(2 * lengths[1], abs=4)
    assert lengths[3] == pytest.approx(2 * lengths[2], abs=4)


def test_what_is_not_seen_is_not_green() -> None:
    assert green_columns(draw(gray(), Overlay(bars=[Bar("waving", 0.9, seen=False)]))) == 0


def test_the_timeline_shows_its_window_and_forgets_what_is_older() -> None:
    def drawn(*given: Span) -> Any:
        return draw(gray(), Overlay(spans=given, now=100.0, window_seconds=10.0))

    empty = drawn(Span("a", 1.0, 2.0))
    early, late = drawn(Span("a", 91.0, 92.0)), drawn(Span("a", 98.0))
    columns = [np.flatnonzero((each != empty).any(axis=(0, 2))) for each in (early, late)]
    assert columns[0].max() < 320 / 2 < columns[1].min()
    assert columns[1].max() > 300, "what goes on reaches to now"


def test_a_picture_that_may_not_be_written_to_is_copied() -> None:
    pixels = gray()
    pixels.flags.writeable = False
    drawn = draw(pixels, Overlay(status="hello"))
    assert drawn is not pixels
    assert (pixels == 127).all()
    assert (drawn != pixels).any()
    wide = gray(240, 640)[:, ::2]
    assert (draw(wide, Overlay(status="hello")) != 127).any()


def test_letters_that_an_old_opencv_has_not_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "__version__", "4.14.0")
    assert drawing._drawable("Ä手\udc80") == "A??"
    monkeypatch.setattr(cv2, "__version__", "5.0.0")
    assert drawing._drawable("Ä手\udc80\0") == "Ä手? "


def test_a_confidence_is_between_0_and_1() -> None:
    with pytest.raises(ConfigurationError):
        Bar("x", 1.5)


VERDICTS = {
    "detected_actions": [
        {"action": "waving", "detected": True, "confidence": 0.9},
        {"action": "clapping", "detected": False, "confidence": 0.7},
        {"action": "pointing", "detected": True, "confidence": 0.3},
    ]
}


def test_bars_of_verdicts() -> None:
    result: InferenceResult[Any] = InferenceResult(json.dumps(VERDICTS))
    wanted = (
        Bar("waving", 0.9),
        Bar("clapping", 0.7, seen=False),
        Bar("pointing", 0.3, seen=False),
    )
    assert bars_of(result, min_confidence=0.6) == wanted
    assert bars_of(relay_result(result), min_confidence=0.6) == wanted


def test_bars_of_what_a_backend_detected_or_nothing() -> None:
    result: InferenceResult[Any] = InferenceResult("words", detected={"motion": 1.2})
    assert bars_of(result) == (Bar("motion", 1.0),)
    assert bars_of(InferenceResult("", ok=False, error="busy")) == ()
