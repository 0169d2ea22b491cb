"""``overshoot replay``: two prompts over the same kept clips, and where they differ."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import evolve

from overshoot.cli.exit_codes import leave_if_cut_short
from overshoot.cli.replay_view import JsonReplayView, ReplayView, TableReplayView
from overshoot.cli.shared_options import BACKEND, GATEWAY, MODEL, Run, shared
from overshoot.cli.who_answers import WhoAnswers, who_answers
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.client.reinference import ReplayOptions
    from overshoot.domain.reinference import ReplayComparison

MOST_PROMPTS = 2
EXIT_DIFFERENT = 1


@shared(GATEWAY, BACKEND, MODEL)
def replay(
    run: Run,
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
) -> None:
    """Ask two prompts about the clips that a detector has kept, and show where they differ.

    --model asks another model than the one that was asked then.

    Examples:

    overshoot replay evidence --prompt "Is a hand waving?" --prompt @new.txt

    overshoot replay evidence --prompt @new.txt --fail-on-difference --json

    --json prints one object: clips, compared, agreements, tolerance, and differences, a list with
    clip, action, kind, and what the first and the second prompt found.
    """
    from overshoot.client.reinference import ReplayOptions

    prompts = [_prompt(each) for each in prompt]
    if len(prompts) > MOST_PROMPTS:
        raise _wrong("--prompt", f"give it once or twice, not {len(prompts)} times")
    answering = who_answers(run.configuration)
    gateway = answering.gateway
    options = ReplayOptions(
        api_url=None if gateway is None else gateway.url,
        api_key=None if gateway is None else gateway.key,
        model=run.settings.model,
        actions=action,
        min_confidence=min_confidence,
        tolerance=tolerance,
    )
    view: ReplayView = (JsonReplayView if run.output.as_json else TableReplayView)(run.output)
    first = prompts[0] if len(prompts) == MOST_PROMPTS else None
    playing = _replay(folder, (first, prompts[-1]), options, answering, view)
    comparison = asyncio.run(_until_stopped(run, playing))
    leave_if_cut_short(run.stopping, only_end=False)
    if comparison is None:
        return
    view.comparison(comparison)
    if fail_on_difference and comparison.differences:
        raise typer.Exit(EXIT_DIFFERENT)


async def _until_stopped(
    run: Run, playing: Coroutine[Any, Any, ReplayComparison]
) -> ReplayComparison | None:
    with run.stopping.listening():
        return await run.stopping.first(playing)


async def _replay(
    folder: Path,
    prompts: tuple[str | None, str],
    options: ReplayOptions,
    answering: WhoAnswers,
    view: ReplayView,
) -> ReplayComparison:
    from overshoot import bootstrap
    from overshoot.client.evidence_folder import EvidenceFolder
    from overshoot.client.reinference import replay as compare

    async with AsyncExitStack() as stack:
        if answering.backend is not None:
            backend = bootstrap.inference_backend(answering.backend)
            stack.push_async_callback(backend.close)
            options = evolve(options, inference=backend)
        return await compare(EvidenceFolder(folder), *prompts, options, view.clip)


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
