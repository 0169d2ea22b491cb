"""The actions of a store as ``query`` and ``export`` choose them: every filter as an option."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_type_hints

import typer

from overshoot.cli.shared_options import parameter, stand_in
from overshoot.domain.cursor import ORDERS
from overshoot.domain.query import ActionQuery
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from overshoot.client.action_store import ActionStore
    from overshoot.domain.settings import Settings

_PANEL: Final = "Which actions"
_FILTERS: Final[dict[str, tuple[Any, str, str]]] = {
    "action": (list[str] | None, "--action", "Only this name; may be repeated."),
    "session": (list[str] | None, "--session", "Only of this session; may be repeated."),
    "source": (list[str] | None, "--from-source", "Only of this source; may be repeated."),
    "start_time": (float | None, "--start-time", "From this second of the stream on."),
    "end_time": (float | None, "--end-time", "Up to this second of the stream."),
    "last_seconds": (
        float | None, "--last-seconds", "At most so long before the newest one, by the stream.",
    ),
    "last_wall_seconds": (
        float | None, "--last-wall-seconds", "Added at most so long ago, by the clock.",
    ),
    "min_confidence": (float | None, "--min-confidence", "At least so sure, 0 to 1."),
    "max_confidence": (float | None, "--max-confidence", "At most so sure, 0 to 1."),
    "min_duration": (float | None, "--min-duration", "Lasted at least so many seconds."),
    "max_duration": (float | None, "--max-duration", "Lasted at most so many seconds."),
    "prompt_contains": (
        str | None, "--prompt-contains", "Text in the prompt it was found with, in any case.",
    ),
    "metadata": (
        list[str] | None, "--metadata",
        "KEY=VALUE that its metadata has, the value as JSON or else as text; may be repeated.",
    ),
    "order": (str | None, "--order", f"One of {', '.join(ORDERS)}."),
    "limit": (int | None, "--limit", "At most so many."),
    "after": (str | None, "--after", "Where the page before ended."),
}  # fmt: skip


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters as options; its parameter ``query`` is what they come to."""
    # The first is the run, which whoever shares options gives.
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "query"]
    hints = get_type_hints(command, include_extras=True)

    def run(*given: Any, **values: Any) -> None:
        filters = {name: values.pop(name) for name in _FILTERS}
        command(*given, query=_query(filters), **values)

    options = [
        parameter(name, kind, typer.Option(flag, help=help, rich_help_panel=_PANEL), None)
        for name, (kind, flag, help) in _FILTERS.items()
    ]
    typed = (each.replace(annotation=hints[each.name]) for each in own)
    return stand_in(run, command, [*typed, *options])


@contextmanager
def opened(settings: Settings) -> Generator[ActionStore]:
    """The store in force, which must be there already."""
    from overshoot.client.action_store import ActionStore

    address = address_of(settings)
    if address is None:
        message = "no store is named: give --store sqlite:///actions.db, or set OVERSHOOT_STORE"
        raise ConfigurationError(message, details={"field": "store"})
    missing = missing_file(address)
    if missing is not None:
        raise StoreError(f"there is no store in {missing}: no such file")
    store = ActionStore(address)
    try:
        yield store
    finally:
        store.close()


def address_of(settings: Settings) -> str | None:
    """The address of the store in force; a path is a file of SQLite, too."""
    address = settings.store
    return address if address is None or "://" in address else f"sqlite:///{address}"


def missing_file(address: str) -> Path | None:
    """The file of a store that is not there; opening it would make an empty one."""
    kind, _, place = address.partition("://")
    path = Path(place[1:])
    return path if kind == "sqlite" and len(place) > 1 and not path.is_file() else None


def _query(filters: dict[str, Any]) -> dict[str, Any]:
    """The filters that were given, checked."""
    given = {name: value for name, value in filters.items() if value is not None and value != []}
    if "metadata" in given:
        given["metadata"] = dict(_pair(text) for text in given["metadata"])
    try:
        ActionQuery.from_filters(given)
    except ConfigurationError as error:
        field = str(cast("dict[str, object]", error.details)["field"])
        flag = _FILTERS[field][1]
        told = error.message.removeprefix("ActionQuery.").removeprefix(f"{field} ")
        raise ConfigurationError(f"{flag} {told}", details={"field": field}) from None
    return given


def _pair(text: str) -> tuple[str, Any]:
    key, mark, value = text.partition("=")
    if not mark or not key:
        message = f"--metadata must be KEY=VALUE, got {text!r}"
        raise ConfigurationError(message, details={"field": "metadata"})
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
