"""What both demos do alike: their options, the loop of the main thread, and how they end."""

from __future__ import annotations

import os
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, TypeAlias

from overshoot.client.action_store import ActionStore
from overshoot.client.source_names import parse_source
from overshoot.demos.screens import Film, Screen, Window
from overshoot.demos.stage import Stage
from overshoot.errors import ConfigurationError, OvershootError

ACTIONS: Final = ("waving hand", "thumbs up", "pointing", "clapping")
_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130
_LOOK_SECONDS: Final = 0.1

Running: TypeAlias = AbstractContextManager[Callable[[], bool]]
"""A stream that runs inside of it; the callable says whether it still does."""


def main(about: str, title: str, begin: Callable[[Namespace, Stage], Running]) -> int:
    """Run a demo to its end; the exit code: 0, 1 failed, 2 wrong values, 130 interrupted."""
    given = _parser(about).parse_args()
    try:
        return _run(given, title, begin)
    except ConfigurationError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return _USAGE
    except OvershootError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(given: Namespace, title: str, begin: Callable[[Namespace, Stage], Running]) -> int:
    given.source = parse_source(given.source, seconds=given.seconds)
    given.actions = tuple(given.action or ACTIONS)
    if (given.api_url is None) != (given.api_key is None):
        message = "give --api-url and --api-key (or OVERSHOOT_API_URL, OVERSHOOT_API_KEY) together"
        raise ConfigurationError(message, details={"field": "api_key"})
    store = ActionStore(given.store)
    given.kept_in = store
    stage = Stage(given.actions, store, given.export if given.headless is None else None)
    interrupted = False
    screen: Screen = Window(title) if given.headless is None else Film(given.headless)
    # A shell lets programs in the background ignore Ctrl-C; a window is closed all the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with begin(given, stage) as runs:
            _show(stage, screen, runs, given.seconds)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        screen.close()
    stage.say(stage.summary())
    store.close()
    return _INTERRUPTED if interrupted else 0


def _show(stage: Stage, screen: Screen, runs: Callable[[], bool], seconds: float | None) -> None:
    began = time.monotonic()
    while runs():
        if seconds is not None and time.monotonic() - began >= seconds:
            return
        key = screen.show(stage.picture(_LOOK_SECONDS))
        if key and stage.press(key):
            return


def _parser(about: str) -> ArgumentParser:
    parser = ArgumentParser(description=about)
    parser.add_argument(
        "source",
        nargs="?",
        default="0",
        help="a camera number (0 by default), a video file, a folder of pictures, an address, or"
        " 'synthetic', a drawn scene that needs nothing",
    )
    parser.add_argument(
        "--action",
        action="append",
        metavar="NAME",
        help=f"an action to look for; may be repeated; by default {', '.join(ACTIONS)}",
    )
    parser.add_argument("--min-confidence", type=float, default=0.6, help="0.6 by default")
    parser.add_argument("--api-url", default=os.environ.get("OVERSHOOT_API_URL"), help="a gateway")
    parser.add_argument("--api-key", default=os.environ.get("OVERSHOOT_API_KEY"), help="its key")
    parser.add_argument(
        "--headless", type=Path, metavar="OUT.mp4", help="write the pictures there; no window"
    )
    parser.add_argument(
        "--store", metavar="ADDRESS", help="keep the actions, such as in sqlite:///actions.db"
    )
    parser.add_argument(
        "--export", type=Path, default=Path(), metavar="FOLDER", help="where E writes to"
    )
    parser.add_argument("--seconds", type=float, help="end after that long")
    return parser
