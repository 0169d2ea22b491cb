"""What ``overshoot replay`` shows: a table, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import asdict
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from overshoot.client.evidence_folder import KeptClip
    from overshoot.domain.reinference import Difference, Finding, ReplayComparison

_WIDTH = 160
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

    def clip(self, clip: KeptClip, differences: Sequence[Difference]) -> None:
        """Nothing yet."""

    def comparison(self, comparison: ReplayComparison) -> None:
        """Everything."""
        body = {**asdict(comparison), "compared": comparison.compared}
        print(json.dumps(body, allow_nan=False))  # noqa: T201 - what the command is for


class TableReplayView:
    """The differences as a table on stdout; which clip it is at, on stderr."""

    def __init__(self) -> None:
        self._notes = Console(stderr=True, highlight=False, soft_wrap=True)

    def clip(self, clip: KeptClip, differences: Sequence[Difference]) -> None:
        """A line."""
        verdict = f"{len(differences)} differ" if differences else "agree"
        self._notes.print(f"{clip.name}: {verdict}", markup=False)

    def comparison(self, comparison: ReplayComparison) -> None:
        """Where they differ, and how often they agree."""
        # Without a terminal rich knows no width, and would fold names of clips.
        out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
        if comparison.differences:
            table = Table("clip", "action", "first prompt", "second prompt", "difference")
            for each in comparison.differences:
                first, second = _told(each.first), _told(each.second)
                cells = (each.clip, each.action, first, second, _KINDS[each.kind])
                table.add_row(*map(Text, cells))
            out.print(table)
        for item in comparison.unsupported:
            note = f"cannot be seen: {item.asked!r}: {item.reason}; what would help: {item.remedy}"
            self._notes.print(note, markup=False)
        clips = "1 clip" if comparison.clips == 1 else f"{comparison.clips} clips"
        out.print(
            f"{clips}: the prompts agree on {comparison.agreements} of"
            f" {comparison.compared} findings (tolerance {comparison.tolerance:g})"
        )


def _told(finding: Finding) -> str:
    if not finding.answered:
        return "-"
    if not finding.detected:
        return f"no (0 of {finding.answered})"
    return f"yes {finding.confidence:.2f} ({finding.detected} of {finding.answered})"
