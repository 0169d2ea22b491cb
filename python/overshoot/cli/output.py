"""What commands write: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from overshoot.errors import OvershootError

WIDTH_WITHOUT_TERMINAL = 160
"""Without a terminal rich knows no width, and would fold tables at 80 columns."""


class _Results(Console):
    """A console on stdout that says when nobody reads it any more."""

    def __init__(self, on_reader_gone: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_reader_gone = on_reader_gone

    def on_broken_pipe(self) -> None:
        """In place of rich's own, which leaves the program on the spot."""
        self._on_reader_gone()


class Output:
    """Where a command writes.

    Args:
        as_json: results are JSON, and nothing else.
        quiet: no progress, notes and summaries; what goes wrong is told all the same.
        on_reader_gone: called when stdout was closed by who read it (``| head -1``); what is
            written later goes nowhere.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        quiet: bool = False,
        on_reader_gone: Callable[[], None] = lambda: None,
    ) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.on_reader_gone = on_reader_gone
        self.above: Console | None = None
        width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
        self.results: Console = _Results(self._reader_gone, highlight=False, width=width)
        self.notes: Console = Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def can_draw(self) -> bool:
        """Whether a screen may be drawn on stdout."""
        out = self.results
        return not (self.as_json or self.quiet) and out.is_terminal and not out.is_dumb_terminal

    @property
    def can_draw_notes(self) -> bool:
        """Whether bars may be drawn on stderr."""
        return not self.quiet and self.notes.is_terminal and not self.notes.is_dumb_terminal

    def json(self, value: object, *, indent: int | None = None) -> None:
        """A line with a JSON value, or a document."""
        try:
            sys.stdout.write(json.dumps(value, allow_nan=False, indent=indent) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._reader_gone()

    def raw(self, data: bytes) -> None:
        """A result as it is."""
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            self._reader_gone()

    def line(self, text: Text | str) -> None:
        """A result; above the bars, where some are drawn on the same terminal."""
        (self.above or self.results).print(text, markup=False, soft_wrap=True)

    def table(self, table: RenderableType) -> None:
        """Results as a table."""
        self.results.print(table)

    def note(self, text: RenderableType) -> None:
        """Something beside the results."""
        if not self.quiet:
            self.notes.print(text, markup=False)

    def problem(self, error: OvershootError, where: str = "") -> None:
        """Something went wrong, and the command goes on."""
        self.problem_line(Text.assemble((f"{where or 'note'}: ", "yellow"), error.message))

    def problem_line(self, text: Text) -> None:
        """The same, as it is."""
        self.notes.print(text)

    def _reader_gone(self) -> None:
        # So that nothing fails that is written later, by Python at its end, too.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        self.on_reader_gone()
