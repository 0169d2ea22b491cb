"""``overshoot serve``: the embedded Media Gateway for other programs."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from overshoot import bootstrap

if TYPE_CHECKING:
    from overshoot.gateway import LocalGateway


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="OVERSHOOT_API_KEY", help="The key clients must send; by default a new one."
        ),
    ] = None,
    backend: Annotated[str, typer.Option(help="Who answers: local.")] = "local",
    lease_seconds: Annotated[
        int, typer.Option(min=5, max=3600, help="Streams end this long after their last renewal.")
    ] = 90,
    strict: Annotated[
        bool, typer.Option(help="Refuse what the OpenAPI document refuses, as real clients do not.")
    ] = False,
) -> None:
    """Answer the Media Gateway API v0.2 on this machine until interrupted.

    Example: overshoot serve --port 8080
    """
    from overshoot.gateway import GatewaySettings, LocalGateway

    settings = GatewaySettings(
        api_keys=(api_key,) if api_key else (),
        lease_ttl_seconds=lease_seconds,
        strict=strict,
    )

    async def run() -> None:
        answering = bootstrap.inference_backend(backend)
        await _until_interrupted(
            LocalGateway(settings=settings, backend=answering, host=host, port=port)
        )

    asyncio.run(run())


async def _until_interrupted(gateway: LocalGateway) -> None:
    console = Console(highlight=False, soft_wrap=True)
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    async with gateway:
        console.print(f"listening  {gateway.url}")
        console.print(f"api key    {gateway.api_key}")
        console.print("Ctrl-C stops it.", style="dim")
        await asked_to_stop.wait()
    console.print("stopped")
