"""``overshoot demo``: the main job, with no key, camera, GPU or network."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from overshoot.cli.exit_codes import leave_after
from overshoot.cli.schema_argument import SchemaOption, read_schema
from overshoot.cli.shared_options import GATEWAY, Run, shared
from overshoot.cli.source_argument import SOURCE_HELP, Named, describe_source, one_source
from overshoot.cli.watch_view import Head, view_for
from overshoot.cli.watching import DEFAULT_PROMPT, SAMPLING, Summary, watch_stream
from overshoot.cli.who_answers import Gateway, gateway_in_force
from overshoot.domain.source import SyntheticSource

if TYPE_CHECKING:
    from overshoot.domain.inference import JsonSchema

DEFAULT_SECONDS = 20.0


@shared(GATEWAY)
def demo(
    run: Run,
    source: Annotated[str, typer.Option(help=SOURCE_HELP)] = "synthetic",
    prompt: Annotated[str, typer.Option(help="What to ask about the video.")] = DEFAULT_PROMPT,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            help="Stop after this long. By default 20 for what has no end, else at its end.",
        ),
    ] = None,
    schema: SchemaOption = None,
) -> None:
    """Stream a source over real WebRTC to a gateway in this process and show what it answers.

    Examples:

    overshoot demo

    overshoot demo --source holiday.mp4 --prompt "Is a hand waving?"

    --json prints what overshoot watch --json does.
    """
    named = one_source(source, run.settings, seconds=seconds or DEFAULT_SECONDS)
    limit = DEFAULT_SECONDS if seconds is None and named.endless else seconds
    summary = asyncio.run(_demo(run, named, prompt, read_schema(schema), limit))
    leave_after(run.stopping, answered=summary.answered > 0, only_end=False)


async def _demo(
    run: Run, named: Named, prompt: str, schema: JsonSchema | None, seconds: float | None
) -> Summary:
    from overshoot.client.realtime_vision import RealtimeVisionConfig

    source = named.source
    shown = source.duration_seconds if isinstance(source, SyntheticSource) else seconds
    view = view_for(run.output, Head("demo", describe_source(source), prompt, shown))
    async with AsyncExitStack() as stack:
        with run.stopping.listening():
            gateway = gateway_in_force(run.configuration) or await _own_gateway(stack)
            config = RealtimeVisionConfig(
                api_url=gateway.url,
                api_key=gateway.key,
                source=source,
                prompt=prompt,
                output_schema=schema,
                processing=SAMPLING,
            )
            limit = named.limit(seconds)
            return await watch_stream(config, view, run.stopping, seconds=limit, place=gateway.url)


async def _own_gateway(stack: AsyncExitStack) -> Gateway:
    from overshoot.gateway import LocalGateway

    local = await stack.enter_async_context(LocalGateway())
    return Gateway(local.url, local.api_key)
