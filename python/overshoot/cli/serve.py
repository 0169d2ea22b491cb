"""``overshoot serve``: the embedded Media Gateway for other programs."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from attrs import evolve
from rich.console import Console

from overshoot import bootstrap
from overshoot.cli.output import Output

if TYPE_CHECKING:
    from overshoot.gateway import LocalGateway
    from overshoot.ports.tracing import Tracing


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="OVERSHOOT_API_KEY", help="The key clients must send; by default a new one."
        ),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(
            help="Who answers: local, openai, gemini, or a function or class of your own as"
            " module:name."
        ),
    ] = "local",
    backend_url: Annotated[
        str | None,
        typer.Option(
            help="Server of the openai backend, such as http://127.0.0.1:8000/v1; else"
            " OVERSHOOT_BACKEND_URL."
        ),
    ] = None,
    backend_model: Annotated[
        str | None,
        typer.Option(help="Model of the openai or gemini backend; else OVERSHOOT_BACKEND_MODEL."),
    ] = None,
    backend_key_file: Annotated[
        Path | None,
        typer.Option(help="File with the key for that server; else OVERSHOOT_BACKEND_KEY."),
    ] = None,
    backend_workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Calls of your function side by side.")
    ] = None,
    backend_processes: Annotated[
        bool, typer.Option("--backend-processes", help="Call it in processes, not in threads.")
    ] = False,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Requests that the backend has at the same time, of all streams; by default as"
            " many as it works on.",
        ),
    ] = None,
    motion_gate: Annotated[
        bool,
        typer.Option("--motion-gate", help="Ask nothing about still scenes: repeat the answer."),
    ] = False,
    lease_seconds: Annotated[
        int | None,
        typer.Option(
            min=5, max=3600, help="Streams end this long after their last renewal; 90 by default."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option(help="Refuse what the OpenAPI document refuses, as real clients do not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with any of the gateway's settings: limits, origins, ICE and TURN"
            " servers. What is given here goes before it."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Host name that requests may be addressed to; may be repeated."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin of web pages that may call, or *; may be repeated."),
    ] = None,
    public_address: Annotated[
        str | None,
        typer.Option(help="IP address to receive video on, as seen from outside a router."),
    ] = None,
    udp_ports: Annotated[
        tuple[int, int] | None, typer.Option(help="First and last UDP port to receive video on.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Where actions are kept: sqlite:///actions.db or postgresql://user@host/database;"
            " by default the newest in memory."
        ),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the clips of actions; by default one of its own, which ends with it."
        ),
    ] = None,
    metrics: Annotated[
        Literal["off", "key", "open"] | None,
        typer.Option(help="Who may read /metrics: whoever has the key, as by default, or anybody."),
    ] = None,
    log_format: Annotated[
        Literal["console", "json"] | None,
        typer.Option(help="Print a log to stderr, for people or as JSON lines."),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option(help="From which level on, where a log is printed."),
    ] = "info",
    otel: Annotated[
        bool,
        typer.Option(
            "--otel", help="Send traces over OTLP/HTTP, to where OTEL_EXPORTER_OTLP_ENDPOINT says."
        ),
    ] = False,
    page: Annotated[
        bool | None,
        typer.Option("--console/--no-console", help="Serve the page for people at /."),
    ] = None,
) -> None:
    """Answer the Media Gateway API v0.2 on this machine until interrupted.

    Examples:

    overshoot serve --port 8080

    overshoot serve --backend openai --backend-url http://127.0.0.1:8000/v1

    overshoot serve --backend detectors:Counter --backend-workers 2

    overshoot serve --port 0 --json

    overshoot serve --host 0.0.0.0 --allow-host media.example.org
    --public-address 203.0.113.7 --udp-ports 50000 50099

    overshoot serve --store sqlite:///actions.db --evidence clips

    --json prints one object once it listens: type "listening", url, api_key, console.
    """
    from overshoot.domain.backends import BackendOptions
    from overshoot.domain.evidence_settings import EvidenceSettings
    from overshoot.domain.motion import MotionSettings
    from overshoot.gateway import GatewaySettings, LocalGateway
    from overshoot.gateway.settings_file import read_settings

    given = {
        "api_keys": (api_key,) if api_key else None,
        "lease_ttl_seconds": lease_seconds,
        "strict": strict or None,
        "concurrency": concurrency,
        "motion": MotionSettings(enabled=True) if motion_gate else None,
        "allowed_hosts": allow_host,
        "allowed_origins": allow_origin,
        "public_address": public_address,
        "udp_ports": udp_ports,
        "store": store,
        "console": page,
        "metrics": metrics,
    }
    values: dict[str, Any] = {} if config is None else read_settings(config)
    values |= {name: value for name, value in given.items() if value is not None}
    if evidence is not None:
        asked = values.get("evidence", EvidenceSettings())
        values["evidence"] = evolve(asked, folder=evidence, enabled=True)
    settings = GatewaySettings(**values)

    if ":" in backend:
        # As `python -m` does: a function of the user's is mostly in the folder they stand in.
        sys.path.insert(0, str(Path.cwd()))
    options = BackendOptions(
        url=backend_url,
        model=backend_model,
        key_file=backend_key_file,
        workers=backend_workers,
        processes=backend_processes,
    )
    chosen = bootstrap.chosen_backend(backend, options)

    async def run(tracing: Tracing | None) -> None:
        gateway = LocalGateway(
            settings=settings, backend=chosen, host=host, port=port, tracing=tracing
        )
        await _until_interrupted(gateway, as_json)

    if log_format is not None:
        bootstrap.write_log(log_format, log_level)
    with bootstrap.otel_exporting() if otel else nullcontext() as tracing:
        asyncio.run(run(tracing))


async def _until_interrupted(gateway: LocalGateway, as_json: bool) -> None:
    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    async with gateway:
        if as_json:
            where = {"url": gateway.url, "api_key": gateway.api_key}
            Output().json({"type": "listening", **where, "console": gateway.console_url})
        console.print(f"listening  {gateway.url}")
        console.print(f"api key    {gateway.api_key}")
        if gateway.console_url is not None:
            console.print(f"console    {gateway.console_url}")
        console.print("Ctrl-C stops it.", style="dim")
        await asked_to_stop.wait()
    console.print("stopped")
