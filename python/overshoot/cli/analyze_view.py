"""What ``overshoot analyze`` shows: an answer a line, bars of files, a summary."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field
from rich.table import Table
from rich.text import Text

from overshoot.domain.progress import AnalysisProgress, ProgressMeter

if TYPE_CHECKING:
    from rich.progress import TaskID

    from overshoot.cli.file_bars import FileBars
    from overshoot.cli.output import Output
    from overshoot.cli.source_argument import Named
    from overshoot.domain.inference import InferenceResult
    from overshoot.errors import OvershootError


@define
class FileAnswers:
    """The answers about one source, as they come."""

    output: Output
    named: Named
    bars: FileBars
    bar: TaskID | None = field(init=False)
    answered: int = 0
    failed: int = 0
    end_reason: str = ""
    error: OvershootError | None = None
    unsupported: dict[str, str] = field(factory=dict[str, str])
    _meter: ProgressMeter = field(factory=lambda: ProgressMeter(time.monotonic()))

    def __attrs_post_init__(self) -> None:
        self.bar = self.bars.begin(self.named.label)

    def opened(self, seconds: float | None) -> None:
        """It is open, and this long where that is known."""
        self._meter = ProgressMeter(time.monotonic())
        self._meter.opened(seconds)

    def result(self, result: InferenceResult[Any]) -> None:
        """An answer came."""
        self.answered += result.ok
        self.failed += not result.ok
        for item in result.unsupported:
            self.unsupported[item.asked] = item.remedy
        self._meter.answered(result.timestamp)
        self.bars.move(self.bar, self.progress())
        if self.output.as_json:
            self.output.json({"file": self.named.name, **asdict(result)})
        else:
            self.output.line(self._line(result))

    def note(self, error: OvershootError) -> None:
        """Something went wrong, and it goes on."""
        if not self.output.quiet:
            self.output.problem(error, self.named.label)

    def give_up(self, error: OvershootError) -> None:
        """Something went wrong, and that was it."""
        self.error = error
        kind = (f"{self.named.label}: {type(error).__name__}", "bold red")
        self.output.problem_line(Text.assemble(kind, f": {error.message}"))

    def end(self, reason: str) -> None:
        """No more comes."""
        self.end_reason = reason
        self.bars.end(self.bar)

    def progress(self) -> AnalysisProgress:
        """How far it has come."""
        return self._meter.at(time.monotonic(), frames=0, actions=0)

    def values(self) -> dict[str, Any]:
        """Its part of the summary."""
        progress = self.progress()
        return {
            "file": self.named.name,
            "answered": self.answered,
            "failed": self.failed,
            "seconds": round(progress.seconds, 3),
            "speed": round(progress.speed, 2),
            "end_reason": self.end_reason,
            "error": None if self.error is None else self.error.message,
            "unsupported": self.unsupported,
        }

    def _line(self, result: InferenceResult[Any]) -> Text:
        begins = "" if result.timestamp_start is None else f"{result.timestamp_start:.1f}"
        ends = "" if result.timestamp is None else f"{result.timestamp:.1f} s"
        answer = Text(result.result) if result.ok else Text(result.error or "failed", style="red")
        label = (f"  {self.named.label}", "dim")
        return Text.assemble((f"{begins:>8} - {ends:>8}", "cyan"), "  ", answer, label)


def show_summary(output: Output, files: list[FileAnswers]) -> None:
    """A line a file on stderr, or an object of type ``summary``."""
    if output.as_json:
        output.json({"type": "summary", "files": [each.values() for each in files]})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("source", "video", "speed", "answers", "failed", "ended"):
        table.add_column(heading, justify="left" if heading in {"source", "ended"} else "right")
    for each in files:
        values = each.values()
        numbers = f"{values['seconds']:.1f} s", f"{values['speed']:.1f}x"
        counts = str(each.answered), str(each.failed)
        table.add_row(Text(each.named.label), *numbers, *counts, Text(each.end_reason))
    output.note(table)
    for asked, remedy in {k: v for each in files for k, v in each.unsupported.items()}.items():
        output.note(Text(f"cannot see {asked}: {remedy}", style="yellow"))
