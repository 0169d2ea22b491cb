"""``overshoot detect``: which actions happen in video files, and when."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overshoot.cli.detect_view import DetectView, JsonDetectView, TextDetectView
from overshoot.cli.gateway_options import ApiKey, ApiUrl, gateway_named
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.errors import ConfigurationError, OvershootError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

CAPTIONS = frozenset({"vtt", "srt"})


def detect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The videos.")],
    action: Annotated[
        list[str],
        typer.Option(help='What to look for, such as "waving hand"; may be repeated.'),
    ],
    min_confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How sure the model must be.")
    ] = 0.6,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    store: Annotated[
        str | None,
        typer.Option(help="Keep the actions: sqlite:///actions.db or postgresql://host/database."),
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
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an action, and nothing else.")
    ] = False,
) -> None:
    """Look for actions in videos, faster than real time, with no key, GPU or network.

    Each action is a line on stdout: when it begins, how long it lasts, how sure the model is. A
    video that cannot be read is told, and the next one is begun.

    Example: overshoot detect holiday.mp4 --action "waving hand" --action "thumbs up"
    """
    form = _export_form(export, files)
    options: dict[str, Any] = {
        "actions": action,
        "min_confidence": min_confidence,
        "tracking": None if each_verdict else TrackingRule(enter_confidence=min_confidence),
        "evidence": None if evidence is None else EvidenceConfig(folder=evidence),
        **_who_answers(gateway_named(api_url, api_key)),
    }
    view: DetectView = JsonDetectView() if as_json else TextDetectView()
    found, failed = asyncio.run(_detect(files, options, store, view))
    if export is not None:
        from overshoot.client.action_files import export as write

        write(found, export, form)
    view.summary()
    if failed:
        raise typer.Exit(1)


async def _detect(
    files: list[Path], options: dict[str, Any], store: str | None, view: DetectView
) -> tuple[list[DetectedAction], bool]:
    """All actions of all files, and whether a file failed."""
    from overshoot.client.action_detector import ActionDetector
    from overshoot.client.action_store import ActionStore

    kept = ActionStore(store)
    detector = ActionDetector(store=kept, on_action=view.action, on_error=view.error, **options)
    found: list[DetectedAction] = []
    failed = False
    try:
        for file in files:
            with view.file(file):
                try:
                    found += await detector.analyze_video(file, on_progress=view.progress)
                except ConfigurationError:
                    raise
                except OvershootError as error:
                    view.error(error, fatal=True)
                    failed = True
    finally:
        kept.close()
    return found, failed


def _who_answers(gateway: tuple[str, str] | None) -> dict[str, str]:
    if gateway is None:
        return {"inference": "local", "model": "local"}
    api_url, api_key = gateway
    return {"api_url": api_url, "api_key": api_key}


def _export_form(path: Path | None, files: list[Path]) -> str:
    if path is None:
        return ""
    from overshoot.client.action_files import EXPORT_FORMATS

    form = path.suffix.removeprefix(".").lower()
    if form not in EXPORT_FORMATS:
        message = f"--export {path} must end with one of ." + ", .".join(EXPORT_FORMATS)
        raise ConfigurationError(message, details={"field": "export"})
    if form in CAPTIONS and len(files) > 1:
        message = f"--export {path} makes captions, which go with one video, not {len(files)}"
        raise ConfigurationError(message, details={"field": "export"})
    return form
