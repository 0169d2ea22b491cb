"""What both demos show: the newest picture, what was seen lately, and what the store says."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from overshoot.overlay import Bar, Overlay, Span, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.client.action_store import ActionStore
    from overshoot.domain.frame import Pixels

FRESH_SECONDS: Final = 1.5
"""A bar is grey once its answer is older than this."""
NOTE_SECONDS: Final = 4.0
_RATE_OVER: Final = 30
_MOST_SPANS: Final = 200


@frozen
class _Seen:
    bar: Bar
    at: float


class Stage:
    """Frames and answers come in from threads of the stream; pictures go out to the main thread.

    Args:
        actions: the names that are asked for; each has a bar.
        store: what S and E tell of.
        folder: where E writes to; None where there is no keyboard.
    """

    def __init__(self, actions: Sequence[str], store: ActionStore, folder: Path | None) -> None:
        self._store = store
        self._folder = folder
        self._changed = threading.Condition()
        self._newest: Pixels | None = None
        self._count = self._shown = 0
        self._bars = {name: _Seen(Bar(name, 0.0, seen=False), float("-inf")) for name in actions}
        self._spans: deque[Span] = deque(maxlen=_MOST_SPANS)
        self._arrivals: deque[float] = deque(maxlen=_RATE_OVER)
        self._began = time.monotonic()
        self._latency_ms: float | None = None
        self._note: tuple[Sequence[str], float] = ((), float("-inf"))
        self._exports = 0

    def take(self, pixels: Pixels) -> Pixels:
        """The next frame, on any thread; for ``frame_processor``: the model sees it undrawn."""
        copy = pixels.copy()
        with self._changed:
            self._newest, self._count = copy, self._count + 1
            self._arrivals.append(time.monotonic())
            self._changed.notify_all()
        return pixels

    def answered(self, bars: Sequence[Bar], seconds: float, latency_ms: float | None) -> None:
        """An answer about the last ``seconds``, on any thread."""
        now = time.monotonic()
        with self._changed:
            self._latency_ms = latency_ms
            for bar in bars:
                if bar.name in self._bars:
                    self._bars[bar.name] = _Seen(bar, now)
                if bar.seen:
                    end = now - self._began
                    self._spans.append(Span(bar.name, max(0.0, end - seconds), end))

    def picture(self, timeout: float) -> Pixels | None:
        """A picture not shown yet, with everything drawn in; None when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > self._shown, timeout)
            if self._newest is None or self._count == self._shown:
                return None
            self._shown = self._count
            pixels, overlay = self._newest.copy(), self._overlay()
        return draw(pixels, overlay)

    def press(self, key: str) -> bool:
        """What a key does: S tells the store's summary, E exports; whether it was Q, or Escape."""
        if key == "s":
            self.say(self.summary())
        elif key == "e":
            self.say(self.export())
        return key in {"q", "\x1b"}

    def summary(self) -> list[str]:
        """How many of each action."""
        counts = self._store.summary()
        return [f"{name}: {count}" for name, count in counts.items()] or ["nothing seen yet"]

    def export(self) -> list[str]:
        """Write the store as JSON and CSV to new files; their names."""
        if self._folder is None:
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._exports += 1
            path = self._folder / f"actions-{self._exports}.json"
            if not path.exists() and not path.with_suffix(".csv").exists():
                break
        self._store.export_json(path)
        self._store.export_csv(path.with_suffix(".csv"))
        return [f"wrote {path}", f"wrote {path.with_suffix('.csv')}"]

    def say(self, lines: Sequence[str]) -> None:
        """Print lines, and show them over the picture for a while."""
        for line in lines:
            print(line, flush=True)  # noqa: T201 - what a demo is for
        with self._changed:
            self._note = lines, time.monotonic()

    def _overlay(self) -> Overlay:
        now = time.monotonic()
        lines, said_at = self._note
        bars = [
            each.bar if now - each.at < FRESH_SECONDS else Bar(each.bar.name, 0.0, seen=False)
            for each in self._bars.values()
        ]
        return Overlay(
            bars=bars,
            spans=tuple(self._spans),
            now=now - self._began,
            status=self._status(),
            note=lines if now - said_at < NOTE_SECONDS else (),
        )

    def _status(self) -> str:
        parts = [] if self._folder is None else ["S summary  E export  Q quit"]
        stretch = self._arrivals[-1] - self._arrivals[0] if self._arrivals else 0.0
        if stretch > 0:
            parts.append(f"{(len(self._arrivals) - 1) / stretch:.0f} fps")
        if self._latency_ms is not None:
            parts.append(f"{self._latency_ms:.0f} ms")
        return "   ".join(parts)
