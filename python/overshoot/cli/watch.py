"""``overshoot watch``: a source and a question, and the answers as they come."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from overshoot.cli.exit_codes import leave_after
from overshoot.cli.schema_argument import SchemaOption, read_schema
from overshoot.cli.shared_options import ANSWERS, SAMPLING, Run, shared
from overshoot.cli.source_argument import Named, SourceArgument, describe_source, one_source
from overshoot.cli.watch_view import Head, view_for
from overshoot.cli.watching import DEFAULT_PROMPT, Summary, watch_stream
from overshoot.cli.watching import SAMPLING as USUAL_SAMPLING
from overshoot.cli.who_answers import sampling_in_force, who_answers


@shared(ANSWERS, SAMPLING)
def watch(
    run: Run,
    source: SourceArgument = None,
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="What to ask about the video.")
    ] = DEFAULT_PROMPT,
    schema: SchemaOption = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after this long.")] = None,
) -> None:
    """Ask about a live source, and show each answer as it comes.

    In this process by default, with no key, GPU or network; --api-url asks a gateway over WebRTC.
    A file is played at its own pace (overshoot analyze is faster). Without --seconds a camera is
    watched until Ctrl-C.

    Examples:

    overshoot watch 0 --prompt "Is a hand waving?"

    overshoot watch rtsp://camera.local/stream -p "Is the door open?" --interval-seconds 2

    overshoot watch holiday.mp4 --schema '{"type": "object", "properties": {"people":
    {"type": "integer"}}}' --json

    --json prints one object a line: type "started" (stream_id, gateway); "inference", or "error"
    where ok is false (result, parsed, timestamp in seconds of video, detected, total_latency_ms,
    unsupported …); and "summary" (answered, failed, detected, errors, end_reason). Each has
    elapsed_seconds.
    """
    named = one_source(source, run.settings, seconds=seconds)
    only_end = named.endless and seconds is None
    summary = asyncio.run(_watch(run, named, prompt, schema, seconds))
    leave_after(run.stopping, answered=summary.answered > 0, only_end=only_end)


async def _watch(
    run: Run, named: Named, prompt: str, schema: str | None, seconds: float | None
) -> Summary:
    from overshoot.client.realtime_vision import RealtimeVisionConfig

    answering = who_answers(run.configuration)
    config = RealtimeVisionConfig(
        source=named.source,
        prompt=prompt,
        output_schema=read_schema(schema),
        processing=sampling_in_force(run.configuration, USUAL_SAMPLING),
        max_output_tokens=run.settings.max_output_tokens,
        **answering.options(),
    )
    head = Head("watch", describe_source(named.source), prompt, seconds)
    view = view_for(run.output, head)
    with run.stopping.listening():
        return await watch_stream(
            config, view, run.stopping, seconds=named.limit(seconds), place=answering.place
        )
