"""Keeping what actions rest on, once the video after them has passed."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from overshoot.domain.evidence import Stretch, action_stretch, telling_time, wanted_stretch
from overshoot.domain.evidence_record import EvidenceRecord, Question, without_evidence
from overshoot.errors import OvershootError, StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.domain.frame import Frame
    from overshoot.domain.tracking_verdict import TimedVerdict
    from overshoot.ports.evidence import ClipRecorder, EvidencePaths, EvidenceShelf

MOST_WAITING: Final = 1024
CLOSE_SECONDS: Final = 30.0


@frozen(order=True)
class _Job:
    """Something to keep once the stream has passed ``due``."""

    due: float
    number: int
    wanted: Stretch = field(order=False)
    places: EvidencePaths = field(order=False)
    action: DetectedAction = field(order=False)
    verdicts: tuple[TimedVerdict, ...] = field(order=False)


class EvidenceKeeper:
    """Keeps the evidence of one run's actions. ``frame`` is for any thread, the rest for the loop.

    Args:
        config: how much is kept.
        recorder: clips are cut from it; it is started and closed with this.
        shelf: where they are kept.
        question: what the model is asked.
        session_id: the run.
        source: what it watches, in words.
        now: UNIX time in seconds.
        on_error: told of what could not be kept; of one trouble after the other the same way only
            once. Nothing else is held up by it.
        on_kept: told of each action whose evidence is on the shelf now.
        numbered_from: actions of this session that other keepers have had.

    Attributes:
        numbers: the number of the session's newest action.
        kept: actions whose evidence is on the shelf.
        lost: actions whose evidence could not be kept.
    """

    def __init__(
        self,
        config: EvidenceConfig,
        *,
        recorder: ClipRecorder,
        shelf: EvidenceShelf,
        question: Question,
        session_id: str,
        source: str,
        now: Callable[[], float],
        on_error: Callable[[OvershootError], None],
        on_kept: Callable[[DetectedAction], None] | None = None,
        numbered_from: int = 0,
    ) -> None:
        self._config = config
        self._recorder = recorder
        self._shelf = shelf
        self._question = question
        self._session_id = session_id
        self._source = source
        self._now = now
        self._on_error = on_error
        self._on_kept = on_kept
        self._waiting: list[_Job] = []
        self.numbers: int = numbered_from
        self._unsettled = 0
        self._passed = float("-inf")
        self._next_due = float("inf")
        self._closing = False
        self._told: str | None = None
        self._worker: asyncio.Task[None] | None = None
        self.kept: int = 0
        self.lost: int = 0

    async def start(self) -> None:
        """As `begin`."""
        self.begin()

    def begin(self) -> None:
        """Begin to record. A folder that cannot be written is told of, and tried again later."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        # A thread of its own: the loop's may all be waiting for something else.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="overshoot-evidence-disk")
        self._recorder.start()
        self._worker = asyncio.create_task(self._work(), name="overshoot-evidence")

    @property
    def settled(self) -> bool:
        """Whether no action waits for its clip."""
        return not self._unsettled

    def frame(self, frame: Frame) -> None:
        """Take a frame of the video, on the clock of its source; its pixels are read at once."""
        self._recorder.frame(frame)
        # Set before the other is read; `keep` does it the other way round, so that of both one sees
        # that a clip is due.
        self._passed = max(self._passed, frame.timestamp)
        if self._passed > self._next_due:
            self._call_loop()

    def keep(self, action: DetectedAction, verdicts: Sequence[TimedVerdict] = ()) -> DetectedAction:
        """The action with the places of its evidence, which comes there after the post-roll.

        ``metadata["evidence"]`` has the paths ``clip``, ``thumbnail`` (or None) and ``sidecar``,
        and the stretch that is wanted, ``clip_start`` and ``clip_end``; the sidecar says which it
        became. The action comes back as it is where too many wait already.
        """
        if self._closing or self._unsettled >= MOST_WAITING:
            why = "the run is over" if self._closing else f"{self._unsettled} others wait"
            self._lose(StoreError(f"no evidence of {action.action!r} is kept: {why}"))
            return action
        self.numbers += 1
        self._unsettled += 1
        places = self._shelf.places(self.numbers, action.action)
        wanted = wanted_stretch(action_stretch(action), self._config)
        bare = replace(action, metadata=without_evidence(action.to_dict()["metadata"]))
        job = _Job(wanted.end, self.numbers, wanted, places, bare, tuple(verdicts))
        heapq.heappush(self._waiting, job)
        self._next_due = self._waiting[0].due
        if self._passed > self._next_due:
            self._wake.set()
        return replace(action, metadata={**action.metadata, "evidence": _told_of(job)})

    async def aclose(self) -> None:
        """Keep what waits, with the video there is, for at most 30 s; then release everything."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        self._closing = True
        self._wake.set()
        _, late = await asyncio.wait({worker}, timeout=CLOSE_SECONDS)
        if late:
            worker.cancel()
            await asyncio.wait({worker})
            count = self._unsettled
            message = f"the disk takes too long: evidence of {count} actions is not kept"
            self._lose(StoreError(message), count)
        await asyncio.to_thread(self._recorder.close)
        self._thread.shutdown(wait=not late)

    async def _work(self) -> None:
        await self._try(self._shelf.open)
        while True:
            job = self._take_due()
            if job is not None:
                kept = await self._try(partial(self._put_away, job))
                self.kept += kept
                self.lost += not kept
                self._unsettled -= 1
                if kept and self._on_kept is not None:
                    self._on_kept(job.action)
            elif self._closing:
                return
            else:
                await self._wake.wait()
                self._wake.clear()

    def _take_due(self) -> _Job | None:
        job = None
        if self._waiting and (self._closing or self._passed > self._waiting[0].due):
            job = heapq.heappop(self._waiting)
        self._next_due = self._waiting[0].due if self._waiting else float("inf")
        return job

    async def _try(self, work: Callable[[], Any]) -> bool:
        try:
            await self._loop.run_in_executor(self._thread, work)
        except Exception as cause:  # noqa: BLE001 - detection goes on, whatever a disk does
            self._tell(_as_store_error(cause))
            return False
        self._told = None
        return True

    def _put_away(self, job: _Job) -> None:
        """On the thread for disks."""
        at = telling_time(job.action)

        def fill(drafts: EvidencePaths) -> EvidenceRecord:
            return EvidenceRecord(
                action=job.action,
                session_id=self._session_id,
                source=self._source,
                clip=self._recorder.cut(job.wanted, at, drafts.video, drafts.thumbnail),
                has_thumbnail=drafts.thumbnail is not None,
                verdicts=job.verdicts,
                question=self._question,
                kept_at=self._now(),
            )

        self._shelf.keep(job.places, fill)

    def _lose(self, error: StoreError, count: int = 1) -> None:
        self.lost += count
        self._tell(error)

    def _tell(self, error: StoreError) -> None:
        if error.message != self._told:
            self._told = error.message
            self._on_error(error)

    def _call_loop(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            return  # The loop has closed: nobody keeps anything any more.


def _told_of(job: _Job) -> dict[str, Any]:
    places = job.places
    return {
        "clip": str(places.video),
        "thumbnail": None if places.thumbnail is None else str(places.thumbnail),
        "sidecar": str(places.sidecar),
        "clip_start": job.wanted.start,
        "clip_end": job.wanted.end,
    }


def _as_store_error(cause: Exception) -> StoreError:
    if isinstance(cause, StoreError):
        return cause
    wrapped = StoreError(f"evidence cannot be kept: {type(cause).__name__}: {cause}")
    wrapped.__cause__ = cause
    return wrapped
