"""One stream's conversation with the local backend."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

import cv2

from overshoot.adapters.inference.local.asking import asked_in
from overshoot.adapters.inference.local.filling import Filling
from overshoot.adapters.inference.local.schema import AnswerSchema
from overshoot.adapters.inference.local.scope import Answering
from overshoot.adapters.inference.local.summary import summed_up
from overshoot.adapters.inference.local.vocabulary import SUBJECT_OF, Subject, Word
from overshoot.adapters.inference.local.watcher import Watcher
from overshoot.adapters.inference.local.wording import in_words
from overshoot.domain.inference import InferenceAnswer
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.backend import LocalBackend
    from overshoot.adapters.inference.local.observation import Observation
    from overshoot.domain.frame import Frame
    from overshoot.domain.inference import InferenceRequest, JsonSchema


_MOST_WAITING: Final = 64
"""Frames that wait to be looked at before they are asked about; the rest wait for the request."""


class LocalSession:
    """Remembers the last seconds of one stream, and nothing of any other.

    Frames are looked at as they come, so that an answer needs only its last one.
    """

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self._watcher: Watcher | None = Watcher(backend.networks)
        self._shown: frozenset[Word] = frozenset()
        self._schema: tuple[JsonSchema, AnswerSchema] | None = None
        # A cancelled request may still be at its last frame when the next one comes.
        self._lock = threading.Lock()
        self._waiting: deque[Frame] = deque()
        self._passed_over = self._asked_up_to = -1
        self._looking: asyncio.Task[None] | None = None

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Answer one request; the work is done on a thread of the backend."""
        if self._watcher is None:
            raise InferenceError("this session of the local backend is closed")
        if not request.frames:
            raise InferenceError("a clip needs at least one frame")
        schema = self._compiled(request.output_schema)
        cancelled = threading.Event()
        last = self._asked_up_to = request.frames[-1].index
        early = [frame for frame in self._waiting if frame.index <= last]
        try:
            observation = await self._backend.run(lambda: self._watch(early, request, cancelled))
        except BaseException:
            cancelled.set()
            raise
        while self._waiting and self._waiting[0].index <= last:
            self._waiting.popleft()
        return self._answer(request, schema, observation)

    def observe(self, frame: Frame) -> None:
        """Look at a frame that will be asked about, once a thread is free."""
        if len(self._waiting) >= _MOST_WAITING:
            self._passed_over = frame.index
        # What comes after a frame that was passed over waits with it for the request: a watcher
        # never goes back.
        if self._passed_over > self._asked_up_to or self._watcher is None:
            return
        self._waiting.append(frame)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())

    async def close(self) -> None:
        """Forget the stream."""
        self._watcher = None
        self._schema = None
        self._waiting.clear()
        if self._looking is not None and not self._looking.done():
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look_on(self) -> None:
        """One frame at a time, so that nobody's request waits for more than that."""
        try:
            while self._waiting:
                frame = self._waiting[0]
                await self._backend.run(lambda: self._look_at(frame))  # noqa: B023 - awaited here
                if self._waiting and self._waiting[0] is frame:
                    self._waiting.popleft()
        except (InferenceError, cv2.error):
            # The request looks at what waits once more, and says what is wrong with it.
            if self._waiting:
                self._passed_over = max(self._passed_over, self._waiting[-1].index)

    def _look_at(self, frame: Frame) -> None:
        with self._lock:
            if self._watcher is not None:
                self._watcher.look((frame,))

    def _watch(
        self, early: Sequence[Frame], request: InferenceRequest, cancelled: threading.Event
    ) -> Observation:
        with self._lock:
            watcher = self._watcher
            if watcher is None:
                raise InferenceError("this session of the local backend is closed")

            def stopped() -> bool:
                return cancelled.is_set() or self._backend.stopping() or self._watcher is None

            try:
                frames = {frame.index: frame for frame in (*early, *request.frames)}
                watcher.look([frames[index] for index in sorted(frames)], stopped)
                clip, history, look = watcher.seen(request.frames)
            except cv2.error as error:
                raise InferenceError(f"OpenCV cannot look at this clip: {error.err}") from error
            observation = summed_up(clip, history, look, self._shown)
            self._shown = frozenset(observation.hands.gestures if observation.hands else ())
            return observation

    def _compiled(self, schema: JsonSchema | None) -> AnswerSchema | None:
        if schema is None:
            return None
        if self._schema is None or self._schema[0] is not schema:
            self._schema = schema, AnswerSchema(schema)
        return self._schema[1]

    def _answer(
        self, request: InferenceRequest, schema: AnswerSchema | None, observation: Observation
    ) -> InferenceAnswer:
        asked = asked_in(request.prompt)
        answering = Answering(observation, asked, self._backend.networks_missing)
        for phrase in asked.unknown:
            answering.cannot(phrase)
        everything = not asked.mentions and not asked.unknown
        for mention in asked.mentions:
            said = mention.word.value if mention.word else mention.subject.value
            answering.note_limit(said, mention)
        if everything and schema is None and observation.hands is None:
            answering.cannot(Subject.GESTURE.value, Subject.GESTURE)
        if schema is None:
            text = in_words(observation, asked)
        else:
            text = json.dumps(Filling(schema, answering).answer(), ensure_ascii=False)
        return InferenceAnswer(
            text, unsupported=tuple(answering.unsupported.values()), detected=_detected(observation)
        )


def _detected(observation: Observation) -> dict[str, float]:
    """What is there, by name; where it is and what is not there are told in words only."""
    left_out = {Word.NO_MOTION}
    return {
        word.value: sure
        for word, sure in observation.present().items()
        if word not in left_out and SUBJECT_OF[word] is not Subject.REGION
    }
