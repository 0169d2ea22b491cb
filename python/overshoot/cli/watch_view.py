"""What ``watch`` and ``demo`` show: a live screen, lines where there is no terminal, or JSON."""

from __future__ import annotations

import statistics
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, Self

from attrs import asdict, frozen
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from overshoot.cli.screen import Screen

if TYPE_CHECKING:
    from overshoot.cli.output import Output
    from overshoot.cli.watching import Summary
    from overshoot.domain.inference import InferenceResult
    from overshoot.errors import OvershootError

VISIBLE_RESULTS = 8


@frozen
class Head:
    """What stands above the answers.

    Attributes:
        command: whose screen it is.
        source: in words.
        prompt: the question.
        seconds: how long it goes on; None where nobody knows.
    """

    command: str
    source: str
    prompt: str
    seconds: float | None

    @property
    def text(self) -> Text:
        """A line each."""
        text = Text.assemble(
            ("source  ", "bold"), self.source, "\n", ("prompt  ", "bold"), self.prompt
        )
        if self.seconds is not None:
            text.append(f"\nends after {self.seconds:g} s", style="dim")
        return text


class View(Protocol):
    """Shows a stream while it runs, as a context manager, and its summary after that."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def started(self, stream_id: str, gateway: str) -> None:
        """The stream runs."""
        ...

    def result(self, result: InferenceResult[Any]) -> None:
        """An answer came."""
        ...

    def error(self, error: OvershootError) -> None:
        """Something went wrong, and it goes on."""
        ...

    def summary(self, summary: Summary) -> None:
        """It is over."""
        ...


class JsonView:
    """One JSON object a line on stdout."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, stream_id: str, gateway: str) -> None:
        """One object of type ``started``."""
        self._print({"type": "started", "stream_id": stream_id, "gateway": gateway})

    def result(self, result: InferenceResult[Any]) -> None:
        """The result's own fields."""
        self._print(asdict(result))

    def error(self, error: OvershootError) -> None:
        """A sentence on stderr; it is in the summary, too."""
        self._output.problem(error)

    def summary(self, summary: Summary) -> None:
        """One object of type ``summary``."""
        self._print({"type": "summary", **asdict(summary)})

    def _print(self, value: dict[str, Any]) -> None:
        value["elapsed_seconds"] = round(time.monotonic() - self._began, 3)
        self._output.json(value)


class PlainView:
    """One line for each result on stdout; everything else on stderr."""

    def __init__(self, output: Output, head: Head) -> None:
        self._output = output
        self._head = head

    def __enter__(self) -> Self:
        self._output.note(self._head.text)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, stream_id: str, gateway: str) -> None:
        """Says where."""
        self._output.note(f"stream {stream_id} at {gateway}")

    def result(self, result: InferenceResult[Any]) -> None:
        """Time, latency and text in one line."""
        self._output.line(_row_text(result))

    def error(self, error: OvershootError) -> None:
        """A sentence."""
        self._output.problem(error)

    def summary(self, summary: Summary) -> None:
        """The table of what was detected."""
        self._output.note(_summary(summary))


class LiveView:
    """A screen that is drawn over again: progress, the newest results, what was detected."""

    def __init__(self, output: Output, head: Head) -> None:
        self._console = output.results
        self._head = head
        self._where = Text("connecting …", style="dim")
        self._results: deque[InferenceResult[Any]] = deque(maxlen=VISIBLE_RESULTS)
        self._count = 0
        self._began: float | None = None
        self._screen = Screen(output.results, self._draw)

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._screen.__exit__()

    def started(self, stream_id: str, gateway: str) -> None:
        """Shows where, and lets the progress run."""
        self._began = time.monotonic()
        self._where = Text(f"stream {stream_id} at {gateway}", style="dim")

    def result(self, result: InferenceResult[Any]) -> None:
        """Adds a row."""
        self._count += 1
        self._results.append(result)

    def error(self, error: OvershootError) -> None:
        """Told above the screen."""
        self._console.print(Text(f"error: {error.message}", style="red"))

    def summary(self, summary: Summary) -> None:
        """The table of what was detected."""
        self._console.print(_summary(summary))

    def _draw(self) -> RenderableType:
        elapsed = 0.0 if self._began is None else time.monotonic() - self._began
        status = Table.grid(padding=(0, 1))
        if (seconds := self._head.seconds) is not None:
            bar = ProgressBar(total=seconds, completed=min(elapsed, seconds), width=40)
            status.add_row(bar, f"{elapsed:4.1f} / {seconds:g} s", f"{self._count} results")
        else:
            status.add_row(f"{elapsed:5.1f} s", f"{self._count} results")
        rows = Table(box=None, expand=True, pad_edge=False)
        rows.add_column("video", justify="right", style="cyan", no_wrap=True)
        rows.add_column("latency", justify="right", style="green", no_wrap=True)
        rows.add_column("answer", ratio=3)
        rows.add_column("detected", ratio=2, style="magenta")
        for result in self._results:
            rows.add_row(*_cells(result))
        parts = Group(self._head.text, self._where, status, Text(), rows)
        return Panel(parts, title=f"overshoot {self._head.command}")


def view_for(output: Output, head: Head) -> View:
    """JSON where that was asked for, a screen where there is a terminal, or else lines."""
    if output.as_json:
        return JsonView(output)
    return (LiveView if output.can_draw else PlainView)(output, head)


def _cells(result: InferenceResult[Any]) -> tuple[str, str, Text, Text]:
    at = "" if result.timestamp is None else f"{result.timestamp:.1f} s"
    answer = Text(result.result) if result.ok else Text(result.error or "failed", style="red")
    detected = ", ".join(f"{name} {value:.0%}" for name, value in result.detected.items())
    return at, f"{result.total_latency_ms:.0f} ms", answer, Text(detected)


def _row_text(result: InferenceResult[Any]) -> Text:
    at, latency, answer, _ = _cells(result)
    return Text.assemble((f"{at:>8}", "cyan"), (f"  {latency:>7}", "green"), "  ", answer)


def _summary(summary: Summary) -> Group:
    table = Table(title="what was detected", title_justify="left", box=None, pad_edge=False)
    for heading in ("what", "results", "first", "last", "peak confidence"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, seen in summary.detected.items():
        first, last = (
            "" if at is None else f"{at:.1f} s" for at in (seen.first_seconds, seen.last_seconds)
        )
        table.add_row(Text(name), str(seen.results), first, last, f"{seen.peak_confidence:.0%}")
    lines: list[RenderableType] = [table] if summary.detected else []
    for asked, remedy in summary.unsupported.items():
        lines.append(Text(f"cannot see {asked}: {remedy}", style="yellow"))
    lines.append(Text(_counts(summary), style="bold"))
    return Group(*lines)


def _counts(summary: Summary) -> str:
    text = f"{summary.answered} answers, {summary.failed} failed; ended: {summary.end_reason}"
    if summary.latencies_ms:
        median = statistics.median(summary.latencies_ms)
        text += f"; latency median {median:.0f} ms, worst {max(summary.latencies_ms):.0f} ms"
    return text
