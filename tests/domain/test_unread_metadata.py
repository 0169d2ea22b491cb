"""An action out of a store, whose metadata is read late, is like any other."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, fields, replace
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given

from overshoot import StoreError
from overshoot.domain.action import DetectedAction
from overshoot.domain.columns import of_columns
from overshoot.domain.unread_metadata import UnreadMetadata
from overshoot.testing.strategies import actions

NAMES = ("action", "timestamp", "frame_number", "confidence", "duration")


def unread(action: DetectedAction, text: str | None = None) -> DetectedAction:
    columns: dict[str, list[object]] = {name: [getattr(action, name)] for name in NAMES}
    columns["_unread"] = [json.dumps(action.metadata) if text is None else text]
    (late,) = of_columns(DetectedAction, 1, columns)
    return late


@given(actions)
def test_nobody_can_tell_the_difference(action: DetectedAction) -> None:
    ways: list[Any] = [
        repr,
        asdict,
        hash,
        copy.copy,
        copy.deepcopy,
        DetectedAction.to_dict,
        lambda each: replace(each, action="other"),
        lambda each: pickle.loads(pickle.dumps(each)),  # noqa: S301
        lambda each: each.metadata,
        lambda each: [getattr(each, field.name) for field in fields(each)],
    ]
    for way in ways:
        assert way(unread(action)) == way(action)
    assert unread(action) == action == unread(action)
    assert unread(action) == unread(action)
    assert unread(action) != replace(action, metadata={"other": 1})
    assert type(unread(action).metadata) is dict


def test_its_dict_is_one_and_its_own() -> None:
    late, other = (unread(DetectedAction("wave", 1.0, 0, 1.0, None, {"a": []})) for _ in range(2))
    late.metadata["a"].append(1)
    late.metadata["b"] = 2
    assert late.metadata == {"a": [1], "b": 2}
    assert other.metadata == {"a": []}
    assert copy.copy(late).metadata is late.metadata


def test_threads_get_the_same_dict() -> None:
    together = Barrier(8)
    texts = ['{"k": [%s]}' % ", ".join(map(str, range(200)))] * 50  # noqa: UP031

    for text in texts:
        late = unread(DetectedAction("wave", 1.0, 0, 1.0), text)

        def read(_: int, late: DetectedAction = late) -> int:
            together.wait(20)
            return id(late.metadata)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(read, range(8)))) == 1


def test_it_stays_frozen_and_has_nothing_else() -> None:
    late = unread(DetectedAction("wave", 1.0, 0, 1.0))
    with pytest.raises(FrozenInstanceError):
        late.metadata = {}  # type: ignore[misc]
    assert not hasattr(late, "__dict__")
    with pytest.raises(AttributeError, match="'DetectedAction' object has no attribute 'nothing'"):
        late.nothing  # type: ignore[attr-defined]  # noqa: B018
    empty = DetectedAction.__new__(DetectedAction)
    with pytest.raises(AttributeError, match="no attribute 'metadata'"):
        empty.metadata  # noqa: B018
    assert issubclass(DetectedAction, UnreadMetadata)


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, "null"])
def test_what_somebody_else_wrote_there_is_an_error_that_says_so(text: str) -> None:
    with pytest.raises(StoreError, match="no JSON object"):
        unread(DetectedAction("wave", 1.0, 0, 1.0), text).metadata  # noqa: B018
