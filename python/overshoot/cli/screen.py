"""A part of the terminal that is drawn over again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_STDERR: Final = 2
_PATIENCE_SECONDS: Final = 1.0


class Screen:
    """Shows what ``draw`` gives, eight times a second, as a context manager."""

    def __init__(self, console: Console, draw: Callable[[], RenderableType]) -> None:
        self._console = console
        self._live = Live(get_renderable=draw, console=console, refresh_per_second=8)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._live.start()
        self._open.enter_context(stderr_above(self._console))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._live.refresh()
        self._live.stop()


@contextmanager
def stderr_above(console: Console) -> Generator[None]:
    """Print what comes to stderr meanwhile on ``console``, above what is drawn there.

    Engines in C++ write to it past Python, which would tear the drawing. Where stderr is no
    terminal it is left alone.
    """
    if not os.isatty(_STDERR):
        yield
        return
    kept = os.dup(_STDERR)
    reading, writing = os.pipe()
    os.dup2(writing, _STDERR)
    os.close(writing)
    passing_on = Thread(target=_pass_on, args=(reading, console), daemon=True)
    passing_on.start()
    try:
        yield
    finally:
        # The pipe ends with its last writer; a child process may hold it for longer.
        os.dup2(kept, _STDERR)
        os.close(kept)
        passing_on.join(_PATIENCE_SECONDS)


def _pass_on(reading: int, console: Console) -> None:
    with suppress(OSError), os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            console.print(Text.from_ansi(line.rstrip("\n")), style="dim")
