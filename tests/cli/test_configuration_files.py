"""`overshoot config`: what is in force in this folder, and who said so."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.cli.configuration_files import user_file
from support.command_line import here


def config(*arguments: str) -> dict[str, tuple[Any, str]]:
    done = here("config", *arguments, "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["settings"]
    return {row["name"]: (row["value"], row["place"]) for row in rows}


@pytest.fixture
def user() -> Path:
    path = user_file()
    path.parent.mkdir(parents=True)
    return path


def test_each_layer_goes_before_the_next(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config()["model"] == (None, "default")
    user.write_text('model = "of the user"\nstore = "sqlite:///u.db"\n')
    assert config()["model"] == ("of the user", f"{user} line 1")
    Path("overshoot.toml").write_text('# ours\nmodel = "of the project"\n')
    assert config()["model"] == ("of the project", "overshoot.toml line 2")
    monkeypatch.setenv("OVERSHOOT_MODEL", "of the environment")
    assert config()["model"] == ("of the environment", "OVERSHOOT_MODEL")
    assert config("--model", "of the flag")["model"] == ("of the flag", "--model")
    assert config()["store"] == ("sqlite:///u.db", f"{user} line 2"), "by itself"


def test_a_table_for_people_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERSHOOT_API_KEY", "ovs_never_shown")
    monkeypatch.setenv("OVERSHOOT_SOURCE", "rtsp://me:hush@camera/1")
    done = here("config")
    assert "ovs_never" not in done.output
    assert "hush" not in done.output
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert rows["api_key"] == ["api_key", "***", "OVERSHOOT_API_KEY"]
    assert rows["source"] == ["source", "rtsp://***@camera/1", "OVERSHOOT_SOURCE"]
    assert "overshoot.toml: not there" in done.stderr


def test_a_file_that_is_named_is_read_in_place_of_the_folders_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("overshoot.toml").write_text('model = "here"\n')
    named = tmp_path / "other.toml"
    monkeypatch.setenv("OVERSHOOT_CONFIG", str(named))
    done = here("config")
    assert isinstance(done.exception, ConfigurationError)
    assert "no such file" in done.exception.message
    named.write_text('model = "there"\napi_key_file = "key"\n')
    assert config()["model"] == ("there", f"{named} line 1")
    assert config()["api_key_file"][0] == str(tmp_path / "key")


@pytest.mark.skipif(os.name != "posix", reason="files have owners on POSIX")
def test_a_strangers_file_in_a_shared_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("overshoot.toml").write_text('api_url = "http://evil.example"\n')
    owner = Path("overshoot.toml").stat().st_uid
    if owner == 0:
        owner = 4242
        os.chown("overshoot.toml", owner, -1)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert "belongs to another user" in str(here("config").exception)
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert config()["api_url"][0] == "http://evil.example"


def test_a_file_that_cannot_be_read_is_said() -> None:
    Path("overshoot.toml").write_bytes(b"model = '\xff'")
    done = here("config")
    assert "overshoot.toml is not read" in str(done.exception)


def test_the_example_is_a_file_to_begin_with() -> None:
    Path("overshoot.toml").write_text(here("config", "--example").stdout)
    assert config()["model"] == (None, "default")
    text = Path("overshoot.toml").read_text()
    Path("overshoot.toml").write_text(text.replace('# model = "…"', 'model = "mine"'))
    assert config()["model"][0] == "mine"
