"""``overshoot demo``: the main job, with no key, camera, GPU or network."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from overshoot.cli.demo_view import JsonView, LiveView, PlainView, View
from overshoot.cli.gateway_options import ApiKey, ApiUrl, gateway_named
from overshoot.cli.source_argument import SOURCE_HELP, describe_source, parse_source
from overshoot.demos.main_job import DEFAULT_PROMPT, Gateway, Job, run
from overshoot.domain.source import CameraSource, SyntheticSource, UrlSource
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.demos.main_job import Summary
    from overshoot.domain.inference import JsonSchema

DEFAULT_SECONDS = 20.0


def demo(
    source: Annotated[str, typer.Option(help=SOURCE_HELP)] = "scene",
    prompt: Annotated[str, typer.Option(help="What to ask about the video.")] = DEFAULT_PROMPT,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            help="Stop after this long. By default 20 for what has no end, else at its end.",
        ),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="A file with the JSON schema that answers must satisfy.")
    ] = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")
    ] = False,
) -> None:
    """Stream a source over real WebRTC to a gateway in this process and show what it answers.

    Example: overshoot demo --source holiday.mp4 --prompt "Is a hand waving?"
    """
    named = gateway_named(api_url, api_key)
    spec = parse_source(source, seconds=DEFAULT_SECONDS if seconds is None else seconds)
    endless = isinstance(spec, CameraSource | UrlSource)
    limit = DEFAULT_SECONDS if seconds is None and endless else seconds
    job = Job(
        source=spec,
        prompt=prompt,
        # A scene that ends by itself shows the end of a video, too.
        seconds=None if isinstance(spec, SyntheticSource) else limit,
        output_schema=_schema(schema),
        gateway=None if named is None else Gateway(*named),
    )
    view: View
    if as_json:
        view = JsonView()
    else:
        shown = limit if limit is not None else getattr(spec, "duration_seconds", None)
        view = (LiveView if LiveView.possible() else PlainView)(
            describe_source(spec), prompt, shown
        )
    summary = asyncio.run(_watch(job, view))
    if summary.answered == 0:
        raise typer.Exit(1)


async def _watch(job: Job, view: View) -> Summary:
    with view:
        summary = await run(job, on_started=view.started, on_result=view.result)
    view.summary(summary)
    return summary


def _schema(path: Path | None) -> JsonSchema | None:
    if path is None:
        return None
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        message = f"--schema {path} cannot be read as JSON: {cause}"
        raise ConfigurationError(message, details={"field": "schema"}) from cause
    if not isinstance(value, dict):
        message = f"--schema {path} must hold a JSON object"
        raise ConfigurationError(message, details={"field": "schema"})
    return cast("JsonSchema", value)
