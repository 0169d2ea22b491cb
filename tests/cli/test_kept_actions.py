"""`overshoot query` and `export` over a store: every filter, every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from overshoot import ActionStore, ConfigurationError, DetectedAction, StoreError
from overshoot.cli.kept_actions import _FILTERS
from overshoot.client.action_files import EXPORT_FORMATS, import_actions
from overshoot.domain.query import ActionFilters
from support.command_line import begun, here, lines

ACTIONS = [
    DetectedAction(
        "waving" if at % 2 else "thumbs up",
        timestamp=float(at),
        frame_number=at,
        confidence=0.5 + at / 20,
        duration=None if at == 5 else at / 2,
        metadata={
            "session_id": f"s{at % 3}",
            "source": "a.mp4" if at < 4 else "b.mp4",
            "prompt": "Is a HAND waving?" if at < 6 else "Anything?",
            "model": "local",
            "verdict_count": at,
        },
    )
    for at in range(8)
]


@pytest.fixture
def store(tmp_path: Path) -> str:
    address = f"sqlite:////{tmp_path}/actions.db"
    kept = ActionStore(address)
    kept.add_many(ACTIONS)
    kept.close()
    return address


def query(*arguments: str) -> Any:
    done = here("query", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


CHOSEN: dict[str, tuple[list[str], dict[str, Any]]] = {
    "action": (["--action", "waving"], {"action": "waving"}),
    "session": (["--session", "s1", "--session", "s2"], {"session": ["s1", "s2"]}),
    "source": (["--from-source", "b.mp4"], {"source": "b.mp4"}),
    "start_time": (["--start-time", "3"], {"start_time": 3}),
    "end_time": (["--end-time", "3"], {"end_time": 3}),
    "last_seconds": (["--last-seconds", "2"], {"last_seconds": 2}),
    "last_wall_seconds": (["--last-wall-seconds", "0"], {"last_wall_seconds": 0}),
    "min_confidence": (["--min-confidence", "0.7"], {"min_confidence": 0.7}),
    "max_confidence": (["--max-confidence", "0.7"], {"max_confidence": 0.7}),
    "min_duration": (["--min-duration", "2"], {"min_duration": 2}),
    "max_duration": (["--max-duration", "2"], {"max_duration": 2}),
    "prompt_contains": (["--prompt-contains", "hand"], {"prompt_contains": "hand"}),
    "metadata": (
        ["--metadata", "verdict_count=3", "--metadata", "model=local"],
        {"metadata": {"verdict_count": 3, "model": "local"}},
    ),
    "order": (["--order", "-confidence"], {"order": "-confidence"}),
    "limit": (["--limit", "2"], {"limit": 2}),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_filter_chooses_what_the_store_chooses(name: str, store: str) -> None:
    options, filters = CHOSEN[name]
    kept = ActionStore(store)
    wanted = [each.to_dict() for each in kept.get_actions(**filters)]
    kept.close()
    found = query("--store", store, *options)["actions"]
    assert [{key: each[key] for key in wanted[0]} if wanted else each for each in found] == wanted
    assert len(wanted) < len(ACTIONS) or name == "order"


def test_every_filter_of_the_store_is_an_option() -> None:
    names = set(ActionFilters.__annotations__)
    assert set(_FILTERS) == names
    assert set(CHOSEN) | {"after"} == names


def test_pages_go_on_where_one_ended(store: str) -> None:
    kept = ActionStore(store)
    page = kept.page(limit=3)
    kept.close()
    assert page.next is not None
    found = query("--store", store, "--after", page.next, "--limit", "2")["actions"]
    assert [each["timestamp"] for each in found] == [3.0, 4.0]


def test_counts_statistics_and_timeline(store: str) -> None:
    assert query("--store", store, "--count", "--action", "waving") == {"count": 4}
    statistics = query("--store", store, "--statistics")["statistics"]
    assert {each["action"]: each["count"] for each in statistics} == {"waving": 4, "thumbs up": 4}
    timeline = query("--store", store, "--timeline", "4")["timeline"]
    assert sum(each["count"] for each in timeline) == len(ACTIONS)


def test_a_table_for_people(store: str) -> None:
    path = store.removeprefix("sqlite:///")
    done = here("query", "--store", path, "--action", "waving")
    rows = done.stdout.splitlines()
    assert rows[0].split() == ["seq", "begins", "lasts", "sure", "action", "source", "session"]
    assert rows[1].split() == ["2", "1.00", "s", "0.50", "s", "55%", "waving", "a.mp4", "s1"]
    assert done.stderr == "4 actions\n"
    assert here("query", "--store", path, "--count").stdout == "8\n"
    assert "total_duration" in here("query", "--store", path, "--statistics").stdout


def test_what_is_added_later_is_followed(store: str) -> None:
    running = begun("query", "--store", store, "--follow", "--json", "--action", "waving")
    assert running.stderr is not None
    assert running.stdout is not None
    assert "following" in running.stderr.readline()
    kept = ActionStore(store)
    kept.add_many(ACTIONS[:2])
    kept.close()
    assert json.loads(running.stdout.readline()) == ACTIONS[1].to_dict()
    running.stdout.close()
    with ActionStoreOf(store) as later:
        # The second line finds that nobody reads any more.
        later.add(ACTIONS[1])
    assert running.wait(timeout=30) == 0
    assert running.stderr.read() == ""
    running.stderr.close()


class ActionStoreOf:
    """An `ActionStore` that is closed at the end."""

    def __init__(self, address: str) -> None:
        self._store = ActionStore(address)

    def __enter__(self) -> ActionStore:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_a_file_in_each_format(form: str, store: str, tmp_path: Path) -> None:
    path = tmp_path / f"actions.{form}"
    done = here("export", path, "--store", store, "--action", "waving", "--json")
    assert lines(done) == [{"file": str(path), "format": form, "actions": 4}]
    if form in {"vtt", "srt"}:
        assert path.read_text().count("waving") == 4
    else:
        waving = [each for each in ACTIONS if each.action == "waving"]
        assert import_actions(path, form) == waving


def test_without_a_file_the_actions_are_on_stdout(store: str) -> None:
    done = here("export", "--store", store, "--min-confidence", "0.8")
    assert [json.loads(line)["timestamp"] for line in done.stdout.splitlines()] == [6.0, 7.0]
    assert done.stderr == ""
    assert here("export", "--store", store, "-f", "csv").stdout.startswith("action,timestamp,")


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("query",), ConfigurationError, "no store is named"),
        (("query", "--store", "sqlite:///nothing.db"), StoreError, "no store in nothing.db"),
        (("query", "--store", "nothing.db"), StoreError, "no such file"),
        (("query", "--store", "oracle://x"), ConfigurationError, "oracle:// is no address"),
        (("query", "--order", "size"), ConfigurationError, "--order must be one of"),
        (("query", "--min-confidence", "2"), ConfigurationError, "--min-confidence must be a"),
        (("query", "--metadata", "model"), ConfigurationError, "--metadata must be KEY=VALUE"),
        (("query", "--count", "--statistics"), ConfigurationError, "give one of --count"),
        (
            ("query", "--start-time", "3", "--end-time", "2"),
            ConfigurationError,
            "--start-time must not be after",
        ),
        (("export", "a.xyz"), ConfigurationError, "--format must be one of"),
        (("export", "--json"), ConfigurationError, "--json tells of a file"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], kind: type[Exception], words: str, nothing_in_force: Path
) -> None:
    done = here(*arguments)
    assert isinstance(done.exception, kind)
    assert words in str(done.exception)
    assert list(nothing_in_force.iterdir()) == [], "no empty store is made"
