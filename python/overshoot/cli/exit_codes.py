"""What commands leave with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from overshoot.cli.stopping import Stopping

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 failed (camera, file, gateway, network, store, a check), or nothing was"
    " answered; 2 wrong usage or configuration; 130 cut short by Ctrl-C. Ctrl-C is no cut where"
    " nothing else ends a command: a camera or an address without --seconds, serve. A reader of"
    " stdout that goes away (| head -1) is none either."
)


def leave_after(stopping: Stopping, *, answered: bool, only_end: bool) -> None:
    """Leave as after a stream: also with 1 where it came to its end and nothing was answered."""
    leave_if_cut_short(stopping, only_end=only_end)
    if not answered and stopping.reason is None:
        raise typer.Exit(EXIT_FAILED)


def leave_if_cut_short(stopping: Stopping, *, only_end: bool) -> None:
    """Leave with 130 where Ctrl-C has ended what would have ended by itself."""
    if stopping.reason == "interrupted" and not only_end:
        raise typer.Exit(EXIT_INTERRUPTED)
