"""The fixtures, as a caller's own test suite would use them: in another folder, another pytest."""

from __future__ import annotations

import importlib.metadata

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import asyncio

import pytest

import overshoot.sync
from overshoot import ActionDetector, ActionStore, OvershootStreamRelay, RealtimeVisionConfig
from overshoot.ports.store import Store
from overshoot.testing import until
from overshoot.testing.films import film

VERDICT = {"detected_actions": [{"action": "waving", "detected": True, "confidence": 0.9}]}


@pytest.mark.overshoot_script(["a cat", "a dog"])
async def test_a_session_without_anything(overshoot_offline, overshoot_inference):
    run = await overshoot_offline(prompt="What is there?")
    assert [result.result for result in run.results] == ["a cat", "a dog"]
    assert {request.prompt for request in overshoot_inference.requests} == {"What is there?"}


async def test_by_default_it_says_ok(overshoot_offline):
    assert (await overshoot_offline(prompt="?")).results[0].result == "ok"


@pytest.mark.overshoot_script([VERDICT])
async def test_the_transport_and_the_store_are_swapped(
    overshoot_transport, overshoot_clock, overshoot_store, overshoot_scene
):
    detector = ActionDetector(
        actions=["waving"],
        source=overshoot_scene,
        transport=overshoot_transport,
        clock=overshoot_clock,
        store=overshoot_store,
    )
    async with detector:
        await detector.wait_ended()
    assert overshoot_store.summary() == {"waving": len(overshoot_store)}
    assert len(overshoot_store) >= 3


@pytest.mark.overshoot_script(["over the wire"])
def test_a_gateway_for_programs_without_async(overshoot_gateway):
    config = RealtimeVisionConfig(
        api_url=overshoot_gateway.url,
        api_key=overshoot_gateway.api_key,
        prompt="?",
        source=overshoot.SyntheticSource(width=160, height=120, duration_seconds=30),
    )
    with overshoot.sync.RealtimeVision(config) as vision:
        for result in vision.results():
            assert result.result == "over the wire"
            break


@pytest.mark.overshoot_script(["over the wire"])
async def test_a_gateway_for_programs_with_async(overshoot_gateway):
    http = overshoot.OvershootHttpClient(overshoot_gateway.url, overshoot_gateway.api_key)
    async with http:
        assert await http.health_check()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with a suite, and a pytest that has no plugins but these two."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nfilterwarnings = error\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    plugins = ("-p", "pytest_asyncio.plugin", "-p", "overshoot.testing.pytest_plugin")
    pytester.plugins = []
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(plugins))
    return pytester


def test_a_suite_of_a_callers(suite: pytest.Pytester) -> None:
    suite.makepyfile(SUITE)
    suite.runpytest_subprocess("--strict-markers").assert_outcomes(passed=5)


def test_a_fixture_of_the_callers_replaces_ours_and_the_rest_follows(
    suite: pytest.Pytester,
) -> None:
    suite.makeconftest(
        """
        import pytest
        from overshoot.testing import EchoInference

        @pytest.fixture
        def overshoot_inference():
            return EchoInference()
        """
    )
    suite.makepyfile(
        """
        async def test_echo(overshoot_offline):
            assert (await overshoot_offline(prompt="hello")).results[0].result == "hello"
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_suite_that_fails_says_what_was_compared(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import pytest
        from overshoot.testing.contracts import StoreContract
        from overshoot.adapters.stores.memory import MemoryStore

        class Forgetful(MemoryStore):
            def __len__(self):
                return 0

        class TestForgetful(StoreContract):
            @pytest.fixture
            def make_store(self):
                return Forgetful
        """
    )
    result = suite.runpytest_subprocess("-k", "the_same_action_twice")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines([r"E +(Assertion|assert).*0 == 3.*"])


def test_the_installed_package_registers_them() -> None:
    (found,) = importlib.metadata.entry_points(group="pytest11", name="overshoot")
    assert found.value == "overshoot.testing.pytest_plugin"


def test_pytest_is_all_that_loading_them_costs(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys

        def test_loaded():
            assert not {"numpy", "cv2", "av", "aiohttp", "hypothesis"} & set(sys.modules)
        """
    )
    suite.runpytest_subprocess().assert_outcomes(passed=1)
