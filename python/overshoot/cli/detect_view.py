"""What ``overshoot detect`` shows: an action a line, bars of files, a live table, a summary."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from rich.table import Table
from rich.text import Text

from overshoot.cli.screen import Screen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import TaskID

    from overshoot.cli.file_bars import FileBars
    from overshoot.cli.output import Output
    from overshoot.cli.source_argument import Named
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.progress import AnalysisProgress
    from overshoot.errors import OvershootError

VISIBLE_ACTIONS: Final = 12


@define
class SourceRow:
    """A source while it is looked at, and its line of the summary."""

    output: Output
    named: Named
    bars: FileBars
    bar: TaskID | None = field(init=False)
    seconds: float = 0.0
    speed: float = 0.0
    failed: bool = False
    actions: Counter[str] = field(factory=Counter[str])

    def __attrs_post_init__(self) -> None:
        self.bar = self.bars.begin(self.named.label)

    def progress(self, progress: AnalysisProgress) -> None:
        """Moves the bar."""
        self.seconds, self.speed = progress.seconds, progress.speed
        self.bars.move(self.bar, progress)

    def action(self, action: DetectedAction) -> None:
        """Something was seen in it."""
        self.count(action)
        if self.output.as_json:
            self.output.json(self._values(action))
        else:
            label = Text(f"  {self.named.label}", "dim") if self.named.is_file else Text()
            self.output.line(Text.assemble(*_told(action), label))

    def count(self, action: DetectedAction) -> None:
        """The same, which somebody else shows."""
        self.actions[action.action] += 1
        self.seconds = max(self.seconds, action.timestamp + (action.duration or 0.0))

    def error(self, error: OvershootError, *, fatal: bool = False) -> None:
        """Something went wrong; where it is ``fatal`` the source is given up."""
        self.failed |= fatal
        name, style = (type(error).__name__, "bold red") if fatal else ("note", "yellow")
        text = Text.assemble((f"{self.named.label}: {name}", style), f": {error.message}")
        if fatal or not self.output.quiet:
            self.output.problem_line(text)

    def end(self) -> None:
        """It has been looked at."""
        self.bars.end(self.bar)

    def _values(self, action: DetectedAction) -> dict[str, Any]:
        return {"file" if self.named.is_file else "source": self.named.name, **action.to_dict()}


def summary(rows: list[SourceRow]) -> Table:
    """A line a source."""
    table = Table(box=None, pad_edge=False)
    for heading, side in (("source", "left"), ("video", "right"), ("speed", "right")):
        table.add_column(heading, justify="left" if side == "left" else "right")
    table.add_column("actions")
    for row in rows:
        seen = ", ".join(f"{name} {count}" for name, count in row.actions.most_common())
        what = Text("failed", style="red") if row.failed else Text(seen or "none")
        speed = f"{row.speed:.1f}x" if row.named.is_file else ""
        table.add_row(Text(row.named.label), f"{row.seconds:.1f} s", speed, what)
    return table


class LiveActions:
    """The newest actions of a live source as a table that is drawn over again."""

    def __init__(self, output: Output, title: str) -> None:
        self._title = title
        self._going: dict[object, DetectedAction] = {}
        self._over: deque[DetectedAction] = deque(maxlen=VISIBLE_ACTIONS)
        self.screen: Screen = Screen(output.results, self._draw)

    def started(self, action: DetectedAction) -> None:
        """It goes on."""
        self._going[action.metadata.get("action_id")] = action

    def ended(self, action: DetectedAction) -> None:
        """It is over."""
        self._going.pop(action.metadata.get("action_id"), None)
        self._over.append(action)

    def _draw(self) -> RenderableType:
        table = Table(title=self._title, title_justify="left", expand=True)
        table.add_column("begins", justify="right", style="cyan", no_wrap=True)
        table.add_column("lasts", justify="right", no_wrap=True)
        table.add_column("sure", justify="right", style="green", no_wrap=True)
        table.add_column("action", ratio=1)
        for action in self._over:
            lasted = "" if action.duration is None else f"{action.duration:.1f} s"
            table.add_row(*_row(action, lasted))
        for action in self._going.values():
            table.add_row(*_row(action, "goes on"), style="bold")
        return table


def _row(action: DetectedAction, lasted: str) -> tuple[str, str, str, Text]:
    return f"{action.timestamp:.1f} s", lasted, f"{action.confidence:.0%}", Text(action.action)


def _told(action: DetectedAction) -> tuple[tuple[str, str] | str, ...]:
    """When, how long where that is known, how sure, what."""
    lasted = "" if action.duration is None else f" +{action.duration:6.2f} s"
    return (
        (f"{action.timestamp:10.2f} s{lasted}", "cyan"),
        (f"  {action.confidence:4.0%}", "green"),
        f"  {action.action}",
    )
