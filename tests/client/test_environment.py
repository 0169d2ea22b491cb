"""Address and key from the environment and from .env; what is given wins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from overshoot import (
    ActionDetector,
    ConfigurationError,
    Overshoot,
    OvershootStreamRelay,
    RealtimeVision,
    RealtimeVisionConfig,
    SyntheticSource,
    UnauthorizedError,
)
from overshoot.client.environment import api_key_or_default, api_url_or_default
from overshoot.gateway import LocalGateway
from overshoot.testing.waiting import nothing_left
from support.frame_reader import FrameReader

URL, KEY = "OVERSHOOT_API_URL", "OVERSHOOT_API_KEY"


def vision(**given: Any) -> RealtimeVision[Any]:
    source = SyntheticSource(duration_seconds=1)
    return RealtimeVision(RealtimeVisionConfig(prompt="?", source=source, **given))


def test_the_environment_is_used_where_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, " https://host/api ")
    monkeypatch.setenv(KEY, "from-environment")
    assert api_url_or_default(None) == "https://host/api"
    assert api_key_or_default(None) == "from-environment"
    assert api_url_or_default("https://given") == "https://given"
    assert api_key_or_default("given") == "given"


def test_an_empty_argument_is_given_and_wrong_rather_than_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY, "from-environment")
    assert api_key_or_default("") == ""


def test_a_file_is_used_where_the_environment_has_no_value(
    monkeypatch: pytest.MonkeyPatch, empty_environment: Path
) -> None:
    empty_environment.joinpath(".env").write_text(f"{URL}=https://file\n{KEY}='a$b${{HOME}}'\n")
    monkeypatch.setenv(URL, "")
    assert api_url_or_default(None) == "https://file"
    assert api_key_or_default(None) == "a$b${HOME}"
    monkeypatch.setenv(URL, "https://environment")
    assert api_url_or_default(None) == "https://environment"


def test_a_file_changes_no_environment(empty_environment: Path) -> None:
    import os

    empty_environment.joinpath(".env").write_text(f"{KEY}=secret\n")
    assert api_key_or_default(None) == "secret"
    assert KEY not in os.environ


def test_folders_above_are_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, empty_environment: Path
) -> None:
    empty_environment.joinpath(".env").write_text(f"{URL}=https://elsewhere\n")
    below = empty_environment / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    with pytest.raises(ConfigurationError):
        api_url_or_default(None)


@pytest.mark.parametrize("text", ["", f"{KEY}=\n", f"{KEY}\n", f"{KEY}=''\n", "OTHER=1\n"])
def test_what_is_nowhere_is_named(empty_environment: Path, text: str) -> None:
    empty_environment.joinpath(".env").write_text(text)
    with pytest.raises(ConfigurationError, match=KEY) as caught:
        api_key_or_default(None)
    assert caught.value.details == {"field": "api_key", "variable": KEY}


def test_without_python_dotenv_the_file_is_pointed_at(
    monkeypatch: pytest.MonkeyPatch, empty_environment: Path
) -> None:
    monkeypatch.setitem(sys.modules, "dotenv", None)
    with pytest.raises(ConfigurationError) as caught:
        api_key_or_default(None)
    assert "python-dotenv" not in caught.value.message
    empty_environment.joinpath(".env").write_text(f"{KEY}=secret\n")
    with pytest.raises(ConfigurationError, match="python-dotenv") as caught:
        api_key_or_default(None)
    assert "secret" not in caught.value.message


def test_a_file_that_is_no_text_is_named(empty_environment: Path) -> None:
    empty_environment.joinpath(".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        api_key_or_default(None)


STARTS: dict[str, Callable[[], Any]] = {
    "vision": lambda: vision().start(),
    "relay": lambda: OvershootStreamRelay(prompt="?").start(),
    "detector": lambda: ActionDetector(actions=["waving"], source=SyntheticSource()).start(),
    "service sdk": lambda: Overshoot().streams.create(SyntheticSource(), "?", print),
    "models": lambda: Overshoot().get_models(),
}


@pytest.mark.parametrize("who", STARTS)
async def test_every_start_names_the_variable_that_is_missing(
    who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nothing_left(), pytest.raises(ConfigurationError, match=URL):
        await STARTS[who]()
    monkeypatch.setenv(URL, "http://127.0.0.1:9/api")
    with nothing_left(), pytest.raises(ConfigurationError, match=KEY):
        await STARTS[who]()


async def test_a_stream_runs_on_the_environment_alone_and_an_argument_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LocalGateway(backend=FrameReader()) as gateway:
        made = vision()
        refused = vision(api_key="another")
        monkeypatch.setenv(URL, gateway.url)  # After both were made: it is read at the start.
        monkeypatch.setenv(KEY, gateway.api_key)
        async with made:
            assert (await made.wait_ended()).reason == "source_ended"
        with pytest.raises(UnauthorizedError):
            await refused.start()
