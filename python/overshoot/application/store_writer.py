"""Actions on their way to a store that may wait for a disk or a network; nobody else waits."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from overshoot.errors import ConfigurationError, OvershootError, StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

    Keep: TypeAlias = Callable[[Sequence[DetectedAction]], None]

MOST_WAITING: Final = 10_000
"""Actions that wait for the store; at one answer in half a second that is more than an hour."""

MOST_AT_ONCE: Final = 500
PAUSES: Final = (0.1, 5.0)
"""Seconds between two attempts at a store that fails: the first, and the longest."""


class StoreWriter:
    """Writes on a thread of its own, in order, several actions at once where several wait.

    A store that fails is tried again, after longer and longer pauses, until the end; what comes
    meanwhile waits for it. Lost is only what is told: what the store refuses for good
    (`ConfigurationError`), what comes while `MOST_WAITING` wait, what could not be kept by the end.

    Args:
        keep: keeps all of several actions, or raises and keeps none; called on that thread.
        tried: called on the event loop for each action, in order, once the store has kept it,
            refused it, or is known to fail.
        failed: called on the event loop once for each time that the store begins to fail, and for
            each action that it will never keep.
        pauses: as `PAUSES`.
    """

    def __init__(
        self,
        keep: Keep,
        *,
        tried: Callable[[DetectedAction], None],
        failed: Callable[[OvershootError], None],
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self._keep = keep
        self._tried = tried
        self._failed = failed
        self._pauses = pauses
        self._changed = threading.Condition()
        self._waiting: deque[DetectedAction] = deque()
        # How many of those that wait, from the first on, `tried` was called with.
        self._told = 0
        self._failing = False
        self._closing = False
        self._given_up = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        # A store that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name="overshoot-store", daemon=True)
        self._thread.start()

    def put(self, action: DetectedAction) -> None:
        """Have an action kept; never waits. On the event loop."""
        with self._changed:
            full = len(self._waiting) >= MOST_WAITING
            if not full:
                self._waiting.append(action)
                self._changed.notify()
            if self._failing and not full:
                self._told += 1
            if self._failing or full:
                self._call(self._tried, action)
        if full:
            message = f"{MOST_WAITING} actions wait for the store; {_name(action)} is not kept"
            self._failed(StoreError(message))

    async def close(self, *, patience_seconds: float) -> None:
        """Keep what waits, for at most that long; what is not kept by then is told."""
        if self._thread is None:
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.wait({self._finished}, timeout=patience_seconds)
        self._given_up.set()
        if not self._finished.done():
            # Between two attempts it leaves at once; in a store that hangs it is left behind.
            await asyncio.wait({self._finished}, timeout=1.0)
        if self._finished.done():
            self._thread.join()  # Only its last instructions are left.
        with self._changed:
            left = len(self._waiting)
        if left:
            message = (
                f"the store did not keep the last {left} actions within {patience_seconds:g} s of"
                " the end"
            )
            self._failed(StoreError(message))

    def _work(self) -> None:
        while (count := self._wait_for_some()) and not self._given_up.is_set():
            self._write(count)
        self._call(self._finish)

    def _wait_for_some(self) -> int:
        """How many to write now; 0 at the end."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return min(MOST_AT_ONCE, len(self._waiting))

    def _write(self, count: int) -> None:
        """Write the first ``count`` of those that wait, however long it takes."""
        batch = [self._waiting[place] for place in range(count)]
        fault = self._attempt(batch)
        if isinstance(fault, StoreError):
            fault = self._go_on_trying(batch, fault)
        if isinstance(fault, ConfigurationError) and count > 1:
            for _ in batch:  # One of them is at fault; it alone is to be refused.
                self._write(1)
        elif not isinstance(fault, StoreError):
            self._leave(batch, fault)

    def _go_on_trying(
        self, batch: Sequence[DetectedAction], fault: StoreError
    ) -> OvershootError | None:
        """Until the store does not fail any more, or the end: the fault that is left then."""
        with self._changed:
            self._failing = True
            self._call(self._failed, fault)
            for place in range(self._told, len(self._waiting)):
                self._call(self._tried, self._waiting[place])
            self._told = len(self._waiting)
        pause, longest = self._pauses
        latest: OvershootError | None = fault
        while isinstance(latest, StoreError) and not self._given_up.wait(pause):
            latest = self._attempt(batch)
            pause = min(longest, pause * 2)
        self._failing = isinstance(latest, StoreError)
        return latest

    def _leave(self, batch: Sequence[DetectedAction], fault: OvershootError | None) -> None:
        with self._changed:
            if fault is not None:
                self._call(self._failed, fault)
            for action in batch:
                self._waiting.popleft()
                if self._told:
                    self._told -= 1
                else:
                    self._call(self._tried, action)

    def _attempt(self, batch: Sequence[DetectedAction]) -> OvershootError | None:
        try:
            self._keep(batch)
        except (ConfigurationError, StoreError) as fault:
            return fault
        except Exception as cause:  # noqa: BLE001 - stores are anybody's
            kind = type(cause).__name__
            wrapped = StoreError(f"the store did not keep {_name(batch[0])}: {kind}: {cause}")
            wrapped.__cause__ = cause
            return wrapped
        return None

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return  # The loop has closed: there is nobody left to tell.


def _name(action: DetectedAction) -> str:
    return f"{action.action!r} at {action.timestamp!r} s"
