"""`TrackingRule` and `TimedVerdict`: what they refuse, and what the defaults are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from overshoot import ConfigurationError
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict


def test_by_default_each_confident_verdict_is_enough() -> None:
    rule = TrackingRule()

    assert (rule.enter_confidence, rule.lowest_confidence) == (0.6, 0.6)
    assert (rule.votes, rule.window) == (1, 1)


def test_votes_alone_are_votes_in_a_row() -> None:
    assert TrackingRule(votes=3).window == 3


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("enter_confidence", {"enter_confidence": 1.1}),
        ("enter_confidence", {"enter_confidence": float("nan")}),
        ("exit_confidence", {"exit_confidence": -0.1}),
        ("exit_confidence", {"exit_confidence": 0.61}),
        ("votes", {"votes": 0}),
        ("votes", {"votes": True}),
        ("votes_of", {"votes": 3, "votes_of": 2}),
        ("votes_of", {"votes_of": 1001}),
        ("min_duration_seconds", {"min_duration_seconds": -1}),
        ("max_gap_seconds", {"max_gap_seconds": float("inf")}),
        ("cooldown_seconds", {"cooldown_seconds": None}),
        ("lateness_seconds", {"lateness_seconds": 3601}),
        ("overrides", {"overrides": {"wave": {"votes": 2}}}),
        ("overrides", {"overrides": {1: TrackingOverrides()}}),
        ("overrides", {"overrides": [TrackingOverrides()]}),
        ("overrides", {"overrides": {"wave": TrackingOverrides(exit_confidence=0.7)}}),
        ("overrides", {"votes_of": 2, "overrides": {"wave": TrackingOverrides(votes=3)}}),
    ],
)
def test_a_rule_that_does_not_fit(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=field) as raised:
        TrackingRule(**values)

    assert raised.value.details["field"] == field


def test_an_override_that_does_not_fit_names_its_action() -> None:
    with pytest.raises(ConfigurationError, match=r"overrides\['wave'\].*exit_confidence"):
        TrackingRule(exit_confidence=0.5, overrides={"wave": TrackingOverrides(enter_confidence=0)})


def test_what_is_not_overridden_is_as_for_all() -> None:
    override = TrackingOverrides(votes=2, max_gap_seconds=0.0)
    rule = TrackingRule(exit_confidence=0.3, lateness_seconds=2, overrides={"wave": override})

    assert rule.of("wave") == TrackingRule(
        exit_confidence=0.3, lateness_seconds=2, votes=2, max_gap_seconds=0.0
    )
    assert rule.of("nod") == TrackingRule(exit_confidence=0.3, lateness_seconds=2)


def test_a_rule_is_not_changed_through_the_dict_it_was_given() -> None:
    overrides = {"wave": TrackingOverrides(votes=2)}
    rule = TrackingRule(overrides=overrides)

    overrides.clear()

    assert rule.of("wave").votes == 2
    assert hash(rule) == hash(TrackingRule(overrides={"wave": TrackingOverrides(votes=2)}))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("action", {"action": " "}),
        ("detected", {"detected": 1}),
        ("confidence", {"confidence": float("nan")}),
        ("confidence", {"confidence": 1.0000001}),
        ("confidence", {"confidence": "0.5"}),
        ("start", {"start": -0.001}),
        ("start", {"start": float("nan")}),
        ("end", {"end": float("inf")}),
        ("end", {"end": 10**400}),
        ("end", {"end": 0.9}),
        ("frame_start", {"frame_start": -1}),
        ("frame_end", {"frame_end": 1.5}),
        ("prompt_version", {"prompt_version": -1}),
        ("model", {"model": None}),
        ("schema_version", {"schema_version": "1"}),
    ],
)
def test_a_verdict_that_does_not_fit(field: str, values: dict[str, Any]) -> None:
    right = {"action": "wave", "detected": True, "confidence": 0.5, "start": 1.0, "end": 2.0}

    with pytest.raises(ConfigurationError, match=field) as raised:
        TimedVerdict(**{**right, **values})

    assert raised.value.details["field"] == field


def test_numbers_are_kept_as_plain_floats() -> None:
    half: Any = np.float32(0.5)
    two: Any = np.int64(2)
    verdict = TimedVerdict("wave", True, half, -0.0, two)

    assert (type(verdict.confidence), type(verdict.end)) == (float, float)
    assert repr(verdict.start) == "0.0"
