"""``overshoot query``: the actions of a store, chosen, counted, followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from attrs import asdict
from rich.table import Table
from rich.text import Text

from overshoot.cli.kept_actions import filtered, opened
from overshoot.cli.shared_options import STORE, Run, shared
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.client.action_store import ActionStore
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionFilters, FollowFilters
    from overshoot.domain.stored import StoredAction


@shared(STORE)
@filtered
def query(
    run: Run,
    query: dict[str, Any],
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Of each name: how many, how long, first, last.")
    ] = False,
    timeline: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="How many begin in each interval of that length."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Those that are added from now on, as they come.")
    ] = False,
) -> None:
    """Show the actions that a store holds.

    Without a limit all of them, by time. Times are seconds on the clock of the stream.

    Examples:

    overshoot query --store sqlite:///actions.db --action "waving hand" --min-confidence 0.8

    overshoot query --store actions.db --statistics

    overshoot query --store postgresql://host/database --follow --json

    --json prints one object: actions, a list with seq, added_at (UNIX time), action, timestamp,
    duration, frame_number, confidence and metadata; with --count only count; with --statistics a
    list of action, count, total_duration, first, last; with --timeline a list of index, action,
    count. With --follow it is one action a line.
    """
    chosen = [flag for flag in (count, statistics, timeline is not None, follow) if flag]
    if len(chosen) > 1:
        message = "give one of --count, --statistics, --timeline and --follow"
        raise ConfigurationError(message, details={"field": "count"})
    filters = cast("ActionFilters", query)
    with opened(run.settings) as store:
        if follow:
            _follow(run, store, cast("FollowFilters", query))
        elif count:
            _counted(run, store.count(**filters))
        elif statistics:
            _rows(
                run, "statistics", [asdict(each) for each in store.statistics(**filters).values()]
            )
        elif timeline is not None:
            counts = store.timeline(timeline, **filters)
            _rows(run, "timeline", [asdict(each) for each in counts])
        else:
            _listed(run, store.stored(**filters))


def _counted(run: Run, count: int) -> None:
    if run.output.as_json:
        run.output.json({"count": count})
    else:
        run.output.line(str(count))


def _rows(run: Run, name: str, rows: Sequence[dict[str, Any]]) -> None:
    if run.output.as_json:
        run.output.json({name: rows})
        return
    table = Table(*(rows[0] if rows else ()), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row.values()))
    run.output.table(table)


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _listed(run: Run, stored: list[StoredAction]) -> None:
    if run.output.as_json:
        actions = [
            {"seq": each.seq, "added_at": each.added_at, **each.action.to_dict()} for each in stored
        ]
        run.output.json({"actions": actions})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("seq", "begins", "lasts", "sure"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("action", "source", "session"):
        table.add_column(heading)
    for each in stored:
        table.add_row(str(each.seq), *map(Text, _cells(each.action)))
    run.output.table(table)
    run.output.note(f"{len(stored)} actions")


def _cells(action: DetectedAction) -> tuple[str, ...]:
    lasted = "" if action.duration is None else f"{action.duration:.2f} s"
    source, session = (str(action.metadata.get(key, "")) for key in ("source", "session_id"))
    return (
        f"{action.timestamp:.2f} s", lasted, f"{action.confidence:.0%}",
        action.action, source, session[:8],
    )  # fmt: skip


def _follow(run: Run, store: ActionStore, filters: FollowFilters) -> None:
    run.output.note("following; Ctrl-C stops it")
    with store.follow(**filters) as follower:
        try:
            for action in follower:
                if run.output.as_json:
                    run.output.json(action.to_dict())
                else:
                    run.output.line("  ".join(_cells(action)))
                if run.stopping.reason is not None:
                    return
        except KeyboardInterrupt:
            return  # Nothing else ends it.
