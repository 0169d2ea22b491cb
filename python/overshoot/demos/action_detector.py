"""A camera's picture with the actions that are seen in it:
``python -m overshoot.demos.action_detector``.

Keys: S the store's summary, E export, Q quit.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import evolve

from overshoot.demos.running import main
from overshoot.overlay import Bar

if TYPE_CHECKING:
    from overshoot.demos.stage import Stage
    from overshoot.domain.action import DetectedAction


@contextmanager
def detecting(given: Namespace, stage: Stage) -> Generator[Callable[[], bool]]:
    """A detector in this process, or at the gateway that was named."""
    from overshoot.sync import ActionDetector

    def show(action: DetectedAction) -> None:
        told = action.metadata
        seconds = action.timestamp - told.get("clip_start", action.timestamp)
        bar = Bar(action.action, action.confidence)
        stage.answered([bar], seconds, told.get("total_latency_ms"))

    with ActionDetector(
        api_url=given.api_url,
        api_key=given.api_key,
        inference="local" if given.api_url is None else None,
        actions=given.actions,
        min_confidence=given.min_confidence,
        source=evolve(given.source, frame_processor=stage.take),
        store=given.kept_in,
        on_action=show,
    ) as detector:
        yield detector.is_active


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", "overshoot: action detector", detecting))
