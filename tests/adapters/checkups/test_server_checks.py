"""A gateway and a model server that are well, and that break at each hop."""

from __future__ import annotations

import socket
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from overshoot import OpenAIInference
from overshoot.adapters.checkups import http_hops
from overshoot.adapters.checkups.gateway import GatewayCheck
from overshoot.adapters.checkups.model_server import ModelServerCheck
from overshoot.adapters.clocks import SystemClock
from overshoot.domain.checkup import Finding
from overshoot.gateway import LocalGateway
from overshoot.ports.checkup import Check
from overshoot.testing.scripted_inference import ScriptedInference
from support.model_server import cut_at_once, model_server, says_no, silence
from support.scripted_server import Handler, scripted_server

KEY = "ovs_never_shown"


async def found(check: Check) -> list[Finding]:
    return [finding async for finding in check.findings()]


def gateway(url: str, key: str = KEY) -> GatewayCheck:
    return GatewayCheck(url, key, SystemClock())


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_a_gateway_of_ours_is_well() -> None:
    async with LocalGateway(backend=ScriptedInference()) as local:
        findings = await found(gateway(local.url, local.api_key))
        refused = await found(gateway(local.url, "another"))
    assert [(each.hop, each.outcome) for each in findings] == [
        ("gateway health", "ok"), ("gateway clock", "ok"), ("gateway key", "ok"),
        ("gateway result socket", "ok"),
    ]  # fmt: skip
    assert (refused[-1].hop, refused[-1].outcome) == ("gateway key", "failed")
    assert "another" not in str(refused)


def answers(**by_path: Handler) -> Handler:
    """What answers each last part of a path; others are well."""

    async def handler(request: web.Request) -> web.StreamResponse:
        name = request.path.rsplit("/", 1)[-1]
        return await by_path[name](request) if name in by_path else web.json_response([])

    return handler


def says(status: int, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    return handler


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


LATE = {"Date": formatdate(1e9, usegmt=True)}


@pytest.mark.parametrize(
    ("handlers", "hop", "outcome", "words"),
    [
        ({"healthz": says(404)}, "gateway health", "failed", "there is no gateway at"),
        ({"healthz": says(503)}, "gateway health", "failed", "says that it is not well (503)"),
        (
            {"healthz": says(302, Location="http://127.0.0.1:9/")},
            "gateway health", "failed", "sends us elsewhere",
        ),
        ({"healthz": cut}, "gateway answer", "failed", "cut the connection"),
        ({"healthz": says(200, **LATE)}, "gateway clock", "failed", "behind this one"),
        ({"models": says(401)}, "gateway key", "failed", "refuses the key (401)"),
        ({"models": says(404)}, "gateway key", "warning", "/models answered 404"),
        ({}, "gateway result socket", "warning", "refused with status 200"),
    ],
)  # fmt: skip
async def test_a_gateway_is_told_where_it_breaks(
    handlers: dict[str, Handler], hop: str, outcome: str, words: str
) -> None:
    async with scripted_server() as server:
        server.answer = answers(**handlers)
        findings = await found(gateway(server.url))
    wrong = [each for each in findings if each.outcome != "ok"]
    assert (wrong[0].hop, wrong[0].outcome) == (hop, outcome)
    assert words in wrong[0].told
    assert wrong[0].remedy
    assert KEY not in str(findings)


async def test_the_key_goes_to_no_health_page_and_no_other_place() -> None:
    async with scripted_server() as server:
        server.answer = answers()
        await found(gateway(server.url))
        told = [each.line for each in server.seen if KEY in str(each.headers)]
    assert told == ["GET /api/v0.2/models"]


@pytest.mark.parametrize(
    ("url", "hop"),
    [
        ("http://127.0.0.1:{port}/x", "gateway port"),
        ("http://no-such-host.invalid/x", "gateway name"),
        ("https://127.0.0.1:{plain}/x", "gateway TLS"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told(url: str, hop: str) -> None:
    async with scripted_server() as server:
        plain = server.url.split(":")[2].split("/")[0]
        findings = await found(gateway(url.format(port=closed_port(), plain=plain)))
    assert [(each.hop, each.outcome) for each in findings] == [(hop, "failed")]


async def test_a_gateway_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_hops, "SECONDS", 0.2)
    async with scripted_server() as server:
        server.answer = server.silence()
        (finding,) = await found(gateway(server.url))
    assert (finding.hop, finding.outcome) == ("gateway port", "failed")
    assert "no answer in 0.2 s" in finding.told


def models_of(url: str, **settings: Any) -> ModelServerCheck:
    return ModelServerCheck(OpenAIInference(url=url, **settings), None)


async def test_a_model_server_is_well() -> None:
    async with model_server("vllm") as server:
        findings = await found(models_of(server.url, model="qwen3-vl-8b", api_key=KEY))
        only = await found(models_of(server.url))
    assert [each.outcome for each in findings] == ["ok", "ok"]
    assert "which will answer" in only[-1].told
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in server.asked[1].headers


@pytest.mark.parametrize(
    ("fault", "hop", "words"),
    [
        (says_no(401), "model server key", "the server refuses the key (401)"),
        (says_no(404), "model server address", "answered 404"),
        (cut_at_once, "model server answer", "cut the connection"),
        (silence, "model server port", "no answer in"),
    ],
)
async def test_a_model_server_is_told_where_it_breaks(
    fault: Any, hop: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_hops, "SECONDS", 0.3)
    async with model_server("vllm") as server:
        server.faults.append(fault)
        if fault is cut_at_once:
            server.faults.append(fault)  # An unused connection that is cut is tried once more.
        findings = await found(models_of(server.url, model="m", api_key=KEY))
    assert (findings[-1].hop, findings[-1].outcome) == (hop, "failed")
    assert words in findings[-1].told
    assert KEY not in str(findings)


async def test_a_model_that_is_not_there_is_told_with_those_that_are() -> None:
    async with model_server("ollama") as server:
        server.models = ["a", "b"]
        named = await found(models_of(server.url, model="c"))
        unnamed = await found(models_of(server.url))
        server.models = []
        none = await found(models_of(server.url))
    assert named[-1].told == "it lists no 'c'"
    assert named[-1].remedy.endswith("a, b")
    assert unnamed[-1].told == "no model is named"
    assert none[-1].outcome == "warning"
