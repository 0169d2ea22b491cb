"""Asking again where that may help: a busy server, a failing one, a connection that was cut."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from attrs import field, frozen

from overshoot.errors import InferenceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.adapters.inference.remote.deadline import Deadline

ValueT = TypeVar("ValueT")
_log = get_logger(__name__)

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 8.0
TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
"""What a server answers that may answer otherwise when asked again."""
_SATURATED: Final = frozenset({429, 503, 529})
_Status: TypeAlias = Literal["saturated", "unavailable"]


def status_of(http_status: int) -> _Status:
    """The state of a server that answers so, as `overshoot.domain.inference.ModelInfo` has it."""
    return "saturated" if http_status in _SATURATED else "unavailable"


class TransientError(InferenceError):
    """A failure that may be gone when asked again.

    ``wait`` is how long the server wants to be left alone, in seconds; None where it did not say.
    ``status`` is what `overshoot.domain.inference.ModelInfo` calls the state it is in.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float | None = None,
        status: _Status = "unavailable",
    ) -> None:
        super().__init__(message)
        self.wait = wait
        self.status: _Status = status


@frozen
class Patience:
    """How often and how long to try.

    Attributes:
        attempts: how often to ask, at most.
        jitter: a number from 0.0 to 1.0, another each time, so that streams do not ask in step.
    """

    attempts: int
    jitter: Callable[[], float] = field(default=random.random)

    async def asked(self, ask: Callable[[], Awaitable[ValueT]], deadline: Deadline) -> ValueT:
        """What ``ask`` gives in the end.

        Raises the last `TransientError` when it was asked often enough, or when what is left of
        the time is shorter than the wait.
        """
        attempt = 0
        while True:
            try:
                return await ask()
            except TransientError as error:
                attempt += 1
                wait = self._wait(attempt, error.wait)
                deadline.trouble = error.message
                if attempt >= self.attempts:
                    raise _after(error, f"asked {attempt} times") from error
                if wait >= deadline.left:
                    raise _after(error, f"{wait:.1f} s more would be too late") from error
                _log.info("backend_asked_again", attempt=attempt, wait=round(wait, 2))
            await deadline.pause(wait)

    def _wait(self, attempt: int, wanted: float | None) -> float:
        """Seconds before the next attempt: what the server wants and up to a tenth more, or
        twice as long each time, of which up to a half is left out."""
        if wanted is not None:
            return wanted * (1 + 0.1 * self.jitter())
        longest: float = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        return longest * (1 - 0.5 * self.jitter())


def _after(error: TransientError, how: str) -> TransientError:
    return TransientError(f"{error.message} ({how})", wait=error.wait, status=error.status)


def seconds_wanted(retry_after: str | None, now: float) -> float | None:
    """Seconds of a ``Retry-After`` header (a number or a date), at ``now`` of the Unix epoch.

    None where there is none, or nothing that can be read.
    """
    text = (retry_after or "").strip()
    try:
        seconds = float(text) if text[:1].isdigit() else _until(text, now)
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if seconds < float("inf") else None


def _until(date: str, now: float) -> float:
    return parsedate_to_datetime(date).timestamp() - now
