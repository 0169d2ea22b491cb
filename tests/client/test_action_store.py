"""`ActionStore`, as the specification shows it, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.client.action_store import ActionStore
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError

WAVE = DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92)
THUMB = DetectedAction("thumbs up", timestamp=3.2, frame_number=96, confidence=0.85)


@pytest.fixture
def store() -> ActionStore:
    store = ActionStore()
    store.add(WAVE)
    store.add(THUMB)
    return store


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [WAVE, THUMB]),
        ({"action": "waving"}, [WAVE]),
        ({"action": ["thumbs up", "waving"]}, [WAVE, THUMB]),
        ({"start_time": 1.0, "end_time": 5.0}, [WAVE, THUMB]),
        ({"start_time": 2}, [THUMB]),
        ({"min_confidence": 0.9}, [WAVE]),
        ({"last_seconds": 10}, [WAVE, THUMB]),
        ({"last_seconds": 1}, [THUMB]),
        ({"action": "waving", "min_confidence": 0.8}, [WAVE]),
        ({"action": "waving", "last_seconds": 1}, []),
    ],
)
def test_the_questions_of_the_specification(
    store: ActionStore, filters: dict[str, Any], found: list[DetectedAction]
) -> None:
    assert store.get_actions(**filters) == found


def test_counting(store: ActionStore) -> None:
    assert store.summary() == {"waving": 1, "thumbs up": 1}
    assert str(store.summary()) == "{'waving': 1, 'thumbs up': 1}"
    assert len(store) == 2
    store.clear()
    assert (len(store), store.summary(), store.get_actions()) == (0, {}, [])


def test_export(store: ActionStore, tmp_path: Path) -> None:
    store.export_json(tmp_path / "actions.json")
    store.export_csv(str(tmp_path / "actions.csv"))
    said = json.loads((tmp_path / "actions.json").read_text())
    assert [DetectedAction(**values) for values in said] == [WAVE, THUMB]
    lines = (tmp_path / "actions.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["action", "waving", "thumbs up"]


def test_an_unknown_filter_is_refused(store: ActionStore) -> None:
    with pytest.raises(ConfigurationError, match=r"no filter 'since'.*last_seconds"):
        store.get_actions(since=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("wrong", [None, {"action": "waving"}, "waving", ("waving", 1.0, 0, 1.0)])
def test_only_actions_are_added_all_or_none(store: ActionStore, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="DetectedAction"):
        store.add(wrong)
    with pytest.raises(ConfigurationError, match="DetectedAction"):
        store.add_many([WAVE, wrong])
    assert len(store) == 2


def test_several_may_come_from_a_generator_that_fails(store: ActionStore) -> None:
    store.add_many(action for action in (THUMB, WAVE))
    assert len(store) == 4

    def failing() -> Iterator[DetectedAction]:
        yield WAVE
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.add_many(failing())
    assert len(store) == 4


def test_any_store_can_be_given(store: ActionStore) -> None:
    mine = MemoryStore()
    one, other = ActionStore(mine), ActionStore(mine)
    one.add(WAVE)
    assert other.get_actions() == [WAVE]
    assert len(mine) == 1


@pytest.mark.parametrize("wrong", ["sqlite:///a.db", {}, [], 3])
def test_what_is_no_store_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ActionStore(wrong)
    assert caught.value.details["field"] == "store"


def test_what_the_store_raises_is_raised() -> None:
    class Broken(MemoryStore):
        def add(self, actions: Any) -> None:
            raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="full"):
        ActionStore(Broken()).add(WAVE)
