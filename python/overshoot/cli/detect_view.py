"""What ``overshoot detect`` shows: a line an action, a bar a file, and a table at the end."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import define, field
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from overshoot.domain.action import DetectedAction
    from overshoot.domain.progress import AnalysisProgress
    from overshoot.errors import OvershootError


class DetectView(Protocol):
    """Shows the analysis of one file after the other."""

    def file(self, path: Path) -> AbstractContextManager[None]:
        """Around the analysis of a file."""
        ...

    def progress(self, progress: AnalysisProgress) -> None:
        """How far it has come."""
        ...

    def action(self, action: DetectedAction) -> None:
        """Something was seen in it."""
        ...

    def error(self, error: OvershootError, *, fatal: bool = False) -> None:
        """Something went wrong; where it is ``fatal`` the file is given up."""
        ...

    def summary(self) -> None:
        """All files are done."""
        ...


class JsonDetectView:
    """One JSON object an action on stdout; what goes wrong on stderr."""

    def __init__(self) -> None:
        self._path = Path()
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def file(self, path: Path) -> Generator[None]:
        """Actions are this file's meanwhile."""
        self._path = path
        yield

    def progress(self, progress: AnalysisProgress) -> None:
        """Nothing."""

    def action(self, action: DetectedAction) -> None:
        """The action's own fields, and the file."""
        values = {"file": str(self._path), **action.to_dict()}
        sys.stdout.write(json.dumps(values, allow_nan=False) + "\n")
        sys.stdout.flush()

    def error(self, error: OvershootError, *, fatal: bool = False) -> None:
        """A sentence."""
        self._err.print(_error(self._path, error, fatal=fatal))

    def summary(self) -> None:
        """Nothing."""


@define
class _FileRow:
    """A line of the summary."""

    path: Path
    seconds: float = 0.0
    speed: float = 0.0
    failed: bool = False
    actions: Counter[str] = field(factory=Counter[str])


class TextDetectView:
    """A line an action on stdout; bars, where there is a terminal, and the summary on stderr."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._rows: list[_FileRow] = []
        self._bar: Progress | None = None

    @contextmanager
    def file(self, path: Path) -> Generator[None]:
        """Shows a bar meanwhile."""
        self._rows.append(_FileRow(path))
        if not self._err.is_terminal or self._err.is_dumb_terminal:
            yield
            return
        # On a terminal lines go above the bar; where stdout leads elsewhere they stay out of it.
        with _bar(self._err, redirect_stdout=self._out.is_terminal) as bar:
            bar.add_task(path.name, total=None, at="", speed="")
            self._bar = bar
            try:
                yield
            finally:
                self._bar = None

    def progress(self, progress: AnalysisProgress) -> None:
        """Moves the bar."""
        row = self._rows[-1]
        row.seconds, row.speed = progress.seconds, progress.speed
        if self._bar is not None:
            total = progress.total_seconds
            length = "" if total is None else f" / {total:.1f}"
            self._bar.update(
                self._bar.task_ids[0],
                total=total,
                completed=progress.seconds,
                at=f"{progress.seconds:.1f}{length} s",
                speed=f"{progress.speed:.1f}x",
            )

    def action(self, action: DetectedAction) -> None:
        """When, how long where that is known, how sure; what, and in which file."""
        row = self._rows[-1]
        row.actions[action.action] += 1
        lasted = "" if action.duration is None else f" +{action.duration:6.2f} s"
        self._out.print(
            Text.assemble(
                (f"{action.timestamp:10.2f} s{lasted}", "cyan"),
                (f"  {action.confidence:4.0%}", "green"),
                f"  {action.action}",
                (f"  {row.path.name}", "dim"),
            )
        )

    def error(self, error: OvershootError, *, fatal: bool = False) -> None:
        """A sentence."""
        self._rows[-1].failed |= fatal
        self._err.print(_error(self._rows[-1].path, error, fatal=fatal))

    def summary(self) -> None:
        """A row a file."""
        table = Table(box=None, pad_edge=False)
        for heading, side in (("file", "left"), ("video", "right"), ("speed", "right")):
            table.add_column(heading, justify="left" if side == "left" else "right")
        table.add_column("actions")
        for row in self._rows:
            seen = ", ".join(f"{name} {count}" for name, count in row.actions.most_common())
            what = Text("failed", style="red") if row.failed else Text(seen or "none")
            seconds, speed = f"{row.seconds:.1f} s", f"{row.speed:.1f}x"
            table.add_row(Text(row.path.name), seconds, speed, what)
        self._err.print(table)


def _bar(console: Console, *, redirect_stdout: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TextColumn("{task.fields[speed]}", style="green"),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=redirect_stdout,
    )


def _error(path: Path, error: OvershootError, *, fatal: bool) -> Text:
    name, style = (type(error).__name__, "bold red") if fatal else ("note", "yellow")
    return Text.assemble((f"{path.name}: {name}", style), f": {error.message}")
