"""Fixtures for pytest; the installed package registers them by itself.

``@pytest.mark.overshoot_script([...])`` on a test says what `ScriptedInference` answers in it. A
fixture of the same name in a ``conftest.py`` replaces one of these, and all that rest on it follow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from overshoot import ActionStore
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.ports.transport import TransportFactory
    from overshoot.sync import LocalGateway
    from overshoot.testing import ManualClock, OfflineRun, ScriptedInference, SyntheticSource

_MARKER = "overshoot_script"


def pytest_configure(config: pytest.Config) -> None:
    """Let failing suites explain themselves, and make the marker known."""
    pytest.register_assert_rewrite("overshoot.testing.contracts")
    line = f"{_MARKER}(script): what overshoot_inference answers, as for ScriptedInference"
    config.addinivalue_line("markers", line)


@pytest.fixture
def overshoot_clock() -> ManualClock:
    """Time that stands still until the test moves it."""
    from overshoot.testing import ManualClock

    return ManualClock()


@pytest.fixture
def overshoot_inference(request: pytest.FixtureRequest) -> ScriptedInference:
    """Who answers: the marker's script, else ``"ok"``; keeps every request."""
    from overshoot.testing import ScriptedInference

    marker = request.node.get_closest_marker(_MARKER)
    return ScriptedInference(*(() if marker is None else marker.args))


@pytest.fixture
def overshoot_scene() -> SyntheticSource:
    """Two seconds of a drawn scene, 320 x 240 at 10 a second, as fast as they are answered."""
    from overshoot.testing import SyntheticSource

    return SyntheticSource(width=320, height=240, fps=10, duration_seconds=2, real_time=False)


@pytest.fixture
def overshoot_transport(
    overshoot_inference: ScriptedInference, overshoot_clock: ManualClock
) -> TransportFactory:
    """For ``transport=``: a gateway's rules over ``overshoot_inference``, without a network."""
    from overshoot.testing import LoopbackTransport

    return lambda: LoopbackTransport(overshoot_inference, overshoot_clock)


@pytest.fixture
def overshoot_store() -> Iterator[ActionStore]:
    """An empty store in memory, for ``store=``."""
    from overshoot import ActionStore

    with ActionStore() as store:
        yield store


@pytest.fixture
def overshoot_gateway(overshoot_inference: ScriptedInference) -> Iterator[LocalGateway]:
    """A running gateway on a loopback port of its own, in a thread of its own, so that tests with
    and without ``async`` may use its ``url`` and ``api_key``.
    """
    from overshoot.sync import LocalGateway

    with LocalGateway(backend=overshoot_inference) as gateway:
        yield gateway


@pytest.fixture
def overshoot_offline(
    overshoot_inference: ScriptedInference,
    overshoot_scene: SyntheticSource,
    overshoot_clock: ManualClock,
) -> Callable[..., Awaitable[OfflineRun[Any]]]:
    """Runs a configuration, or the values of one, to its end: `run_offline` with these fixtures.

    ``run = await overshoot_offline(prompt="?")`` asks ``overshoot_inference`` about
    ``overshoot_scene``; what is given goes before.
    """
    from overshoot import RealtimeVisionConfig
    from overshoot.testing import run_offline

    def run(
        config: RealtimeVisionConfig[Any] | None = None, **values: Any
    ) -> Awaitable[OfflineRun[Any]]:
        if config is None:
            given: dict[str, Any] = {
                "source": overshoot_scene,
                "inference": overshoot_inference,
                **values,
            }
            config = RealtimeVisionConfig[Any](**given)
        return run_offline(config, clock=overshoot_clock)

    return run
