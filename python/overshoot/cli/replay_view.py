"""What ``overshoot replay`` shows: a table, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import asdict
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from overshoot.cli.output import Output
    from overshoot.client.evidence_folder import KeptClip
    from overshoot.domain.reinference import Difference, Finding, ReplayComparison

_KINDS = {
    "detected": "one saw it",
    "confidence": "not equally sure",
    "no_answer": "no answer",
}


class ReplayView(Protocol):
    """Shows a replay while it runs, and what came of it."""

    def clip(self, clip: KeptClip, differences: Sequence[Difference]) -> None:
        """A clip was asked about."""
        ...

    def comparison(self, comparison: ReplayComparison) -> None:
        """It is over."""
        ...


class JsonReplayView:
    """One JSON object on stdout."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def clip(self, clip: KeptClip, differences: Sequence[Difference]) -> None:
        """Nothing yet."""

    def comparison(self, comparison: ReplayComparison) -> None:
        """Everything."""
        body = {**asdict(comparison), "compared": comparison.compared}
        self._output.json(body)


class TableReplayView:
    """The differences as a table on stdout; which clip it is at, on stderr."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def clip(self, clip: KeptClip, differences: Sequence[Difference]) -> None:
        """A line."""
        verdict = f"{len(differences)} differ" if differences else "agree"
        self._output.note(f"{clip.name}: {verdict}")

    def comparison(self, comparison: ReplayComparison) -> None:
        """Where they differ, and how often they agree."""
        if comparison.differences:
            table = Table("clip", "action", "first prompt", "second prompt", "difference")
            for each in comparison.differences:
                first, second = _told(each.first), _told(each.second)
                cells = (each.clip, each.action, first, second, _KINDS[each.kind])
                table.add_row(*map(Text, cells))
            self._output.table(table)
        for item in comparison.unsupported:
            note = f"cannot be seen: {item.asked!r}: {item.reason}; what would help: {item.remedy}"
            self._output.note(note)
        clips = "1 clip" if comparison.clips == 1 else f"{comparison.clips} clips"
        self._output.line(
            f"{clips}: the prompts agree on {comparison.agreements} of"
            f" {comparison.compared} findings (tolerance {comparison.tolerance:g})"
        )


def _told(finding: Finding) -> str:
    if not finding.answered:
        return "-"
    if not finding.detected:
        return f"no (0 of {finding.answered})"
    return f"yes {finding.confidence:.2f} ({finding.detected} of {finding.answered})"
