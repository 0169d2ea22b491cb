"""`DetectedAction`: what it takes, what it refuses, and that it is a dataclass."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from overshoot import ConfigurationError, ValidationError
from overshoot.domain.action import DetectedAction
from overshoot.testing.strategies import actions

GOOD: dict[str, Any] = {
    "action": "waving hand",
    "timestamp": 1.5,
    "frame_number": 45,
    "confidence": 0.92,
}


def test_the_positions_are_those_of_the_specification() -> None:
    action = DetectedAction("waving", 1.5, 45, 0.92, 0.5, {"who": "me"})
    assert dataclasses.asdict(action) == {
        "action": "waving",
        "timestamp": 1.5,
        "frame_number": 45,
        "confidence": 0.92,
        "duration": 0.5,
        "metadata": {"who": "me"},
    }
    assert list(action.to_dict()) == list(dataclasses.asdict(action))


def test_duration_and_metadata_have_defaults_of_their_own() -> None:
    one, other = DetectedAction(**GOOD), DetectedAction(**GOOD)
    assert one.duration is None
    assert one.metadata == {}
    one.metadata["late"] = True
    assert other.metadata == {}


def test_the_callers_dict_is_not_shared() -> None:
    mine = {"a": 1}
    action = DetectedAction(**GOOD, metadata=mine)
    mine["a"] = 2
    assert action.metadata == {"a": 1}
    action.to_dict()["metadata"]["a"] = 3
    assert action.metadata == {"a": 1}


@given(action=actions)
def test_it_is_a_value(action: DetectedAction) -> None:
    for same in (
        DetectedAction(**action.to_dict()),
        dataclasses.replace(action),
        copy.deepcopy(action),
        pickle.loads(pickle.dumps(action)),  # noqa: S301
    ):
        assert same == action
        assert hash(same) == hash(action)
    assert dataclasses.replace(action, frame_number=action.frame_number ^ 1) != action
    assert dataclasses.replace(action, metadata={"other": 0}) != action


def test_it_cannot_be_changed() -> None:
    action = DetectedAction(**GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        action.timestamp = 0.0  # type: ignore[misc]


def test_numbers_of_numpy_become_pythons() -> None:
    action = DetectedAction("a", np.float32(1.5), np.int64(3), np.float64(0.5), np.int32(2))  # type: ignore[arg-type]
    assert [type(value) for value in dataclasses.astuple(action)[1:5]] == [float, int, float, float]
    assert action == DetectedAction("a", 1.5, 3, 0.5, 2.0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", ""),
        ("action", " \n"),
        ("action", None),
        ("action", b"waving"),
        ("action", "\ud800"),
        ("timestamp", -0.001),
        ("timestamp", float("nan")),
        ("timestamp", float("inf")),
        ("timestamp", 10**400),
        ("timestamp", "1.5"),
        ("timestamp", None),
        ("timestamp", True),
        ("frame_number", -1),
        ("frame_number", 1.0),
        ("frame_number", None),
        ("frame_number", False),
        ("confidence", -0.01),
        ("confidence", 1.01),
        ("confidence", 92),
        ("confidence", float("nan")),
        ("confidence", 1j),
        ("confidence", "0.9"),
        ("confidence", np.float32("nan")),
        ("duration", -1),
        ("duration", float("inf")),
        ("duration", float("nan")),
        ("metadata", None),
        ("metadata", [("a", 1)]),
        ("metadata", {1: "a"}),
    ],
)
def test_what_cannot_be_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DetectedAction(**{**GOOD, field: value})
    assert caught.value.details["field"] == field
    assert f"DetectedAction.{field}" in caught.value.message
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ValidationError)
    with pytest.raises(ConfigurationError):
        dataclasses.replace(DetectedAction(**GOOD), **{field: value})
