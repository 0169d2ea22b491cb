"""Commands, and what their failures become: a sentence on stderr and an exit code."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from overshoot.cli.analyze import analyze
from overshoot.cli.cameras import cameras
from overshoot.cli.config import config
from overshoot.cli.demo import demo
from overshoot.cli.detect import detect
from overshoot.cli.doctor import doctor
from overshoot.cli.exit_codes import EXIT_CODES, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE
from overshoot.cli.export import export
from overshoot.cli.models import models
from overshoot.cli.query import query
from overshoot.cli.replay import replay
from overshoot.cli.serve import serve
from overshoot.cli.watch import watch
from overshoot.errors import ConfigurationError, OvershootError

ORDER = (
    "Options are taken from flags, then OVERSHOOT_* variables, then ./overshoot.toml (or the file"
    " that OVERSHOOT_CONFIG names), then the user's own overshoot.toml, then defaults; overshoot"
    " config shows what is in force and from where."
)

app: typer.Typer = typer.Typer(
    name="overshoot",
    help=f"Real-time AI inference on video, with a gateway of its own.\n\n{ORDER}",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(watch)
app.command()(detect)
app.command()(analyze)
app.command()(serve)
app.command()(query)
app.command()(export)
app.command()(replay)
app.command()(cameras)
app.command()(doctor)
app.command()(config)
app.add_typer(models, name="models")


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        app(standalone_mode=True)
    except ConfigurationError as error:
        _say(error)
        sys.exit(EXIT_USAGE)
    except OvershootError as error:
        _say(error)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _say(error: OvershootError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]{type(error).__name__}[/]: ", end="")
    console.print(error.message, markup=False)
