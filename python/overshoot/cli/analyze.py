"""``overshoot analyze``: a question about each clip of videos, faster than they play."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from attrs import evolve

from overshoot.cli.analyze_view import FileAnswers, show_summary
from overshoot.cli.exit_codes import EXIT_FAILED, leave_after
from overshoot.cli.file_bars import FileBars
from overshoot.cli.schema_argument import SchemaOption, read_schema
from overshoot.cli.shared_options import ANSWERS, SAMPLING, Run, shared
from overshoot.cli.side_by_side import USUAL_JOBS, JobsOption, side_by_side
from overshoot.cli.source_argument import SOURCE_HELP, Named, all_sources
from overshoot.cli.watching import DEFAULT_PROMPT
from overshoot.cli.watching import SAMPLING as USUAL_SAMPLING
from overshoot.cli.who_answers import sampling_in_force, who_answers
from overshoot.errors import ConfigurationError, OvershootError

if TYPE_CHECKING:
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.domain.ending import StreamEnd


@shared(ANSWERS, SAMPLING)
def analyze(
    run: Run,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE...", help=f"Videos, or folders of them. {SOURCE_HELP}"),
    ] = None,
    prompt: Annotated[
        str, typer.Option("--prompt", "-p", help="What to ask about each clip.")
    ] = DEFAULT_PROMPT,
    schema: SchemaOption = None,
    jobs: JobsOption = USUAL_JOBS,
) -> None:
    """Ask about each clip of videos, as fast as it is answered.

    Every clip is answered, in this process by default, with no key, GPU or network, or by a
    gateway. A folder of videos is all of its videos; a folder of pictures is one video, at its own
    pace. A video that cannot be read is told, and the others go on.

    Examples:

    overshoot analyze holiday.mp4 --prompt "Describe what you see"

    overshoot analyze videos/ --prompt "How many people?" --schema people.json --json

    overshoot analyze night.mp4 --backend openai --backend-url http://127.0.0.1:8000/v1
    --clip-length-seconds 5 --delay-seconds 5

    --json prints one object an answer: file, type ("inference" or "error"), result, parsed,
    timestamp_start and timestamp in seconds of video, detected, unsupported …; and at the end one
    of type "summary": files, a list with file, answered, failed, seconds, speed, end_reason, error.
    """
    named = all_sources(sources, run.settings, seconds=None)
    endless = [each.name for each in named if each.endless]
    if endless:
        message = f"{endless[0]} has no end to be analyzed up to; use overshoot watch"
        raise ConfigurationError(message, details={"field": "source"})
    files = asyncio.run(_analyze(run, named, prompt, schema, jobs))
    show_summary(run.output, files)
    answered = any(each.answered for each in files)
    leave_after(run.stopping, answered=answered, only_end=False)
    if any(each.error is not None for each in files):
        raise typer.Exit(EXIT_FAILED)


async def _analyze(
    run: Run, named: list[Named], prompt: str, schema: str | None, jobs: int
) -> list[FileAnswers]:
    from overshoot.client.realtime_vision import RealtimeVisionConfig

    config = RealtimeVisionConfig(
        prompt=prompt,
        output_schema=read_schema(schema),
        processing=sampling_in_force(run.configuration, USUAL_SAMPLING),
        max_output_tokens=run.settings.max_output_tokens,
        **who_answers(run.configuration).options(),
    )
    files: list[FileAnswers] = []

    async def ask(one: Named) -> None:
        answers = FileAnswers(run.output, one, bars)
        files.append(answers)
        reason = ""
        try:
            end = await _asked(evolve(config, source=one.source), answers)
            reason = end.reason
            if end.error is not None:
                answers.give_up(end.error)
        except ConfigurationError:
            raise
        except OvershootError as error:
            reason = "failed"
            answers.give_up(error)
        finally:
            answers.end(reason or run.stopping.reason or "stopped")

    with FileBars(run.output) as bars, run.stopping.listening():
        await run.stopping.first(side_by_side(ask, named, jobs))
    return files


async def _asked(config: RealtimeVisionConfig[Any], answers: FileAnswers) -> StreamEnd:
    from overshoot.client.realtime_vision import RealtimeVision

    asking = RealtimeVision(evolve(config, on_result=answers.result, on_error=answers.note))
    async with asking:
        info = asking.source_info
        answers.opened(None if info is None else info.duration_seconds)
        return await asking.wait_ended()
