from __future__ import annotations

from typing import Any

import pytest

from overshoot import CallableInference, ConfigurationError, GeminiInference, OpenAIInference

KEY = "sk-very-secret"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        (" https://host/ ", "https://host/v1"),
        ("http://host:1/openai/v1/", "http://host:1/openai/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_a_bare_host_gets_its_version(given: str, url: str) -> None:
    assert OpenAIInference(url=given).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:8000",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host:0",
        f"http://{KEY}@host/v1",
        f"http://host/v1?key={KEY}",
        f"http://host/v1#{KEY}",
        "http://ho\nst",
        "http://[::1",
        7,
    ],
)
def test_what_is_no_address_is_refused_unrepeated(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="url must be an address") as caught:
        OpenAIInference(url=url)
    assert KEY not in caught.value.message


@pytest.mark.parametrize("key", ["", f"{KEY} {KEY}", f"{KEY}\n", f"{KEY}é", 7])
def test_what_is_no_key_is_refused_unrepeated(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        GeminiInference(model="m", api_key=key)
    assert KEY not in caught.value.message


def test_keys_are_not_shown() -> None:
    shown = repr(
        [OpenAIInference(url="http://h", api_key=KEY), GeminiInference(model="m", api_key=KEY)]
    )
    assert KEY not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_frames": 0},
        {"image_side": 10},
        {"jpeg_quality": 101},
        {"timeout_seconds": 0},
        {"attempts": 0},
        {"concurrency": 0},
        {"max_answer_bytes": 1},
        {"max_output_tokens": 0},
        {"contact_sheet": 1},
        {"model": " "},
    ],
)
def test_values_have_their_ranges(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        OpenAIInference(url="http://host", **wrong)


def test_a_function_is_called_by_its_module_and_name() -> None:
    assert CallableInference(test_keys_are_not_shown).label.endswith(":test_keys_are_not_shown")
    assert CallableInference(print, name="mine:f").label == "mine:f"
    with pytest.raises(ConfigurationError, match="function must be callable"):
        CallableInference("mine:f")  # type: ignore[arg-type]
