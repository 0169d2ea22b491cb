"""STUN and TURN servers of all kinds of health, over UDP on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket

import pytest

from overshoot import IceServer
from overshoot.adapters.checkups import ice
from overshoot.adapters.checkups.ice import IceCheck
from overshoot.domain.checkup import Finding
from support.stun_server import stun_server
from support.turn_server import TurnServer

QUICK = (0.05, 0.1, 0.2)
SECRET = "shared"
NOW = 1000.0


async def found(*servers: IceServer) -> list[Finding]:
    return [finding async for finding in IceCheck(servers, QUICK).findings()]


def unheard() -> str:
    """A port at which nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def password(username: str) -> str:
    digest = hmac.digest(SECRET.encode(), username.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


async def test_a_stun_server_tells_what_it_sees() -> None:
    async with stun_server() as server:
        (finding,) = await found(IceServer(server.url))
    assert finding.outcome == "ok"
    assert finding.facts["address"] == "127.0.0.1"
    assert "behind" not in finding.told


async def test_a_router_in_between_is_told() -> None:
    async with stun_server(seen_as=("203.0.113.7", 4242)) as server:
        (finding,) = await found(IceServer(server.url))
    assert "203.0.113.7, behind a router" in finding.told


async def test_a_datagram_that_is_lost_is_sent_again() -> None:
    async with stun_server(silent_for=2) as server:
        (finding,) = await found(IceServer(server.url))
        assert server.asked == 3
    assert finding.outcome == "ok"


async def test_silence_is_told_with_what_to_look_at() -> None:
    async with stun_server(silent_for=99) as server:
        (finding,) = await found(IceServer(server.url))
        assert server.asked == len(QUICK)
    assert finding.outcome == "failed"
    assert "gave no answer" in finding.told
    assert "firewalls" in finding.remedy


async def test_a_port_at_which_nobody_listens_is_told_at_once() -> None:
    (finding,) = await found(IceServer(f"stun:{unheard()}"))
    assert (finding.outcome, finding.told.split(" (")[0]) == ("failed", "nothing listens there")


@pytest.mark.parametrize(
    ("url", "hop", "words"),
    [
        ("stun:no-such-host.invalid", "stun no-such-host.invalid:3478 name", "there is no host"),
        ("stun:a:b:c", "stun", "is no address of one"),
        ("http://host", "http", "is no address of one"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told(url: str, hop: str, words: str) -> None:
    (finding,) = await found(IceServer(url))
    assert (finding.outcome, finding.hop) == ("failed", hop)
    assert words in finding.told


async def test_a_turn_server_relays_for_who_has_a_password() -> None:
    server = TurnServer(SECRET, NOW)
    url = await server.start()
    good, late, wrong = "2000:me", "500:me", "3000:me"
    try:
        findings = await found(
            IceServer(url, good, password(good)),
            IceServer(url, late, password(late)),
            IceServer(url, wrong, "guessed"),
            IceServer(url),
        )
    finally:
        await server.stop()
    assert [finding.outcome for finding in findings] == ["ok", "failed", "failed", "failed"]
    assert "relays for us from 127.0.0.1" in findings[0].told
    assert "refuses user or password" in findings[1].told
    assert "refuses user or password" in findings[2].told
    assert "--turn-username" in findings[3].remedy
    assert not any("guessed" in str(finding) for finding in findings)


async def test_a_turn_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "TURN_SECONDS", 0.3)
    async with stun_server(silent_for=99) as silent:
        port = silent.url.rpartition(":")[2]
        findings = await found(
            IceServer(f"turn:127.0.0.1:{port}", "me", "password"),
            IceServer(f"turn:{unheard()}?transport=tcp", "me", "password"),
        )
    assert [finding.outcome for finding in findings] == ["failed", "failed"]
    assert "gave no answer" in findings[0].told
    assert "cannot be reached" in findings[1].told


async def test_without_servers_there_is_nothing_to_check() -> None:
    (finding,) = await found()
    assert finding.outcome == "skipped"
