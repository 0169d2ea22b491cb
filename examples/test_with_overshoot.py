"""A test suite of a program that uses Overshoot: no camera, no network, no key, no waiting.

    pip install 'overshoot-sdk[testing]'
    pytest test_with_overshoot.py

pytest finds the fixtures ``overshoot_*`` by itself; ``asyncio_mode = "auto"`` is set for it.
"""

from __future__ import annotations

from typing import Any

import pytest

from overshoot import ActionDetector, ActionStore, DetectedAction, SyntheticSource
from overshoot.testing import ManualClock
from overshoot.testing.contracts import MakeStore, StoreContract


class DoorBell:
    """The program under test: rings once for each wave that it is shown."""

    def __init__(self, **wiring: Any) -> None:
        self.rings: list[float] = []
        self.detector = ActionDetector(
            actions=["waving hand"], on_action_started=self.ring, **wiring
        )

    def ring(self, action: DetectedAction) -> None:
        self.rings.append(action.timestamp)

    async def run(self) -> None:
        async with self.detector:
            await self.detector.wait_ended()


def verdict(*, seen: bool) -> dict[str, Any]:
    return {"detected_actions": [{"action": "waving hand", "detected": seen, "confidence": 0.9}]}


@pytest.mark.overshoot_script(
    [verdict(seen=False), verdict(seen=True), verdict(seen=True), verdict(seen=False)]
)
async def test_it_rings_once_for_a_wave_that_goes_on(
    overshoot_transport: Any,
    overshoot_clock: ManualClock,
    overshoot_scene: SyntheticSource,
) -> None:
    store = ActionStore()
    bell = DoorBell(
        source=overshoot_scene, transport=overshoot_transport, clock=overshoot_clock, store=store
    )
    await bell.run()
    assert len(bell.rings) == 1
    (wave,) = store.get_actions()
    assert wave.duration == pytest.approx(1.0, abs=0.2)


@pytest.mark.overshoot_script([verdict(seen=False)])
async def test_nobody_waves_nobody_is_disturbed(
    overshoot_transport: Any,
    overshoot_clock: ManualClock,
    overshoot_scene: SyntheticSource,
    overshoot_store: ActionStore,
) -> None:
    bell = DoorBell(
        source=overshoot_scene,
        transport=overshoot_transport,
        clock=overshoot_clock,
        store=overshoot_store,
    )
    await bell.run()
    assert bell.rings == []


class TestMyOwnStore(StoreContract):
    """A store of one's own keeps what the port promises; here ours stands in for it."""

    @pytest.fixture
    def make_store(self) -> MakeStore:
        from overshoot.adapters.stores.memory import MemoryStore

        return MemoryStore
