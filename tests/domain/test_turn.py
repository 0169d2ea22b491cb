from __future__ import annotations

import pytest

from overshoot.domain.turn import TurnSecret
from overshoot.errors import ConfigurationError


def test_a_credential_is_what_coturn_expects() -> None:
    turn = TurnSecret(("turn:a:3478", "turns:a:443?transport=tcp"), "north", ttl_seconds=3600)
    first, second = turn.servers("stream", 1_700_000_000.9)
    assert first.username == second.username == "1700003600:stream"
    # printf 1700003600:stream | openssl dgst -binary -sha1 -hmac north | openssl base64
    assert first.credential == second.credential == "sFh/uZCP4bdj/ir+5pAhUxK8Tf4="
    assert (first.urls, second.urls) == turn.urls


def test_the_secret_is_not_shown() -> None:
    turn = TurnSecret("turn:a:3478", "north")
    assert "north" not in repr(turn) + repr(turn.servers("x", 0))


def test_a_secret_that_is_none() -> None:
    with pytest.raises(ConfigurationError):
        TurnSecret("turn:a:3478", "")
    with pytest.raises(ConfigurationError):
        TurnSecret("turn:a:3478", "x", ttl_seconds=0)
