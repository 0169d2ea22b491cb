"""`ActionDetector` without ``async``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack, overload

from overshoot.client import action_detector
from overshoot.sync.loop_thread import LoopThread
from overshoot.sync.started_context import StartedContext

if TYPE_CHECKING:
    from overshoot.client.action_store import ActionStore
    from overshoot.client.detector_config import (
        ActionDetectorConfig,
        ActionDetectorOptions,
        OnProgress,
    )
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.query import ActionFilters
    from overshoot.domain.reinference import Reinference
    from overshoot.domain.verdict import FaultKind


class ActionDetector(StartedContext):
    """`overshoot.ActionDetector` for programs without an event loop; see `overshoot.sync`."""

    @overload
    def __init__(self, config: ActionDetectorConfig) -> None: ...
    @overload
    def __init__(self, **options: Unpack[ActionDetectorOptions]) -> None: ...
    def __init__(self, config: ActionDetectorConfig | None = None, **options: Any) -> None:
        given = () if config is None else (config,)
        self._inner = action_detector.ActionDetector(*given, **options)
        self._thread = LoopThread("overshoot-sync-detector", self._inner.stop)

    def start(self) -> None:
        """Look for actions in the camera's picture, or in ``source``; returns when frames flow."""
        self._thread.begin(self._inner.start)

    def stop(self) -> None:
        """End the run and release everything; does nothing when none runs."""
        self._thread.close()

    def analyze_video(
        self,
        path: str | os.PathLike[str],
        *,
        on_progress: OnProgress | None = None,
    ) -> list[DetectedAction]:
        """Look for actions in a video file, from its beginning to its end; those found.

        ``on_progress`` is called on the thread of the event loop, as the other callbacks are.
        """
        opened = self._thread.open()
        try:
            return self._thread.run(
                lambda: self._inner.analyze_video(path, on_progress=on_progress)
            )
        finally:
            if opened:
                self._thread.close()

    def reinfer(
        self, action: DetectedAction, *, prompt: str | None = None, model: str | None = None
    ) -> Reinference:
        """Ask again about the clip that was kept of an action; see `ActionDetector.reinfer`."""
        opened = self._thread.open()
        try:
            return self._thread.run(lambda: self._inner.reinfer(action, prompt=prompt, model=model))
        finally:
            if opened:
                self._thread.close()

    def wait_ended(self) -> StreamEnd:
        """Wait until the run has ended (end of the video, the gateway's word, `stop`); why."""
        return self._thread.run(self._inner.wait_ended)

    def is_active(self) -> bool:
        """Whether frames are being sent and answers awaited."""
        return self._inner.is_active()

    @property
    def store(self) -> ActionStore:
        """Where the actions are kept."""
        return self._inner.store

    @property
    def actions(self) -> list[DetectedAction]:
        """All actions in the store, by time."""
        return self._inner.actions

    @property
    def answer_faults(self) -> dict[FaultKind, int]:
        """How many answers of the latest run could not be used, by kind (`FaultKind`)."""
        return self._inner.answer_faults

    @property
    def clips_unanswered(self) -> int:
        """How many clips of the latest `analyze_video` no answer came about in time."""
        return self._inner.clips_unanswered

    def get_actions(self, **filters: Unpack[ActionFilters]) -> list[DetectedAction]:
        """The actions for which all filters hold; see `ActionStore.get_actions`."""
        return self._inner.get_actions(**filters)

    def summary(self) -> dict[str, int]:
        """How many actions there are of each name, the most frequent first."""
        return self._inner.summary()

    def export(self, path: str | os.PathLike[str], format: str = "json") -> None:
        """Write all actions to a file; see `ActionStore.export`."""
        self._inner.export(path, format)

    def clear(self) -> None:
        """Forget all actions."""
        self._inner.clear()
