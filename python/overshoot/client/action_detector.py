"""`ActionDetector`: which of the actions that were asked for happen in a video, and when."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Unpack, overload

from attrs import evolve

from overshoot.client.async_context import AsyncContext
from overshoot.client.detector_config import ActionDetectorConfig, ActionDetectorOptions
from overshoot.domain.action_question import action_prompt
from overshoot.domain.source import CameraSource, StreamSource, VideoFileSource
from overshoot.domain.validation import fail
from overshoot.errors import ConfigurationError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.client.action_store import ActionStore
    from overshoot.client.detection_run import DetectionRun
    from overshoot.client.detector_config import OnProgress
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.query import ActionFilters
    from overshoot.domain.reinference import Reinference
    from overshoot.domain.verdict import FaultKind


class ActionDetector(AsyncContext):
    """Looks for actions in a camera's picture or in video files, and keeps what it found.

    ::

        detector = ActionDetector(
            api_url="https://host/api/v0.2",
            api_key="your-api-key",
            actions=["waving hand", "thumbs up"],
        )
        await detector.start()

    It takes the arguments of `ActionDetectorConfig`, or one of those. The model is asked about one
    clip after the other, and **each confident verdict is an action at once**: what goes on for
    three clips is three actions. With ``tracking`` they are one: `ActionTracker` says when verdicts
    are an action, when it begins and when it is over. An action has

    * ``timestamp``, seconds of video since the start of its run: the end of the clip, or with
      ``tracking`` the beginning of the action;
    * ``frame_number``, index of the frame at that time, 0 where the gateway does not count;
    * ``confidence``: the model's word for it, or with ``tracking`` the surest one;
    * ``duration``: None, or with ``tracking`` how long it lasted;
    * ``metadata``: ``session_id`` (new for each `start` and `analyze_video`), ``source``,
      ``prompt``, ``action_id``, ``model``, ``prompt_version``, ``schema_version`` and ``verdicts``,
      a list with ``start``, ``end``, ``confidence``, ``detected``; with ``tracking`` what
      `ActionTracker` lists, without it ``clip_start``, ``clip_end``, ``stream_id``,
      ``inference_latency_ms``, ``total_latency_ms`` and ``timestamp_from``, which is ``"video"``,
      or ``"arrival"`` where the gateway does not say what part of the video it answers: then the
      time is reckoned from when the answer came. With ``evidence`` it has ``evidence``, too: where
      the ``clip``, ``thumbnail`` and ``sidecar`` will be once the video has gone on for a while.

    The store is written to by a thread, so that no disk holds up the stream. While it fails, what
    is found waits and is tried again; ``on_error`` is told, and ``on_action`` is not held up.

    The store keeps the actions of all runs until `clear`. Each run's clock begins at 0, so that the
    timestamps of two runs cannot be compared; ``session_id`` and ``source`` tell them apart.

    With ``inference="local"``, or a backend of one's own, no gateway is needed: it answers in this
    process, from the pictures as they are.

    ``start``, ``stop``, ``analyze_video`` and ``wait_ended`` belong to one event loop; all that
    reads or clears the store may be called from any thread.
    """

    @overload
    def __init__(self, config: ActionDetectorConfig) -> None: ...
    @overload
    def __init__(self, **options: Unpack[ActionDetectorOptions]) -> None: ...
    def __init__(self, config: ActionDetectorConfig | None = None, **options: Any) -> None:
        if config is None:
            config = ActionDetectorConfig(**options)
        elif options or not isinstance(config, ActionDetectorConfig):
            message = "ActionDetector takes one ActionDetectorConfig, or keyword arguments"
            raise ConfigurationError(message, details={"field": "config"})
        self._config = config
        self._store = config.store
        self._run: DetectionRun | None = None

    async def start(self) -> None:
        """Look for actions in the camera's picture, or in ``source``; returns when frames flow.

        Raises:
            StreamEndedError: it runs already.
            ConfigurationError, SourceError, ApiError, NetworkError: as `RealtimeVision.start`.

        Nothing is left running after an error.
        """
        source = self._config.source
        await self._begin(CameraSource() if source is None else source)

    async def stop(self) -> None:
        """End the run and release everything; does nothing when none runs."""
        if self._run is not None:
            await self._run.stop()

    async def analyze_video(
        self, path: str | os.PathLike[str], *, on_progress: OnProgress | None = None
    ) -> list[DetectedAction]:
        """Look for actions in a video file, from its beginning to its end, as fast as it goes.

        Every frame of the file is sent and every clip is answered: frames wait for the answers
        about earlier ones, so that a slow model takes longer and misses nothing. With
        ``inference="local"``, or any backend in this process that answers alike about like
        pictures, each run gives the same actions. Over a gateway the clips are the same, too, and
        so are the pictures where no packet is lost for good; but they have passed a lossy codec.

        Timestamps are seconds since the first frame of the file, by the file's own time stamps.
        From a gateway that does not say which part of the video it answers they are known from
        the order of the answers, one clip being under way at a time.

        A clip that a gateway leaves unanswered for a minute is given up, told to ``on_error`` and
        counted (`clips_unanswered`); until an answer comes, the rest is then sent at the video's
        own pace. So are the clips under way when a connection is lost and made anew.

        Args:
            path: a file that OpenCV can decode; turned upright as the file says.
            on_progress: called on the event loop with an `AnalysisProgress` after each answer and
                at the end. A coroutine function is awaited; while it is busy, only the newest
                waits. What it raises is told to ``on_error``.

        Returns:
            The actions found in it, in the order of time; they are in the store as well.

        Raises:
            SourceError: the file cannot be opened or read, or has no picture in it.
            StreamEndedError: it runs already, or was ended before the end of the video.
            ConfigurationError, ApiError, NetworkError: as for `start`.

        What was found before an error stays in the store.
        """
        if on_progress is not None and not callable(on_progress):
            raise fail(self, "on_progress", "callable", on_progress)
        found: list[DetectedAction] = []
        source = VideoFileSource(file_path=path, real_time=False)
        run = await self._begin(source, found, on_progress)
        try:
            end = await run.wait_ended()
        finally:
            await run.stop()
        if end.error is not None:
            raise end.error
        if end.reason != "source_ended":
            message = f"the analysis of {os.fspath(path)} was stopped before its end"
            raise StreamEndedError(message, reason=end.reason)
        return sorted(found, key=lambda action: action.timestamp)

    async def reinfer(
        self, action: DetectedAction, *, prompt: str | None = None, model: str | None = None
    ) -> Reinference:
        """Ask again about the clip that was kept of an action, while a run goes on or not.

        Args:
            action: one that was found with ``evidence``.
            prompt: what to ask, ``{actions}`` standing for the names; None asks as before.
            model: whom to ask; None is the configured one.

        Raises:
            StoreError: no clip was kept of it, not yet, or not any more.
            SourceError, StreamEndedError, ConfigurationError, ApiError, NetworkError: as
                `analyze_video`.
        """
        from overshoot.client.evidence_folder import clip_of
        from overshoot.client.reinference import reinfer

        clip = await asyncio.to_thread(clip_of, action)
        config = self._config
        vision = config.vision(VideoFileSource(clip.video, real_time=False))
        if prompt is not None:
            vision = evolve(vision, prompt=action_prompt(config.actions, prompt))
        if model is not None:
            vision = evolve(vision, model=model)
        return await reinfer(clip, vision, config.actions)

    async def wait_ended(self) -> StreamEnd:
        """Wait until the run has ended (end of the video, the gateway's word, `stop`); why."""
        if self._run is None:
            raise StreamEndedError("no run: call start() first", reason="not_started")
        return await self._run.wait_ended()

    def is_active(self) -> bool:
        """Whether frames are being sent and answers awaited."""
        return self._run is not None and self._run.active

    @property
    def store(self) -> ActionStore:
        """Where the actions are kept."""
        return self._store

    @property
    def actions(self) -> list[DetectedAction]:
        """All actions in the store, by time."""
        return self._store.get_actions()

    @property
    def answer_faults(self) -> dict[FaultKind, int]:
        """How many answers of the latest run could not be used, by kind (`FaultKind`)."""
        return {} if self._run is None else dict(self._run.detection.faults)

    @property
    def clips_unanswered(self) -> int:
        """How many clips of the latest `analyze_video` no answer came about in time."""
        return 0 if self._run is None else self._run.clips_unanswered

    def get_actions(self, **filters: Unpack[ActionFilters]) -> list[DetectedAction]:
        """The actions for which all filters hold; see `ActionStore.get_actions`."""
        return self._store.get_actions(**filters)

    def summary(self) -> dict[str, int]:
        """How many actions there are of each name, the most frequent first."""
        return self._store.summary()

    def export(self, path: str | os.PathLike[str], format: str = "json") -> None:
        """Write all actions to a file; see `ActionStore.export`."""
        self._store.export(path, format)

    def clear(self) -> None:
        """Forget all actions."""
        self._store.clear()

    async def _begin(
        self,
        source: StreamSource,
        found: list[DetectedAction] | None = None,
        on_progress: OnProgress | None = None,
    ) -> DetectionRun:
        """Start a run; its actions go to the store, and to ``found`` where it is given."""
        if self._run is not None and not self._run.over:
            message = "this ActionDetector runs already; stop it first"
            raise StreamEndedError(message, reason="already_started")
        from overshoot.client.detection_assembly import detection_run

        self._run = run = detection_run(self._config, source, found, on_progress)
        await run.start()
        return run
