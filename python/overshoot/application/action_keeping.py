"""The actions of all streams of a gateway: found in the answers, kept in a store, told to watchers.

What goes wrong here is told in the log and counted; no stream notices it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from overshoot.application.action_feed import ActionFeed
from overshoot.application.store_writer import StoreWriter
from overshoot.application.stream_actions import StreamActions
from overshoot.application.waiting import cancel
from overshoot.domain.action_question import actions_in
from overshoot.domain.kept_action import ActionNews, KeptAction, source_of, sources_of
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.application.stream_evidence import StreamEvidence
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.tracking_rule import TrackingRule
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock

_log = get_logger(__name__)

PATIENCE_SECONDS: Final = 2.0
"""How long the end of the gateway waits for the store."""


class ActionKeeping:
    """Tracks the actions of every stream it is told of. All methods belong to one event loop.

    An action that has begun is in `open_actions` until the store has kept it, or failed to.

    Args:
        keep: keeps several actions, all or none, on a thread of its own.
        rule: when verdicts are an action.
        clock: what time it is.
        evidence: keeps the clips of a stream's actions; gives None where none are kept.

    Attributes:
        found: actions that have ended, which the store has, or is still tried with.
        failed: times that the store began to fail, and actions that were given up.
    """

    def __init__(
        self,
        keep: Callable[[Sequence[DetectedAction]], None],
        *,
        rule: TrackingRule,
        clock: Clock,
        evidence: Callable[[ServedStream], StreamEvidence | None],
    ) -> None:
        self._rule = rule
        self._clock = clock
        self._evidence_of = evidence
        self._evidence: dict[str, StreamEvidence] = {}
        self._streams: dict[str, StreamActions] = {}
        self._closing: dict[str, KeptAction] = {}
        self._feeds: dict[str, list[ActionFeed]] = {}
        self._writer = StoreWriter(keep, tried=self._tried, failed=self._failed)
        self._ending: set[asyncio.Task[None]] = set()
        self.found: int = 0
        self.failed: int = 0

    def start(self) -> None:
        """Begin to write, on the running loop."""
        self._writer.start()

    async def stop(self) -> None:
        """Keep what waits, for a while; after all streams have ended."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=PATIENCE_SECONDS)
            await cancel(*self._ending)
        await self._writer.close(patience_seconds=PATIENCE_SECONDS)

    def begin(self, owner: str, stream: ServedStream) -> None:
        """Find the actions of a stream that begins."""
        origin = {"session_id": stream.id, "source": source_of(owner, stream.source)}
        self._streams[stream.id] = StreamActions(origin, self._rule, self._clock.wall)
        evidence = self._evidence_of(stream)
        if evidence is not None:
            self._evidence[stream.id] = evidence
        stream.observe(partial(self._answered, stream))
        task = asyncio.create_task(self._until_ended(stream))
        self._ending.add(task)
        task.add_done_callback(self._ended)

    def names(self, stream: ServedStream) -> tuple[str, ...] | None:
        """The actions a stream is asked for, else those its answers bring; None where none do."""
        asked = actions_in(stream.inference.output_schema_json)
        tracked = self._streams.get(stream.id)
        return asked or (tracked.names if tracked is not None else ()) or None

    def open_actions(self, owner: str) -> list[KeptAction]:
        """The actions of an owner's streams that go on, or are about to be kept."""
        running = (kept for stream in self._streams.values() for kept in stream.open.values())
        every: Iterable[KeptAction] = (*running, *self._closing.values())
        own = sources_of(owner)
        return [kept for kept in every if kept.action.metadata["source"] in own]

    def watch(self, stream_id: str) -> ActionFeed:
        """News of the stream's actions from now on, after those that go on."""
        feed = ActionFeed()
        self._feeds.setdefault(stream_id, []).append(feed)
        tracked = self._streams.get(stream_id)
        for kept in () if tracked is None else tracked.open.values():
            feed.publish(ActionNews("started", kept))
        return feed

    def unwatch(self, stream_id: str, feed: ActionFeed) -> None:
        """Tell ``feed`` nothing more."""
        self._feeds[stream_id].remove(feed)
        if not self._feeds[stream_id]:
            del self._feeds[stream_id]

    def clip_kept(self, action: DetectedAction) -> None:
        """Tell those who watch that an action's clip can be played."""
        until = action.timestamp + (action.duration or 0.0)
        kept = KeptAction(action, open=False, seen_until=until, has_evidence=True)
        self._tell(ActionNews("updated", kept))

    def _answered(self, stream: ServedStream, result: InferenceResult[Any]) -> None:
        tracked = self._streams.get(stream.id)
        if tracked is None:
            return
        # An answer to the schema before may give names that are not asked for any more.
        newest = result.schema_version == stream.schema_version
        asked = actions_in(stream.inference.output_schema_json) if newest else None
        try:
            self._happened(tracked.answered(result, asked))
        except Exception:  # noqa: BLE001 - an answer that spoils this must not spoil its stream
            self.failed += 1
            _log.exception("actions_not_found", stream_id=stream.id)

    async def _until_ended(self, stream: ServedStream) -> None:
        await stream.wait_ended()
        self._happened(self._streams.pop(stream.id).finish())
        evidence = self._evidence.pop(stream.id, None)
        if evidence is not None:
            await evidence.finish()

    def _happened(self, news: Iterable[ActionNews]) -> None:
        for each in news:
            evidence = self._evidence.get(each.kept.stream_id)
            if each.event == "ended":
                action = each.kept.action if evidence is None else evidence.ended(each.kept.action)
                self._closing[each.kept.id] = evolve(each.kept, action=action)
                self.found += 1
                self._writer.put(action)
                continue
            if evidence is not None and each.event == "started":
                evidence.begun(each.kept.action)
            self._tell(each)

    def _tried(self, action: DetectedAction) -> None:
        kept = self._closing.pop(str(action.metadata["action_id"]))
        self._tell(ActionNews("ended", kept))

    def _tell(self, news: ActionNews) -> None:
        for feed in self._feeds.get(news.kept.stream_id, ()):
            feed.publish(news)

    def _failed(self, error: OvershootError) -> None:
        self.failed += 1
        _log.error("actions_not_kept", why=error.message)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed += 1
            _log.error("actions_not_finished", exc_info=error)
