"""Backends by name, with what the environment says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from overshoot import CallableInference, ConfigurationError, GeminiInference, OpenAIInference
from overshoot.bootstrap import chosen_backend, inference_backend
from overshoot.domain.backends import BackendOptions, LocalInference
from support.backend_functions import describe

URL = "http://127.0.0.1:8000/v1"
HOSTED = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BACKEND_URL", "BACKEND_MODEL", "BACKEND_KEY"):
        monkeypatch.delenv(f"OVERSHOOT_{name}", raising=False)
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_names_mean_backends() -> None:
    assert chosen_backend("local") == LocalInference()
    assert chosen_backend("openai", BackendOptions(url=URL)) == OpenAIInference(url=URL)
    name = "support.backend_functions:describe"
    chosen = chosen_backend(name, BackendOptions(workers=2, processes=True))
    assert chosen == CallableInference(describe, workers=2, processes=True, name=name)
    assert isinstance(chosen, CallableInference)
    assert chosen.label == name


def test_the_environment_says_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERSHOOT_BACKEND_URL", "http://127.0.0.1:8000/")
    monkeypatch.setenv("OVERSHOOT_BACKEND_MODEL", "m")
    monkeypatch.setenv("OVERSHOOT_BACKEND_KEY", "key-1")
    assert chosen_backend("openai") == OpenAIInference(url=URL, model="m", api_key="key-1")
    given = BackendOptions(url="http://127.0.0.1:9/v2", model="n")
    assert chosen_backend("gemini", given) == GeminiInference(
        url="http://127.0.0.1:9/v2", model="n", api_key="key-1"
    )


@pytest.mark.parametrize(("url", "key"), [(HOSTED, "secret-1"), (URL, None)])
def test_the_key_of_a_service_is_for_its_own_address(
    url: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-1")
    chosen = chosen_backend("openai", BackendOptions(url=url))
    assert isinstance(chosen, OpenAIInference)
    assert chosen.api_key == key


def test_the_key_of_gemini_may_have_either_of_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, key in (("GOOGLE_API_KEY", "second"), ("GEMINI_API_KEY", "first")):
        monkeypatch.setenv(variable, key)
        chosen = chosen_backend("gemini", BackendOptions(model="m"))
        assert chosen == GeminiInference(model="m", api_key=key)
    with pytest.raises(ConfigurationError, match="api_key is missing"):
        chosen_backend("gemini", BackendOptions(model="m", url="http://127.0.0.1:9"))


def test_a_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("key-2\n")
    chosen = chosen_backend("openai", BackendOptions(url=URL, key_file=file))
    assert chosen == OpenAIInference(url=URL, api_key="key-2")
    file.write_text(" \n")
    with pytest.raises(ConfigurationError, match="is empty"):
        chosen_backend("openai", BackendOptions(url=URL, key_file=file))
    with pytest.raises(ConfigurationError, match=r"cannot be read .FileNotFoundError"):
        chosen_backend("openai", BackendOptions(url=URL, key_file=tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nobody", {}, "no backend is called 'nobody'; there is: local, openai, gemini, and mod"),
        ("openai", {}, "needs the address of its server.*OVERSHOOT_BACKEND_URL"),
        ("gemini", {}, "needs a model"),
        ("local", {"url": URL}, "'local' has no use for --backend-url"),
        ("openai", {"url": URL, "processes": True}, "no use for --backend-processes"),
        ("json:loads", {"key_file": Path("k")}, "no use for --backend-key-file"),
    ],
)
def test_what_is_missing_or_too_much_is_named(
    name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        chosen_backend(name, BackendOptions(**options))


def test_without_its_extra_the_gemini_backend_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith("overshoot.adapters.inference.ge")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google.genai", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'overshoot-sdk\[gemini\]'"):
        inference_backend(GeminiInference(model="m", api_key="key"))


def test_what_describes_no_backend_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="got int"):
        inference_backend(3)  # type: ignore[arg-type]
