"""Serving streams: who may have one, what happens to it, and how it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from attrs import frozen

from overshoot.application.scheduling import Scheduler, concurrency_of
from overshoot.application.served_stream import ServedStream
from overshoot.application.serving_meters import ServingMeters
from overshoot.application.serving_settings import ServingSettings
from overshoot.application.sessions import open_session
from overshoot.application.single_questions import SingleQuestions
from overshoot.application.waiting import cancel
from overshoot.domain.serving import FeedbackRecord
from overshoot.domain.serving_totals import ServingTotals, StreamTotals
from overshoot.errors import (
    NotFoundError,
    RateLimitError,
    ServerError,
)
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.answered import Answered
    from overshoot.domain.inference import ModelInfo
    from overshoot.domain.serving import Feedback, ServeRequest, StopReason
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.tracing import Tracing

_log = get_logger(__name__)

_REMEMBERED = 1024


@frozen
class EndedStream:
    """What is remembered of a stream that has ended."""

    owner: str
    reason: StopReason


class Serving:
    """All streams of one gateway. ``owner`` is whoever an API key stands for.

    A stream exists for its owner alone: others get `NotFoundError`, as if it never was.
    The backend belongs to the caller, who closes it after `stop`. ``on_created`` is told of each
    stream and its owner before it begins.
    """

    def __init__(
        self,
        backend: InferenceBackend,
        *,
        clock: Clock,
        settings: ServingSettings | None = None,
        on_created: Callable[[str, ServedStream], None] | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._backend = backend
        self._tracing = tracing
        self._on_created = on_created
        self._clock = clock
        self._settings = settings or ServingSettings()
        self.scheduler: Scheduler = Scheduler(
            clock, concurrency_of(backend, self._settings.concurrency)
        )
        self.single: SingleQuestions = SingleQuestions(
            backend, self.scheduler, clock, self._settings
        )
        self.meters: ServingMeters = ServingMeters(
            lambda: (model.model for model in backend.models())
        )
        self._streams: dict[str, tuple[str, ServedStream]] = {}
        self._ended = StreamTotals()
        self._reasons: Counter[StopReason] = Counter()
        self._taken: Counter[str] = Counter()
        self._deleted: set[str] = set()
        self._remembered: OrderedDict[str, EndedStream] = OrderedDict()
        self._feedback: deque[tuple[str, FeedbackRecord]] = deque(maxlen=_REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def models(self) -> tuple[ModelInfo, ...]:
        """What can be asked now."""
        return self._backend.models()

    def ready(self) -> bool:
        """Whether a stream begun now would be answered."""
        return not self._stopping and any(model.ready for model in self.models())

    async def create(self, owner: str, request: ServeRequest) -> ServedStream:
        """Begin a stream.

        Raises:
            RateLimitError: the owner, or the gateway, has as many as go.
            ValidationError: the backend does not take the model.
            ServerError: the backend failed, or the gateway is stopping.
        """
        self._take_place(owner)
        try:
            session = await open_session(
                self._backend,
                request.inference.model,
                self._clock,
                self._settings,
                field="inference.model",
            )
        except BaseException:
            self._taken[owner] -= 1
            raise
        if self._stopping:
            self._taken[owner] -= 1
            await session.close()
            raise _stopping()
        stream_id = self._settings.new_id()
        stream = ServedStream(
            stream_id=stream_id,
            request=request,
            session=session,
            scheduler=self.scheduler,
            backend_name=self._backend.name,
            clock=self._clock,
            settings=self._settings,
            on_answered=self._observer(stream_id, request.inference.model),
        )
        self._streams[stream.id] = (owner, stream)
        if self._on_created is not None:
            self._on_created(owner, stream)
        stream.start()
        self._spawn(self._forget_when_ended(owner, stream))
        _log.info("stream_created", stream_id=stream.id, model=request.inference.model)
        return stream

    def get(self, owner: str, stream_id: str) -> ServedStream:
        """A running stream of this owner's, or `NotFoundError`."""
        found = self._streams.get(stream_id)
        if (
            found is not None
            and found[0] == owner
            and found[1].reason is None
            and stream_id not in self._deleted
        ):
            return found[1]
        ended = self.reason_of(owner, stream_id)
        why = f"has ended: {ended}" if ended else "does not exist"
        msg = f"stream {stream_id[:64]!r} {why}"
        raise NotFoundError(msg, code="stream_not_found")

    def streams(self, owner: str) -> list[ServedStream]:
        """The running streams of this owner's, the newest first."""
        return [
            stream
            for whose, stream in reversed(self._streams.values())
            if whose == owner and stream.reason is None and stream.id not in self._deleted
        ]

    def reason_of(self, owner: str, stream_id: str) -> StopReason | None:
        """Why a stream of this owner's ended; None when it runs or nothing is known of it."""
        remembered = self._remembered.get(stream_id)
        if remembered is not None and remembered.owner == owner:
            return remembered.reason
        found = self._streams.get(stream_id)
        if found is None or found[0] != owner:
            return None
        return "client_requested" if stream_id in self._deleted else found[1].reason

    def delete(self, owner: str, stream_id: str) -> bool:
        """End a stream after the grace time; False when it had ended before.

        It asks and answers nothing more from now on. `NotFoundError` when it is unknown.
        """
        if self.reason_of(owner, stream_id) is not None:
            return False
        stream = self.get(owner, stream_id)
        self._deleted.add(stream_id)
        self._taken[owner] -= 1
        stream.stop_asking()
        self._spawn(self._end_after_grace(stream))
        return True

    async def discard(self, stream: ServedStream) -> None:
        """End a stream that nobody was told of, and forget it."""
        found = self._streams.pop(stream.id, None)
        if found is not None:
            self._taken[found[0]] -= 1
        await stream.end("client_requested")

    def add_feedback(self, owner: str, stream_id: str, feedback: Feedback) -> FeedbackRecord:
        """Keep an opinion of a running stream."""
        stream = self.get(owner, stream_id)
        record = FeedbackRecord(str(uuid.uuid4()), stream.id, feedback, self._clock.wall())
        self._feedback.append((owner, record))
        return record

    def feedback(self, owner: str) -> list[FeedbackRecord]:
        """The newest opinions of this owner's, oldest first."""
        return [record for whose, record in self._feedback if whose == owner]

    def with_result(self, owner: str, result_id: str) -> ServedStream:
        """The running stream of this owner's that gave a result, or `NotFoundError`."""
        for whose, stream in self._streams.values():
            if whose == owner and stream.has_result(result_id):
                return stream
        msg = f"result {result_id[:64]!r} does not exist, or its stream has ended"
        raise NotFoundError(msg, code="result_not_found")

    def totals(self) -> ServingTotals:
        """Everything that is counted, over all streams."""
        sums = self._ended
        infos = [stream.info() for _, stream in self._streams.values()]
        for info in infos:
            sums = sums.with_stream(info)
        return ServingTotals(
            streams=sums,
            running=Counter(info.state for info in infos),
            ended=self._reasons.copy(),
            subscribers=sum(info.subscribers for info in infos),
            turns_given=self.scheduler.given,
            turns_waited_seconds=self.scheduler.waited_seconds,
            turns_waiting=self.scheduler.waiting,
            turns_running=self.scheduler.running,
            concurrency=self.scheduler.concurrency,
            bytes_buffered=sum(info.bytes_buffered for info in infos),
            clips_waiting=sum(info.clips_waiting for info in infos),
        )

    async def stop(self) -> None:
        """End every stream and take no more; a second call does nothing."""
        self._stopping = True
        streams = list(self._streams.values())
        await asyncio.gather(*(stream.end("gateway_stopped") for _, stream in streams))
        for owner, stream in streams:
            self._forget(owner, stream)
        await cancel(*self._tasks)

    def _observer(self, stream_id: str, model: str) -> Callable[[Answered], None]:
        tracing = self._tracing
        if tracing is None:
            return self.meters.answered
        origin = tracing.stream_began(stream_id, model)

        def observe(answer: Answered) -> None:
            self.meters.answered(answer)
            tracing.clip_answered(answer, origin)

        return observe

    def _take_place(self, owner: str) -> None:
        if self._stopping:
            raise _stopping()
        most = self._settings.streams_per_key
        if self._taken[owner] >= most:
            msg = f"at most {most} streams at a time for one API key; delete one first"
            raise RateLimitError(msg)
        if self._taken.total() + len(self._deleted) >= self._settings.streams:
            msg = f"the gateway serves {self._settings.streams} streams already; try again later"
            raise RateLimitError(msg)
        self._taken[owner] += 1

    async def _end_after_grace(self, stream: ServedStream) -> None:
        await self._clock.sleep(self._settings.delete_grace_seconds)
        await stream.end("client_requested")

    async def _forget_when_ended(self, owner: str, stream: ServedStream) -> None:
        await stream.wait_ended()
        self._forget(owner, stream)

    def _forget(self, owner: str, stream: ServedStream) -> None:
        if self._streams.pop(stream.id, None) is None:
            return
        self._ended = self._ended.with_stream(stream.info())
        if stream.id in self._deleted:
            self._deleted.remove(stream.id)
        else:
            self._taken[owner] -= 1
        if stream.reason is not None:
            self._reasons[stream.reason] += 1
            self._remembered[stream.id] = EndedStream(owner, stream.reason)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _stopping() -> ServerError:
    return ServerError("the gateway is stopping", status_code=503, code="stopping")
