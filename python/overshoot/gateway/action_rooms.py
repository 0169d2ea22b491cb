"""Where a gateway keeps the actions of its streams, and their clips."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from overshoot import bootstrap
from overshoot.application.action_archive import ActionArchive
from overshoot.application.action_keeping import ActionKeeping
from overshoot.application.stream_evidence import EvidenceTools, StreamEvidence
from overshoot.gateway.kept_clips import KeptClips
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.errors import OvershootError
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.ports.store import Store

_log = get_logger(__name__)


class ActionRooms:
    """The store and the clips of a gateway, there from `start` to `stop`, and what fills them.

    Args:
        settings: where, and how much.
        clock: what time it is.
        store: a store of the caller's, who closes it; in place of the settings' own.

    Attributes:
        keeping: finds the actions of streams.
        archive: reads what was kept.
        clips_kept: clips that are, or were, in the folder.
        clips_failed: clips that could not be kept, of one trouble after the other the first.
    """

    def __init__(self, settings: GatewaySettings, clock: Clock, store: Store | None) -> None:
        self._settings = settings
        self._clock = clock
        self._given = store
        self._store: Store | None = None
        self._tools: EvidenceTools | None = None
        self._clips: KeptClips | None = None
        self._own_folder: Path | None = None
        self.keeping: ActionKeeping = ActionKeeping(
            self._keep, rule=settings.tracking, clock=clock, evidence=self._evidence_of
        )
        self.archive: ActionArchive = ActionArchive(self._opened, self.keeping, self._has_clip)
        self.clips_kept: int = 0
        self.clips_failed: int = 0

    @property
    def clips(self) -> KeptClips | None:
        """The files of clips; None where none are kept."""
        return self._clips

    async def start(self) -> None:
        """Open the store, and make the folder.

        `ConfigurationError` and `StoreError` where they cannot be had.
        """
        address = self._settings.store
        if self._given is not None:
            self._store = self._given
        elif address is None:
            self._store = bootstrap.memory_store(self._settings.actions_in_memory)
        else:
            self._store = await asyncio.to_thread(bootstrap.open_store, address)
        if self._settings.evidence.enabled:
            await asyncio.to_thread(self._open_clips)
        self.keeping.start()

    async def stop(self) -> None:
        """Keep what waits, and close; after all streams have ended. A second call does nothing."""
        if self._store is None:
            return
        await self.keeping.stop()
        self.archive.stop()
        store, self._store = self._store, None
        if store is not self._given:
            await asyncio.to_thread(store.close)
        tools, self._tools = self._tools, None
        if tools is not None:
            tools.threads.shutdown(cancel_futures=True)
        if self._own_folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._own_folder, ignore_errors=True)

    def _open_clips(self) -> None:
        folder = self._settings.evidence.folder
        if folder is None:
            folder = self._own_folder = Path(tempfile.mkdtemp(prefix="overshoot-evidence-"))
        config = self._settings.evidence.within(folder)
        self._clips = KeptClips(folder)
        self._tools = self._new_tools(config)

    def _new_tools(self, config: EvidenceConfig) -> EvidenceTools:
        return EvidenceTools(
            config=config,
            recorder=partial(bootstrap.clip_recorder, config, patient=True),
            shelf=partial(bootstrap.evidence_shelf, config),
            threads=ThreadPoolExecutor(2, thread_name_prefix="overshoot-gateway-clips"),
            now=self._clock.wall,
            on_error=self._clip_failed,
            on_kept=self._clip_kept,
        )

    def _evidence_of(self, stream: ServedStream) -> StreamEvidence | None:
        if self._tools is None:
            return None
        return StreamEvidence(stream, self._settings.tracking, self._tools)

    def _opened(self) -> Store:
        assert self._store is not None  # noqa: S101 - calls come while the gateway runs
        return self._store

    def _keep(self, actions: Sequence[DetectedAction]) -> None:
        self._opened().add(actions)

    def _has_clip(self, action: DetectedAction) -> bool:
        return self._clips is not None and self._clips.has_clip(action)

    def _clip_kept(self, action: DetectedAction) -> None:
        self.clips_kept += 1
        self.keeping.clip_kept(action)

    def _clip_failed(self, error: OvershootError) -> None:
        self.clips_failed += 1
        _log.error("clip_not_kept", why=error.message)
