"""A bar for each file that is worked on, with the time that is left, on stderr."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from rich.console import Console

from overshoot.cli.screen import stderr_above

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from overshoot.cli.output import Output
    from overshoot.domain.progress import AnalysisProgress


class FileBars:
    """Bars, where stderr is a terminal; a context manager around the work."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bars: Progress | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._output.can_draw_notes:
            # A way to the terminal of their own, for stderr is led above them.
            terminal = self._open.enter_context(os.fdopen(os.dup(2), "w", encoding="utf-8"))
            console = Console(file=terminal, highlight=False)
            self._open.enter_context(stderr_above(console))
            on_terminal = self._output.results.is_terminal
            self._bars = self._open.enter_context(_bars(console, redirect_stdout=on_terminal))
            self._output.above = console if on_terminal else None
        return self

    def __exit__(self, *_: object) -> None:
        self._bars = self._output.above = None
        self._open.close()

    def begin(self, name: str) -> TaskID | None:
        """Show the bar of a file, where there is a terminal."""
        if self._bars is None:
            return None
        return self._bars.add_task(name, total=None, at="", speed="")

    def move(self, bar: TaskID | None, progress: AnalysisProgress) -> None:
        """It has come so far."""
        if self._bars is None or bar is None:
            return
        total = progress.total_seconds
        length = "" if total is None else f" / {total:.1f}"
        self._bars.update(
            bar,
            total=total,
            completed=progress.seconds,
            at=f"{progress.seconds:.1f}{length} s",
            speed=f"{progress.speed:.1f}x",
        )

    def end(self, bar: TaskID | None) -> None:
        """Take it away: the summary has it."""
        if self._bars is not None and bar is not None:
            self._bars.remove_task(bar)


def _bars(console: Console, *, redirect_stdout: bool) -> Progress:
    # Here, for it is a tenth of the time in which --help is there.
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TextColumn("{task.fields[speed]}", style="green"),
        TimeRemainingColumn(),
        console=console,
        # On a terminal lines go above the bars; where stdout leads elsewhere they stay out of them.
        redirect_stdout=redirect_stdout,
    )
