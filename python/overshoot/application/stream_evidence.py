"""Clips of one stream's actions, cut from the frames that the stream keeps anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from math import inf
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

from overshoot.application.action_making import verdicts_behind
from overshoot.application.evidence import EvidenceKeeper
from overshoot.domain.action_question import actions_in
from overshoot.domain.evidence_record import Question

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.domain.frame import Frame
    from overshoot.domain.tracking_rule import TrackingRule
    from overshoot.errors import OvershootError
    from overshoot.ports.evidence import ClipRecorder, EvidenceShelf


@frozen(kw_only=True)
class EvidenceTools:
    """What every stream of a gateway keeps its clips with.

    Attributes:
        config: how much is kept, and where.
        recorder: makes one that waits for every frame.
        shelf: makes the part of the folder for a stream, by its id.
        threads: frames are converted on these.
        now: UNIX time in seconds.
        on_error: told of what cannot be kept.
        on_kept: told of each action whose clip can be played from now on.
    """

    config: EvidenceConfig
    recorder: Callable[[], ClipRecorder] = field(repr=False)
    shelf: Callable[[str], EvidenceShelf] = field(repr=False)
    threads: Executor = field(repr=False)
    now: Callable[[], float] = field(repr=False)
    on_error: Callable[[OvershootError], None] = field(repr=False)
    on_kept: Callable[[DetectedAction], None] = field(repr=False)


class StreamEvidence:
    """Encodes while an action goes on, and until its clip is kept; else it costs nothing.

    When the first action begins, what the stream's buffer has of the time before it is encoded,
    then what comes. All methods belong to one event loop and none waits for a disk but `finish`.
    """

    def __init__(self, stream: ServedStream, rule: TrackingRule, tools: EvidenceTools) -> None:
        self._stream = stream
        self._rule = rule
        self._tools = tools
        self._going_on = 0
        self._numbers = 0
        self._keeper: EvidenceKeeper | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begun(self, action: DetectedAction) -> None:
        """An action goes on: pictures are wanted from before it on."""
        self._going_on += 1
        if self._keeper is not None:
            return
        self._keeper = keeper = self._new_keeper()
        keeper.begin()
        since = action.timestamp - self._tools.config.pre_roll_seconds
        # Taken now: when the stream ends, its buffer is emptied.
        frames = self._stream.frames.buffer.between(since, inf)
        task = asyncio.create_task(self._record(keeper, frames), name="overshoot-clips")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def ended(self, action: DetectedAction) -> DetectedAction:
        """The action with the places of its clip, which comes there after the post-roll."""
        self._going_on -= 1
        if self._keeper is None:
            return action
        kept = self._keeper.keep(action, verdicts_behind(action))
        self._numbers = self._keeper.numbers
        return kept

    async def finish(self) -> None:
        """The stream has ended, and so have its actions: keep their clips with what there is."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.aclose()

    def _new_keeper(self) -> EvidenceKeeper:
        tools, stream = self._tools, self._stream
        return EvidenceKeeper(
            tools.config,
            recorder=tools.recorder(),
            shelf=tools.shelf(stream.id),
            question=self._question(),
            session_id=stream.id,
            source=stream.source,
            now=tools.now,
            on_error=tools.on_error,
            on_kept=tools.on_kept,
            numbered_from=self._numbers,
        )

    def _question(self) -> Question:
        asked = self._stream.inference
        schema: dict[str, Any] = dict(asked.output_schema_json or {})
        return Question(
            prompt=asked.prompt,
            actions=actions_in(schema) or (),
            output_schema=schema,
            backend=asked.backend,
            model=asked.model,
            processing=asdict(self._stream.sampling),
            min_confidence=self._rule.enter_confidence,
        )

    async def _record(self, keeper: EvidenceKeeper, frames: tuple[Frame, ...]) -> None:
        live = self._stream.frames
        index = -1
        while self._going_on or not keeper.settled:
            for frame in frames:
                await self._convert(keeper, frame)
                index = frame.index
            if await live.after(index) is None:
                # The rest is `finish`'s: actions that still went on are told of first.
                return
            frames = tuple(each for each in live.buffer.between(-inf, inf) if each.index > index)
        self._keeper = None
        await keeper.aclose()

    async def _convert(self, keeper: EvidenceKeeper, frame: Frame) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._tools.threads, keeper.frame, frame)
