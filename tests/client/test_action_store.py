"""`ActionStore`, as the specification shows it, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.client.action_store import ActionStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.stored import ActionSummary, IntervalCount
from overshoot.errors import StoreError

WAVE = DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92)
THUMB = DetectedAction("thumbs up", timestamp=3.2, frame_number=96, confidence=0.85)
LONG = DetectedAction("waving", 7.0, 210, 0.5, 2.5, {"session_id": "s1", "prompt": "Who waves?"})


@pytest.fixture
def store() -> Iterator[ActionStore]:
    with ActionStore() as store:
        store.add(WAVE)
        store.add(THUMB)
        yield store


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [WAVE, THUMB]),
        ({"action": "waving"}, [WAVE]),
        ({"action": ["thumbs up", "waving"]}, [WAVE, THUMB]),
        ({"action": (name for name in ["waving"])}, [WAVE]),
        ({"start_time": 1.0, "end_time": 5.0}, [WAVE, THUMB]),
        ({"start_time": 2}, [THUMB]),
        ({"min_confidence": 0.9}, [WAVE]),
        ({"last_seconds": 10}, [WAVE, THUMB]),
        ({"last_seconds": 1}, [THUMB]),
        ({"action": "waving", "min_confidence": 0.8}, [WAVE]),
        ({"action": "waving", "last_seconds": 1}, []),
        ({"order": "-timestamp"}, [THUMB, WAVE]),
        ({"limit": 1}, [WAVE]),
        ({"last_wall_seconds": 3600}, [WAVE, THUMB]),
    ],
)
def test_the_questions_of_the_specification_and_more(
    store: ActionStore, filters: dict[str, Any], found: list[DetectedAction]
) -> None:
    assert store.get_actions(**filters) == found


def test_the_newer_filters(store: ActionStore) -> None:
    store.add(LONG)
    assert store.get_actions(session="s1") == [LONG]
    assert store.get_actions(prompt_contains="WAVES") == [LONG]
    assert store.get_actions(min_duration=2.5) == [LONG]
    assert store.get_actions(metadata={"session_id": "s1"}) == [LONG]
    assert store.get_actions(max_confidence=0.5, order="added") == [LONG]


def test_counting(store: ActionStore) -> None:
    assert store.summary() == {"waving": 1, "thumbs up": 1}
    assert str(store.summary()) == "{'waving': 1, 'thumbs up': 1}"
    assert len(store) == 2
    store.clear()
    assert (len(store), store.summary(), store.get_actions()) == (0, {}, [])


def test_statistics(store: ActionStore) -> None:
    store.add(LONG)
    assert store.statistics() == {
        "waving": ActionSummary("waving", 2, 2.5, 1.5, 7.0),
        "thumbs up": ActionSummary("thumbs up", 1, 0.0, 3.2, 3.2),
    }
    assert list(store.statistics(end_time=4)) == ["waving", "thumbs up"]
    assert store.count() == 3
    assert store.count(action="waving", start_time=2) == 1
    assert store.timeline(3.0) == [
        IntervalCount(0, "waving", 1),
        IntervalCount(1, "thumbs up", 1),
        IntervalCount(2, "waving", 1),
    ]
    assert store.timeline(3, action="thumbs up") == [IntervalCount(1, "thumbs up", 1)]


def test_stored_actions_have_their_place(store: ActionStore) -> None:
    first, second = store.stored()
    assert (first.seq, first.action, second.seq, second.action) == (1, WAVE, 2, THUMB)
    assert first.added_at <= second.added_at


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, None])
def test_pages(limit: int | None) -> None:
    store = ActionStore()
    actions = [DetectedAction("a", float(n % 2), n, 1.0) for n in range(6)]
    store.add_many(actions)
    wanted = store.get_actions(order="-timestamp", action=["a"])
    seen: list[DetectedAction] = []
    after: str | None = None
    for _ in range(6):
        names = (name for name in ["a"])
        page = store.page(order="-timestamp", action=names, limit=limit, after=after)
        assert len(page.actions) == (limit or 6) or page.next is None
        seen += page.actions
        after = page.next
        if after is None:
            break
    assert seen == wanted


def test_a_page_is_of_100() -> None:
    store = ActionStore()
    store.add_many(DetectedAction("a", float(n), n, 1.0) for n in range(101))
    page = store.page()
    assert len(page.actions) == 100
    assert page.next is not None
    assert [each.frame_number for each in store.page(after=page.next).actions] == [100]
    assert store.page(action="b").next is None


@pytest.mark.parametrize("limit", [0, -1, 2**31 - 1, True, "7"])
def test_a_page_has_at_least_one(store: ActionStore, limit: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        store.page(limit=limit)
    assert caught.value.details["field"] == "limit"


def test_a_cursor_of_another_order_is_refused(store: ActionStore) -> None:
    page = store.page(limit=1)
    with pytest.raises(ConfigurationError, match="after is a cursor of the order 'timestamp'"):
        store.page(order="added", after=page.next)


def test_following(store: ActionStore) -> None:
    with store.follow(action="waving") as waves, store.follow(since=1) as later:
        store.add_many([THUMB, LONG])
        assert next(waves) == LONG
        assert waves.seq == 4
        assert [next(later), next(later), next(later)] == [THUMB, THUMB, LONG]
    with store.follow(since=waves.seq, min_confidence=0.9) as resumed:
        store.add_many([THUMB, WAVE])
        assert next(resumed) == WAVE


@pytest.mark.parametrize("name", ["order", "limit", "after", "last_seconds", "last_wall_seconds"])
def test_what_cannot_be_followed_is_said(store: ActionStore, name: str) -> None:
    wrong: dict[str, Any] = {name: 1}
    with pytest.raises(ConfigurationError, match=f"follow takes no filter '{name}'") as caught:
        store.follow(**wrong)
    assert caught.value.details["field"] == name


@pytest.mark.parametrize(
    "wrong", [{"since": -1}, {"since": True}, {"since": "1"}, {"since": 1.0}, {"actions": "a"}]
)
def test_following_refuses_nonsense(store: ActionStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        store.follow(**wrong)
    assert caught.value.details["field"] in wrong


def test_closing_ends_who_follows_and_says_so_afterwards(store: ActionStore) -> None:
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(list, store.follow())
        store.close()
        store.close()
        assert following.result(30) == []
    with pytest.raises(StoreError, match="closed"):
        store.add(WAVE)
    with pytest.raises(StoreError, match="closed"):
        store.follow()


def test_export(store: ActionStore, tmp_path: Path) -> None:
    store.export_json(tmp_path / "actions.json")
    store.export_csv(str(tmp_path / "actions.csv"))
    said = json.loads((tmp_path / "actions.json").read_text())
    assert [DetectedAction(**values) for values in said] == [WAVE, THUMB]
    assert [row["frame_number"] for row in said] == [45, 96]
    lines = (tmp_path / "actions.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["action", "waving", "thumbs up"]


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "parquet"])
def test_what_was_exported_can_be_imported(store: ActionStore, tmp_path: Path, format: str) -> None:
    store.add(LONG)
    file = tmp_path / f"actions.{format}"
    store.export(file, format, action="waving")
    other = ActionStore()
    assert other.import_actions(file) == 2
    assert other.import_actions(file, format) == 2
    assert other.get_actions() == [WAVE, WAVE, LONG, LONG]


@pytest.mark.parametrize("format", ["vtt", "srt"])
def test_captions(store: ActionStore, tmp_path: Path, format: str) -> None:
    file = tmp_path / f"actions.{format}"
    store.export(file, format, order="-timestamp")
    text = file.read_text()
    assert text.index("waving") < text.index("thumbs up")


def test_a_wrong_file_adds_nothing(store: ActionStore, tmp_path: Path) -> None:
    file = tmp_path / "actions.jsonl"
    store.export(file, "jsonl")
    file.write_text(file.read_text() + '{"action": "waving", "timestamp": -1}\n')
    with pytest.raises(StoreError, match=r"actions\.jsonl"):
        store.import_actions(file)
    assert len(store) == 2


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


def test_any_store_can_be_given() -> None:
    mine = MemoryStore()
    one, other = ActionStore(mine), ActionStore(mine)
    one.add(WAVE)
    assert other.get_actions() == [WAVE]
    assert len(mine) == 1
    one.close()
    with pytest.raises(StoreError, match="closed"):
        len(mine)


def test_a_file_is_given_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ActionStore("sqlite:///some actions.db") as store:
        store.add(WAVE)
    with ActionStore(f"sqlite:///{tmp_path}/some actions.db") as store:
        assert store.get_actions() == [WAVE]
    assert [path.name for path in tmp_path.glob("*.db")] == ["some actions.db"]


@pytest.mark.parametrize("wrong", [{}, [], 3])
def test_what_is_no_store_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ActionStore(wrong)
    assert caught.value.details["field"] == "store"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "actions.db",
        "mysql+x://root:hunter2@host/db",
        "root:hunter2@host/db",
        "sqlite://root:hunter2@a.db",
        "sqlite:///",
        "sqlite:///:memory:",
        " sqlite:///a.db",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///") as caught:
        ActionStore(wrong)
    assert caught.value.details["field"] == "store"
    assert "hunter2" not in str(caught.value) + repr(caught.value.details)


def test_what_the_store_raises_is_raised() -> None:
    class Broken(MemoryStore):
        def add(self, actions: Any) -> None:
            raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="full"):
        ActionStore(Broken()).add(WAVE)
