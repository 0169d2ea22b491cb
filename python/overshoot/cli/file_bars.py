"""A bar for each file that is worked on, with the time that is left, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from overshoot.cli.output import Output
    from overshoot.domain.progress import AnalysisProgress


class FileBars:
    """Bars, where stderr is a terminal; a context manager around the work."""

    def __init__(self, output: Output) -> None:
        self._bars: Progress | None = None
        if output.can_draw_notes:
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[at]}"),
                TextColumn("{task.fields[speed]}", style="green"),
                TimeRemainingColumn(),
                console=output.notes,
                # On a terminal lines go above the bars; where stdout leads elsewhere they stay
                # out of them.
                redirect_stdout=output.results.is_terminal,
            )

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, name: str) -> TaskID:
        """Show the bar of a file."""
        if self._bars is None:
            return TaskID(0)
        return self._bars.add_task(name, total=None, at="", speed="")

    def move(self, bar: TaskID, progress: AnalysisProgress) -> None:
        """It has come so far."""
        if self._bars is None:
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

    def end(self, bar: TaskID) -> None:
        """Take it away: the summary has it."""
        if self._bars is not None:
            self._bars.remove_task(bar)
