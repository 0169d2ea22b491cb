"""``overshoot export``: the actions of a store as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, cast

import typer

from overshoot.cli.kept_actions import filtered, opened
from overshoot.cli.shared_options import STORE, Run, shared
from overshoot.errors import ConfigurationError


@shared(STORE)
@filtered
def export(
    run: Run,
    query: dict[str, Any],
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The file; without one, stdout.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="json, jsonl, csv, parquet, vtt or srt; by default what the name of the file ends"
            " with, and jsonl on stdout.",
        ),
    ] = None,
) -> None:
    """Write the actions of a store to a file, whole or not at all.

    vtt and srt are captions, with which a player shows the actions over the video.

    Examples:

    overshoot export actions.csv --store sqlite:///actions.db

    overshoot export --store actions.db --action "waving hand" --format vtt > waving.vtt

    --json prints one object once the file is written: file, format, actions (how many).
    """
    from overshoot.client.action_files import EXPORT_FORMATS
    from overshoot.client.action_files import export as write

    ending = "" if path is None else path.suffix.removeprefix(".").lower()
    chosen = form or ending or "jsonl"
    if chosen not in EXPORT_FORMATS:
        message = f"--format must be one of {', '.join(EXPORT_FORMATS)}, got {chosen!r}"
        raise ConfigurationError(message, details={"field": "format"})
    if path is None and run.output.as_json:
        message = "--json tells of a file: name one, or take --format json"
        raise ConfigurationError(message, details={"field": "json"})
    with opened(run.settings) as store:
        actions = store.get_actions(**cast("Any", query))
    if path is not None:
        write(actions, path, chosen)
        if run.output.as_json:
            run.output.json({"file": str(path), "format": chosen, "actions": len(actions)})
        run.output.note(f"{len(actions)} actions in {path}")
        return
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "actions"
        write(actions, whole, chosen)
        run.output.raw(whole.read_bytes())
