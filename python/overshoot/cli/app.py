"""Commands, and what their failures become: a sentence on stderr and an exit code.

Exit codes: 0 done, 1 failed (camera, file, gateway, network …), 2 wrong usage or values,
130 interrupted.
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from overshoot.cli.demo import demo
from overshoot.cli.detect import detect
from overshoot.cli.models import models
from overshoot.cli.replay import replay
from overshoot.cli.serve import serve
from overshoot.errors import ConfigurationError, OvershootError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

app: typer.Typer = typer.Typer(
    name="overshoot",
    help="Real-time AI inference on video, with a gateway of its own.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(detect)
app.command()(serve)
app.command()(replay)
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
