"""``overshoot replay``: two prompts over the same kept clips, and where they differ."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import evolve

from overshoot.cli.gateway_options import ApiKey, ApiUrl, gateway_named
from overshoot.cli.replay_view import JsonReplayView, ReplayView, TableReplayView
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.client.reinference import ReplayOptions
    from overshoot.domain.reinference import ReplayComparison

MOST_PROMPTS = 2
EXIT_DIFFERENT = 1


def replay(
    folder: Annotated[Path, typer.Argument(help="The folder with the kept clips.")],
    prompt: Annotated[
        list[str],
        typer.Option(
            help="What to ask; {actions} stands for the names. Give it twice to compare two"
            " prompts, once to compare it with the one that each clip was kept with. @FILE reads"
            " it from a file."
        ),
    ],
    action: Annotated[
        list[str] | None, typer.Option(help="Only clips of this action; may be repeated.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Ask this model in place of the one that was asked.")
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="What counts as detected; by default what did then."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How far apart two confidences may be.")
    ] = 0.1,
    fail_on_difference: Annotated[
        bool, typer.Option("--fail-on-difference", help="Exit with 1 where the prompts differ.")
    ] = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Ask two prompts about the clips that a detector has kept, and show where they differ.

    Example: overshoot replay evidence --prompt "Is a hand waving?" --prompt @new.txt
    """
    from overshoot.client.reinference import ReplayOptions

    prompts = [_prompt(each) for each in prompt]
    if len(prompts) > MOST_PROMPTS:
        raise _wrong("--prompt", f"give it once or twice, not {len(prompts)} times")
    url, key = gateway_named(api_url, api_key) or (None, None)
    options = ReplayOptions(
        api_url=url,
        api_key=key,
        model=model,
        actions=action,
        min_confidence=min_confidence,
        tolerance=tolerance,
    )
    view: ReplayView = JsonReplayView() if as_json else TableReplayView()
    first = prompts[0] if len(prompts) == MOST_PROMPTS else None
    comparison = asyncio.run(_replay(folder, first, prompts[-1], options, view))
    view.comparison(comparison)
    if fail_on_difference and comparison.differences:
        raise typer.Exit(EXIT_DIFFERENT)


async def _replay(
    folder: Path, first: str | None, second: str, options: ReplayOptions, view: ReplayView
) -> ReplayComparison:
    from overshoot import bootstrap
    from overshoot.client.evidence_folder import EvidenceFolder
    from overshoot.client.reinference import replay as compare

    async with AsyncExitStack() as stack:
        if options.api_url is None:
            backend = bootstrap.inference_backend("local")
            stack.push_async_callback(backend.close)
            options = evolve(options, inference=backend)
        return await compare(EvidenceFolder(folder), first, second, options, view.clip)


def _prompt(given: str) -> str:
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as cause:
        raise _wrong("--prompt", f"{path} cannot be read: {cause}") from cause
    if not text:
        raise _wrong("--prompt", f"{path} is empty")
    return text


def _wrong(option: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{option}: {what}", details={"field": option})
