from __future__ import annotations

from pathlib import Path

import pytest

from overshoot.domain.stream import IceServer
from overshoot.domain.turn import TurnSecret
from overshoot.errors import ConfigurationError
from overshoot.gateway import GatewaySettings
from overshoot.gateway.settings_file import read_settings

WHOLE = """
public_address = "203.0.113.7"
udp_ports = [50000, 50099]
allowed_origins = ["https://app.example.org"]
streams_per_key = 3
credit_cents = 500
store = "sqlite:///actions.db"
console = false
[tracking]
max_gap_seconds = 3
[tracking.overrides.wave]
votes = 2
[evidence]
folder = "clips"
max_bytes = 2000000
[limits]
tokens_per_second = 256
[motion]
enabled = true
[[ice_servers]]
urls = "stun:stun.example.org:3478"
[turn]
urls = ["turn:turn.example.org:3478"]
secret = "north"
"""


def read(folder: Path, text: str) -> GatewaySettings:
    path = folder / "gateway.toml"
    path.write_text(text)
    return GatewaySettings(**read_settings(path))


def test_every_part_of_it(tmp_path: Path) -> None:
    settings = read(tmp_path, WHOLE)
    assert settings.udp_ports == (50_000, 50_099)
    assert settings.allowed_origins == ("https://app.example.org",)
    assert (settings.streams_per_key, settings.credit_cents) == (3, 500)
    assert settings.limits.tokens_per_second == 256
    assert settings.limits.effective_fps == 30
    assert settings.motion.enabled
    assert settings.ice_servers == (IceServer("stun:stun.example.org:3478"),)
    assert settings.turn == TurnSecret("turn:turn.example.org:3478", "north")
    assert settings.public_address == "203.0.113.7"
    assert (settings.store, settings.console) == ("sqlite:///actions.db", False)
    assert (settings.tracking.max_gap_seconds, settings.tracking.of("wave").votes) == (3, 2)
    assert settings.evidence.within(Path("x")).max_bytes == 2_000_000
    assert settings.evidence.folder == Path("clips")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("strict = ", "no TOML"),
        ("stict = true", "'stict' is no setting"),
        ("turn = 'turn:x'", "'turn' must be a table"),
        ("[turn]\nurls = ['turn:x']", "takes urls, secret, ttl_seconds"),
        ("[limits]\nfps = 3", "takes prompt_bytes"),
        ("streams = 0", "streams must be a whole number"),
        ("[[ice_servers]]\nurls = 'http://x'", "ice_servers must be"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word.replace("[", r"\[")):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_settings(tmp_path / "none.toml")
