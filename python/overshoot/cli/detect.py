"""``overshoot detect``: which actions happen in video files or a live source, and when."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overshoot.cli.detect_view import LiveActions, SourceRow, summary
from overshoot.cli.exit_codes import EXIT_FAILED, leave_if_cut_short
from overshoot.cli.file_bars import FileBars
from overshoot.cli.kept_actions import address_of
from overshoot.cli.shared_options import ANSWERS, SAMPLING, STORE, Run, shared
from overshoot.cli.side_by_side import USUAL_JOBS, JobsOption, side_by_side
from overshoot.cli.source_argument import SOURCE_HELP, Named, all_sources
from overshoot.cli.who_answers import sampling_in_force, who_answers
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.errors import ConfigurationError, OvershootError

if TYPE_CHECKING:
    from overshoot.client.action_detector import ActionDetector
    from overshoot.client.action_store import ActionStore
    from overshoot.domain.action import DetectedAction

CAPTIONS = frozenset({"vtt", "srt"})


@shared(ANSWERS, SAMPLING, STORE)
def detect(
    run: Run,
    action: Annotated[
        list[str],
        typer.Option(help='What to look for, such as "waving hand"; may be repeated.'),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...", help=f"Videos, folders of videos, or one source. {SOURCE_HELP}"
        ),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How sure the model must be.")
    ] = 0.6,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Stop a live source after this long.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write what was found to a file; its ending says how: .json, .jsonl, .csv,"
            " .parquet, .vtt or .srt."
        ),
    ] = None,
    each_verdict: Annotated[
        bool,
        typer.Option(
            "--each-verdict",
            help="Tell each confident verdict by itself, in place of actions with a beginning and"
            " an end.",
        ),
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(help="Keep the video of each action in this folder, for overshoot replay."),
    ] = None,
    jobs: JobsOption = USUAL_JOBS,
) -> None:
    """Look for actions: in videos faster than real time, in a camera's picture as they happen.

    Each action is a line on stdout: when it begins, how long it lasts, how sure the model is; of a
    live source on a terminal it is a table. A video that cannot be read is told, and the others go
    on.

    Examples:

    overshoot detect holiday.mp4 --action "waving hand" --action "thumbs up"

    overshoot detect videos/ --action "thumbs up" --jobs 4 --store sqlite:///actions.db

    overshoot detect 0 --action "open palm" --json

    --json prints one object an action: file (or source), action, timestamp, duration (seconds or
    null), frame_number, confidence (0 to 1), metadata (session_id, prompt, model …).
    """
    named = all_sources(sources, run.settings, seconds=seconds)
    live = _the_live_one(named)
    form = _export_form(export, named)
    options: dict[str, Any] = {
        "actions": action,
        "min_confidence": min_confidence,
        "tracking": None if each_verdict else TrackingRule(enter_confidence=min_confidence),
        "evidence": None if evidence is None else EvidenceConfig(folder=evidence),
    }
    detection = _live(run, live, options, seconds) if live else _files(run, named, options, jobs)
    found, rows = asyncio.run(detection)
    if export is not None:
        from overshoot.client.action_files import export as write

        write(found, export, form)
    if not run.output.as_json:
        run.output.note(summary(rows))
    leave_if_cut_short(run.stopping, only_end=bool(live and live.endless and seconds is None))
    if any(row.failed for row in rows):
        raise typer.Exit(EXIT_FAILED)


def _the_live_one(named: list[Named]) -> Named | None:
    """The source that is no file; None where all are."""
    live = [each for each in named if not each.is_file]
    if live and len(named) > 1:
        message = f"{live[0].name} is no video file: it is looked at alone, not beside others"
        raise ConfigurationError(message, details={"field": "source"})
    return live[0] if live else None


async def _files(
    run: Run, named: list[Named], options: dict[str, Any], jobs: int
) -> tuple[list[DetectedAction], list[SourceRow]]:
    """All actions of all files, in the order of the files, and how each went."""
    from overshoot.client.action_detector import ActionDetector

    # Checked before the store is made, which may be a new file.
    answering = _who_answers(run)
    found: dict[str, list[DetectedAction]] = {each.name: [] for each in named}
    rows: list[SourceRow] = []

    async def look(one: Named) -> None:
        row = SourceRow(run.output, one, bars)
        rows.append(row)

        def note(action: DetectedAction) -> None:
            found[one.name].append(action)
            row.action(action)

        detector = ActionDetector(
            store=kept, on_action=note, on_error=row.error, **options, **answering
        )
        try:
            await detector.analyze_video(one.name, on_progress=row.progress)
        except ConfigurationError:
            raise
        except OvershootError as error:
            row.error(error, fatal=True)
        finally:
            row.end()

    kept = _store(run)
    try:
        with FileBars(run.output) as bars, run.stopping.listening():
            await run.stopping.first(side_by_side(look, named, jobs))
    finally:
        kept.close()
    return [action for actions in found.values() for action in actions], rows


async def _live(
    run: Run, live: Named, options: dict[str, Any], seconds: float | None
) -> tuple[list[DetectedAction], list[SourceRow]]:
    """All actions of a live source, and how it went."""
    from overshoot.client.action_detector import ActionDetector

    answering = _who_answers(run)
    row = SourceRow(run.output, live, FileBars(run.output))
    found: list[DetectedAction] = []
    screen = LiveActions(run.output, live.name) if run.output.can_draw else None

    def note(action: DetectedAction) -> None:
        found.append(action)
        if screen is None:
            row.action(action)
        else:
            row.count(action)
            screen.ended(action)

    kept = _store(run)
    detector = ActionDetector(
        store=kept,
        source=live.source,
        on_action=note,
        on_action_started=screen.started if screen and options["tracking"] else None,
        on_error=row.error,
        **options,
        **answering,
    )
    try:
        with run.stopping.listening(), screen.screen if screen else nullcontext():
            try:
                if await run.stopping.first(_started(detector)):
                    await run.stopping.first(_ended(detector), live.limit(seconds))
            finally:
                # What goes on ends with it, and is shown.
                await detector.stop()
    finally:
        kept.close()
    return found, [row]


async def _started(detector: ActionDetector) -> bool:
    await detector.start()
    return True


async def _ended(detector: ActionDetector) -> None:
    end = await detector.wait_ended()
    if end.error is not None:
        raise end.error


def _store(run: Run) -> ActionStore:
    from overshoot.client.action_store import ActionStore

    return ActionStore(address_of(run.settings))


def _who_answers(run: Run) -> dict[str, Any]:
    from overshoot.client.detector_config import DETECTION_PROCESSING

    return {
        **who_answers(run.configuration).options(),
        "processing": sampling_in_force(run.configuration, DETECTION_PROCESSING),
    }


def _export_form(path: Path | None, named: list[Named]) -> str:
    if path is None:
        return ""
    from overshoot.client.action_files import EXPORT_FORMATS

    form = path.suffix.removeprefix(".").lower()
    if form not in EXPORT_FORMATS:
        message = f"--export {path} must end with one of ." + ", .".join(EXPORT_FORMATS)
        raise ConfigurationError(message, details={"field": "export"})
    if form in CAPTIONS and len(named) > 1:
        message = f"--export {path} makes captions, which go with one video, not {len(named)}"
        raise ConfigurationError(message, details={"field": "export"})
    return form
