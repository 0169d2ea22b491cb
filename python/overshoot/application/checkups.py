"""Looking at all parts of an installation, and at those that are ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Final

from overshoot.domain.checkup import Finding, broken, doubtful, fine
from overshoot.domain.inference import InferenceRequest
from overshoot.errors import OvershootError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.ports.checkup import Check
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.source import Source
    from overshoot.ports.store import Store

_log = get_logger(__name__)

MOST_SECONDS: Final = 40.0
"""For one part; above what a model may take for an answer."""


async def check_all(
    checks: Sequence[Check],
    on_finding: Callable[[Finding], None],
    *,
    most_seconds: float = MOST_SECONDS,
) -> list[Finding]:
    """Look at all parts side by side; ``on_finding`` is told part after part, in their order."""
    running = [asyncio.ensure_future(_looked_at(check, most_seconds)) for check in checks]
    found: list[Finding] = []
    try:
        for each in running:
            for finding in await each:
                found.append(finding)
                on_finding(finding)
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return found


async def _looked_at(check: Check, most_seconds: float) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with asyncio.timeout(most_seconds):
            async for finding in check.findings():
                found.append(finding)
    except TimeoutError:
        told = f"there was no outcome in {most_seconds:g} s"
        found.append(broken(check.name, told, "something hangs there; look at it by itself"))
    except OvershootError as error:
        found.append(broken(check.name, error.message, ""))
    except Exception as error:  # noqa: BLE001 - a part that breaks must not hide the others
        _log.exception("check_failed", check=check.name)
        told = f"the check itself failed ({type(error).__name__})"
        found.append(broken(check.name, told, "report it with the log of --json"))
    return found


class StoreCheck:
    """Whether the store can be opened and read."""

    name = "store"

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open = open_store

    async def findings(self) -> AsyncIterator[Finding]:
        """One."""
        count = await asyncio.to_thread(self._counted)
        yield fine(self.name, f"it can be read and holds {count} actions", actions=count)

    def _counted(self) -> int:
        store = self._open()
        try:
            return len(store)
        finally:
            store.close()


class SourceCheck:
    """Whether the source gives a picture."""

    name = "source"

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def findings(self) -> AsyncIterator[Finding]:
        """One."""
        try:
            frame, seconds = await asyncio.to_thread(self._first)
        except asyncio.CancelledError:
            self._source.interrupt()
            raise
        if frame is None:
            yield broken(self.name, "it has no picture in it", "name another source")
            return
        height, width = frame.pixels.shape[:2]
        told = f"its first picture, {width}x{height}, came after {seconds:.1f} s"
        yield fine(self.name, told, width=width, height=height, seconds=round(seconds, 3))

    def _first(self) -> tuple[Frame | None, float]:
        began = self._clock.monotonic()
        try:
            self._source.open()
            return self._source.read(), self._clock.monotonic() - began
        finally:
            self._source.close()


class AnswerCheck:
    """Whether a backend answers about a picture, and what it lacks."""

    name = "answer"

    def __init__(
        self,
        open_backend: Callable[[], InferenceBackend],
        model: str,
        picture: Callable[[], Frame],
        clock: Clock,
    ) -> None:
        self._open = open_backend
        self._model = model
        self._picture = picture
        self._clock = clock

    async def findings(self) -> AsyncIterator[Finding]:
        """One, and one more where something could be installed."""
        backend = self._open()
        try:
            request = InferenceRequest(
                prompt="Describe what you see in a few words.",
                model=self._model,
                frames=(await asyncio.to_thread(self._picture),),
                mode="frame",
            )
            session = await backend.start_session(self._model)
            try:
                began = self._clock.monotonic()
                await session.infer(request)
                seconds = self._clock.monotonic() - began
            finally:
                await session.close()
            told = f"{backend.name} answered about a picture in {seconds:.2f} s"
            yield fine(self.name, told, backend=backend.name, seconds=round(seconds, 3))
            for lack in {each.asked: each for m in backend.models() for each in m.missing}.values():
                yield doubtful(self.name, f"it cannot tell {lack.asked}", lack.remedy)
        finally:
            await backend.close()
