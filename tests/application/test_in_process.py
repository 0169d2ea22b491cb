"""The transport to a backend in this process keeps the contract of transports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from overshoot.application.in_process import InProcessTransport
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.frame import PlanarFrame
from overshoot.errors import ServerError, StreamEndedError
from overshoot.framepath import from_i420
from overshoot.testing.contracts.transport import (
    TTL,
    ScriptedFeed,
    TransportContract,
    asking,
    closing,
    next_result,
)
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left


class Closable(EchoInference):
    """A backend that knows whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class InProcessHarness:
    def __init__(self) -> None:
        self.backend = Closable()
        self.clock = ManualClock()

    def transport(self) -> InProcessTransport:
        return InProcessTransport(
            lambda: self.backend,
            self.clock,
            close_backend=False,
            settings=ServingSettings(lease_ttl_seconds=TTL),
        )


@pytest.fixture
async def harness() -> AsyncIterator[InProcessHarness]:
    with nothing_left():
        yield InProcessHarness()


class TestInProcessContract(TransportContract):
    pass


class Recorded(ScriptedFeed):
    """Remembers what it gave."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.frames: list[PlanarFrame] = []

    async def next_frame(self) -> PlanarFrame | None:
        frame = await super().next_frame()
        if frame is not None:
            self.frames.append(frame)
        return frame


async def test_the_backend_sees_the_very_pixels(harness: InProcessHarness) -> None:
    transport = harness.transport()
    feed = Recorded(5)
    await transport.open(asking(), feed)
    await transport.connect_results()
    await closing(transport)
    await transport.close()
    seen = {frame.index: frame for asked in harness.backend.requests for frame in asked.frames}
    assert set(seen) == {1, 2, 3, 4}
    for sent in feed.frames[1:]:
        expected = from_i420(sent.planes, sent.width, sent.height)
        assert np.array_equal(seen[sent.index].pixels, expected)


@pytest.mark.parametrize("own", [True, False])
async def test_a_backend_ends_with_the_stream_that_owns_it(
    harness: InProcessHarness, own: bool
) -> None:
    transport = InProcessTransport(lambda: harness.backend, harness.clock, close_backend=own)
    await transport.open(asking(), ScriptedFeed())
    await transport.connect_results()
    await next_result(transport)
    for _ in range(2):
        await transport.close()
        assert harness.backend.closed == own


async def test_a_backend_that_opens_no_session_is_closed(harness: InProcessHarness) -> None:
    async def broken(model: str) -> None:
        raise RuntimeError("out of memory")

    harness.backend.start_session = broken  # type: ignore[method-assign, assignment]
    transport = InProcessTransport(lambda: harness.backend, harness.clock, close_backend=True)
    with pytest.raises((ServerError, RuntimeError)):
        await transport.open(asking(), ScriptedFeed())
    assert harness.backend.closed == 1
    with pytest.raises(StreamEndedError):
        await transport.open(asking(), ScriptedFeed())
