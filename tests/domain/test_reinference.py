"""What counts as found in a clip, and where two prompts differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.reinference import (
    Difference,
    Finding,
    Reinference,
    ReplayComparison,
    compare,
    disagreement,
)
from overshoot.domain.tracking_verdict import TimedVerdict

NOTHING = Finding(0, 0, 0.0)
findings = st.builds(
    lambda answered, detected, confidence: Finding(
        answered, min(detected, answered), confidence if min(detected, answered) else 0.0
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.floats(0, 1),
)


def said(*confidences: float, action: str = "wave") -> Reinference:
    """One verdict after the other; it was seen where the confidence is above 0."""
    verdicts = [
        TimedVerdict(action, confidence > 0, confidence, float(at), at + 0.5)
        for at, confidence in enumerate(confidences)
    ]
    return Reinference(prompt="p", model="m", answers=(), verdicts=tuple(verdicts), faults=())


def test_an_action_is_found_where_any_part_of_the_clip_shows_it_surely() -> None:
    assert said(0.0, 0.9, 0.7).finding("wave") == Finding(3, 2, 0.9)
    assert said(0.0, 0.9, 0.7).finding("wave", 0.8) == Finding(3, 1, 0.9)
    assert said(0.5).finding("wave", 0.6) == Finding(1, 0, 0.0)
    assert said(0.5).finding("point") == NOTHING


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (Finding(3, 1, 0.9), Finding(3, 3, 0.85), None),
        (Finding(3, 0, 0.0), Finding(5, 0, 0.0), None),
        (Finding(3, 1, 0.9), Finding(3, 1, 0.7), "confidence"),
        (Finding(3, 1, 0.9), Finding(3, 0, 0.0), "detected"),
        (Finding(3, 1, 0.05), Finding(3, 0, 0.0), "detected"),
        (Finding(3, 0, 0.0), NOTHING, "no_answer"),
        (NOTHING, NOTHING, "no_answer"),
    ],
)
def test_how_two_findings_differ(first: Finding, second: Finding, kind: str | None) -> None:
    assert disagreement(first, second, 0.1) == kind


@given(findings, findings, st.floats(0, 1))
def test_it_does_not_matter_which_prompt_comes_first(
    one: Finding, other: Finding, tolerance: float
) -> None:
    assert disagreement(one, other, tolerance) == disagreement(other, one, tolerance)


@given(findings, st.floats(0, 1))
def test_a_prompt_that_is_answered_agrees_with_itself(one: Finding, tolerance: float) -> None:
    assert disagreement(one, one, tolerance) == (None if one.answered else "no_answer")


def test_each_action_of_a_clip_is_compared() -> None:
    both = said(0.9, action="wave"), said(0.0, action="wave")
    agreed, differing = compare(
        "s/1-wave", ["wave", "point"], *both, min_confidence=0.6, tolerance=0.1
    )
    assert agreed == 0
    assert differing == [
        Difference("s/1-wave", "wave", "detected", Finding(1, 1, 0.9), Finding(1, 0, 0.0)),
        Difference("s/1-wave", "point", "no_answer", NOTHING, NOTHING),
    ]
    made = ReplayComparison(clips=1, agreements=3, differences=tuple(differing), tolerance=0.1)
    assert made.compared == 5
