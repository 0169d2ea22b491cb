"""Where a gateway keeps the actions of its streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from overshoot import bootstrap
from overshoot.application.action_keeping import ActionKeeping

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.ports.store import Store


class ActionRooms:
    """The store of a gateway, open from `start` to `stop`, and what fills it.

    Attributes:
        keeping: finds the actions of streams.
    """

    def __init__(self, settings: GatewaySettings, clock: Clock) -> None:
        self._settings = settings
        self._store: Store | None = None
        self.keeping: ActionKeeping = ActionKeeping(self._keep, rule=settings.tracking, clock=clock)

    @property
    def store(self) -> Store:
        """What has been found."""
        assert self._store is not None  # noqa: S101 - calls come while the gateway runs
        return self._store

    async def start(self) -> None:
        """Open the store.

        `ConfigurationError` and `StoreError` where it cannot be opened.
        """
        address = self._settings.store
        if address is None:
            self._store = bootstrap.memory_store(self._settings.actions_in_memory)
        else:
            self._store = await asyncio.to_thread(bootstrap.open_store, address)
        self.keeping.start()

    async def stop(self) -> None:
        """Keep what waits, and close; after all streams have ended. A second call does nothing."""
        if self._store is not None:
            await self.keeping.stop()
            store, self._store = self._store, None
            await asyncio.to_thread(store.close)

    def _keep(self, actions: Sequence[DetectedAction]) -> None:
        self.store.add(actions)
