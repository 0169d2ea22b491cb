"""``overshoot config``: what is in force, and who said so."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from overshoot.cli.configuration_files import project_file, user_file
from overshoot.cli.shared_options import ANSWERS, SAMPLING, STORE, Run, shared
from overshoot.domain.configuration import Layer
from overshoot.domain.configuration_file import template
from overshoot.domain.settings import SETTINGS


@shared(ANSWERS, STORE, SAMPLING)
def config(
    run: Run,
    example: Annotated[
        bool, typer.Option("--example", help="Print an overshoot.toml with every key instead.")
    ] = False,
) -> None:
    """Show what is in force, and where each value is from; secrets are masked.

    A flag goes before the environment, that before ./overshoot.toml (or the file that
    OVERSHOOT_CONFIG names), that before the user's own overshoot.toml, that before the default.
    Secrets stand in no such file: in the environment, or in a file of their own that a key such as
    api_key_file names.

    Examples:

    overshoot config

    overshoot config --model qwen3-vl-8b --json

    overshoot config --example > overshoot.toml

    --json prints one object: settings, a list with name, value (a text or null), from (flag,
    environment, project_file, user_file or default) and place; and files, a list with path and
    read.
    """
    if example:
        run.output.line(template().rstrip())
        return
    files = [project_file(), user_file()]
    if run.output.as_json:
        rows = [
            {
                "name": name,
                "value": run.configuration.shown(name),
                "from": run.configuration.origin(name).layer.name.lower(),
                "place": run.configuration.origin(name).place,
            }
            for name in SETTINGS
        ]
        read = [{"path": str(path), "read": path.is_file()} for path in files]
        run.output.json({"settings": rows, "files": read}, indent=2)
        return
    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for name in SETTINGS:
        value, origin = run.configuration.shown(name), run.configuration.origin(name)
        style = "dim" if origin.layer is Layer.DEFAULT else ""
        table.add_row(Text(name), Text(value or "-"), Text(origin.place), style=style)
    run.output.table(table)
    for path in files:
        run.output.note(f"{path}: {'read' if path.is_file() else 'not there'}")
