"""What every façade of a running stream offers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Generic

from overshoot.client.async_context import AsyncContext
from overshoot.domain.inference import AnswerT
from overshoot.domain.validation import fail
from overshoot.errors import StreamEndedError

if TYPE_CHECKING:
    from overshoot.application.streaming import LiveStream
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.ledger import StreamStats
    from overshoot.ports.source import SourceInfo

BEST_RATING = 5


class StreamHandle(AsyncContext, Generic[AnswerT]):
    """A stream that may not have started yet, or have ended; all methods belong to one loop."""

    def __init__(self) -> None:
        self._stream: LiveStream | None = None

    async def stop(self) -> None:
        """End the stream and release camera, sockets and tasks; does nothing when none runs."""
        if self._stream is not None:
            await self._stream.stop()

    async def wait_ended(self) -> StreamEnd:
        """Wait until the stream has ended (end of the video, the gateway's word, `stop`); why."""
        return await self._present_stream().wait_closed()

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on.

        Raises:
            ConfigurationError: the prompt is empty.
            StreamEndedError: no stream runs.
            ApiError, NetworkError: the gateway did not take it; the old prompt stays.
        """
        if not is_text(prompt):
            raise fail(self, "prompt", "a non-empty string", prompt)
        await self._present_stream().update_prompt(prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str = "") -> None:
        """Rate the answers: ``rating`` 1 (bad) to 5 (good), a ``category`` and free text."""
        if type(rating) is not int or not 1 <= rating <= BEST_RATING:
            raise fail(self, "rating", f"a whole number from 1 to {BEST_RATING}", rating)
        if not is_text(category):
            raise fail(self, "category", "a non-empty string", category)
        await self._present_stream().submit_feedback(rating, category, feedback)

    def results(self) -> AsyncIterator[InferenceResult[AnswerT]]:
        """The results from now on, for ``async for``; it ends when the stream has ended.

        While the reader is busy the newest 64 wait; older ones are dropped and counted in `stats`.
        """
        return self._present_stream().results()

    def stats(self) -> StreamStats:
        """The stream in numbers, also after its end: frames, drops, results, latencies."""
        return self._present_stream().stats()

    @property
    def source_info(self) -> SourceInfo | None:
        """What the source turned out to be, from the start on; None before, and for a relay."""
        return None if self._stream is None else self._stream.source_info

    def get_stream_id(self) -> str | None:
        """The gateway's id of the running stream, or None."""
        return self._stream.stream_id if self._stream is not None and self.is_active() else None

    def is_active(self) -> bool:
        """Whether the stream runs, or is being made anew after a loss."""
        return self._stream is not None and self._stream.active

    def _present_stream(self) -> LiveStream:
        if self._stream is None:
            raise StreamEndedError("no stream runs: call start() first", reason="not_started")
        return self._stream

    def _refuse_if_running(self) -> None:
        if self._stream is not None and not self._stream.finished:
            message = f"this {type(self).__name__} runs already; stop it first"
            raise StreamEndedError(message, reason="already_started")


def is_text(value: object) -> bool:
    """Whether it is a string with something in it."""
    return isinstance(value, str) and bool(value.strip())
