"""What is in force: the order of the layers, and what is wrong in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.domain.configuration import (
    Configuration,
    Given,
    Layer,
    configuration,
    from_environment,
    from_flags,
)
from overshoot.domain.configuration_file import from_toml, template
from overshoot.domain.masking import masked_address
from overshoot.domain.settings import SETTINGS

HERE = Path("/somewhere")

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text("abc:/.-", min_size=1),
    "number": st.floats(0.2, 50.0),
    "whole": st.integers(1, 30),
    "path": st.text("abc", min_size=1).map(lambda name: HERE / name),
    "texts": st.lists(st.text("abc:", min_size=1), min_size=1, max_size=3).map(tuple),
}


def said(name: str, layer: Layer, value: Any) -> dict[str, Given]:
    """The layer in which ``value`` is said, as its source would read it."""
    setting = SETTINGS[name]
    match layer:
        case Layer.FLAG:
            return from_flags({name: list(value) if setting.many else value})
        case Layer.ENVIRONMENT:
            text = ",".join(value) if setting.many else str(value)
            return from_environment({setting.variable: text})
        case _:
            return from_toml(toml(name, value), layer.name, layer, HERE)


def toml(name: str, value: Any) -> str:
    setting = SETTINGS[name]
    if setting.many:
        text = "[" + ", ".join(f"'{each}'" for each in value) + "]"
    else:
        text = f"'{value}'" if isinstance(value, str | Path) else repr(value)
    head = f"[{setting.section}]\n" if setting.section else ""
    return f"{head}{name} = {text}\n"


def in_files(name: str) -> bool:
    return not SETTINGS[name].secret


@given(st.data(), st.sampled_from(sorted(SETTINGS)))
def test_the_nearest_of_those_who_speak_is_heard(data: st.DataObject, name: str) -> None:
    layers = [Layer.FLAG, Layer.ENVIRONMENT]
    if in_files(name):
        layers += [Layer.PROJECT_FILE, Layer.USER_FILE]
    speaking = data.draw(st.lists(st.sampled_from(layers), unique=True))
    kind = SETTINGS[name].kind
    values = {layer: data.draw(VALUES[kind], label=layer.name) for layer in speaking}
    order = data.draw(st.permutations(speaking))
    found = configuration([said(name, layer, values[layer]) for layer in order])
    value = getattr(found.settings, name)
    if not speaking:
        assert value in {None, ()}
        assert found.origin(name).layer is Layer.DEFAULT
        return
    nearest = min(speaking)
    assert found.origin(name).layer is nearest
    assert tuple(value) == values[nearest] if kind == "texts" else value == values[nearest]


@given(st.dictionaries(st.sampled_from(sorted(SETTINGS)), st.sampled_from(list(Layer)[:2])))
def test_each_setting_is_decided_by_itself(by: dict[str, Layer]) -> None:
    values: dict[str, Any] = {
        "text": "word", "number": 1.0, "whole": 2, "path": HERE, "texts": ("a",),
    }  # fmt: skip
    found = configuration(
        said(name, layer, values[SETTINGS[name].kind]) for name, layer in by.items()
    )
    assert {name: found.origin(name).layer for name in by} == by
    assert {name for name in SETTINGS if found.origin(name).layer is Layer.DEFAULT} == (
        set(SETTINGS) - set(by)
    )


def test_an_empty_variable_and_an_option_that_was_not_given_say_nothing() -> None:
    assert from_environment({"OVERSHOOT_MODEL": " "}) == {}
    assert from_flags({"model": None, "ice_servers": []}) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle = 'x'\n", "overshoot.toml line 1: modle is no setting; did you mean model?"),
        ("xyz = 1\n", "xyz is no setting; there are api_url,"),
        ("\n# a\n[sampling]\ntarget_fps = 99\n", "line 4: target_fps must be a whole number from"),
        ("[sampling]\ntarget_fps = 'many'\n", "target_fps must be a whole number, got 'many'"),
        ("target_fps = 12\n", "line 1: target_fps stands under [sampling]"),
        ("[sampling]\nmodel = 'x'\n", "line 2: model stands above all tables"),
        ("model = ''\n", "line 1: model must be a non-empty string, got ''"),
        ("model = true\n", "model must be a text, got True"),
        ("ice_servers = 'stun:a'\n", "ice_servers must be a list of texts"),
        ("[sampleing]\na = 1\n", "overshoot.toml line 1: sampleing is no setting; did you mean"),
        ("[sampling\n", "overshoot.toml is no TOML:"),
        ("api_key = 'sk-secret'\n", "line 1: api_key is a secret and stands in no such file"),
    ],
)
def test_a_wrong_line_of_a_file_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration([from_toml(text, "overshoot.toml", Layer.PROJECT_FILE, HERE)])
    assert words in caught.value.message
    assert "sk-secret" not in caught.value.message


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OVERSHOOT_TARGET_FPS": "x"}, "OVERSHOOT_TARGET_FPS must be a whole number, got 'x'"),
        ({"OVERSHOOT_DELAY_SECONDS": "61"}, "OVERSHOOT_DELAY_SECONDS must be a number from 0.0 to"),
        ({"OVERSHOOT_DELAY_SECONDS": "nan"}, "OVERSHOOT_DELAY_SECONDS must be a number"),
    ],
)
def test_a_wrong_variable_is_named(variables: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        configuration([from_environment(variables)])


def test_a_value_that_others_go_before_is_checked_all_the_same() -> None:
    with pytest.raises(ConfigurationError, match="OVERSHOOT_TARGET_FPS"):
        configuration(
            [from_flags({"target_fps": 3}), from_environment({"OVERSHOOT_TARGET_FPS": "31"})]
        )


def test_paths_of_a_file_are_relative_to_it() -> None:
    found = from_toml("api_key_file = 'keys/a'\n", "f", Layer.USER_FILE, HERE)
    assert found["api_key_file"].value == HERE / "keys" / "a"


def test_the_template_is_a_file_that_says_nothing_and_every_line_of_it_may_be_said() -> None:
    assert from_toml(template(), "f", Layer.USER_FILE, HERE) == {}
    named = [line for line in template().splitlines() if line.startswith("# ") and " = " in line]
    assert [line[2:].split(" = ")[0] for line in named] == [
        name for name in SETTINGS if in_files(name)
    ]
    uncommented = "\n".join(
        line[2:] if line in named else line for line in template().splitlines()
    ).replace("…", "x")
    assert set(from_toml(uncommented, "f", Layer.USER_FILE, HERE)) == set(
        filter(in_files, SETTINGS)
    )


def shown(**values: Any) -> Configuration:
    return configuration([from_flags(values)])


def test_what_is_shown_holds_no_secret() -> None:
    found = shown(
        api_key="sk-secret",
        store="postgresql://me:pa@ss@host/db?password=hush",
        source="rtsp://u:p@h",
    )
    told = [found.shown(name) or "" for name in SETTINGS]
    assert found.shown("store") == "postgresql://***@host/db?password=***"
    assert found.shown("api_key") == "***"
    assert not [
        each for each in told if any(word in each for word in ("sk-", "ss@", "hush", "u:p"))
    ]
    assert "sk-secret" not in repr(found.settings)


@given(st.text("ab:/@?=&", max_size=12), st.text("ab:@", min_size=1, max_size=6))
def test_no_password_is_left_of_an_address(rest: str, password: str) -> None:
    masked = masked_address(f"rtsp://user:{password}~@host/{rest}")
    assert "~" not in masked
    assert "user" not in masked
    assert masked_address("sqlite:///a.db") == "sqlite:///a.db"
