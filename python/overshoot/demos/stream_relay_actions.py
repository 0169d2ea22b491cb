"""Frames of another program through a relay, their actions kept and shown:
``python -m overshoot.demos.stream_relay_actions``.

Keys: S the store's summary, E export, Q quit.
"""

from __future__ import annotations

import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from overshoot import bootstrap
from overshoot.application.capture import Pace
from overshoot.demos.running import main
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import DEFAULT_PROMPT, action_prompt, action_schema
from overshoot.errors import OvershootError
from overshoot.overlay import bars_of

if TYPE_CHECKING:
    from overshoot.client.relay_result import RelayResult
    from overshoot.demos.stage import Stage
    from overshoot.sync import OvershootStreamRelay

_JOIN_SECONDS = 5.0


class Pusher:
    """The other program: reads a source on a thread of its own, and pushes what it reads."""

    def __init__(self, given: Namespace, relay: OvershootStreamRelay, stage: Stage) -> None:
        self._source = bootstrap.open_source(given.source)
        self._relay = relay
        self._stage = stage
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._push_all, name="demo-frames", daemon=True)
        self.error: OvershootError | None = None

    def start(self) -> None:
        """Open the source; what it raises comes through."""
        self._info = self._source.open()
        self._thread.start()

    def runs(self) -> bool:
        """Whether frames still come; raises what ended them."""
        if self.error is not None:
            raise self.error
        return self._thread.is_alive()

    def stop(self) -> None:
        """Read no more."""
        self._stopping.set()
        self._source.interrupt()
        self._thread.join(_JOIN_SECONDS)
        self._source.close()

    def _push_all(self) -> None:
        pace = None if self._info.live else Pace(self._info.playback_speed)
        try:
            while not self._stopping.is_set() and (frame := self._source.read()) is not None:
                wait = (
                    0.0 if pace is None else pace.seconds_until(frame.timestamp, time.monotonic())
                )
                if wait > 0 and self._stopping.wait(wait):
                    return
                self._stage.take(frame.pixels)
                self._relay.push_frame(frame.pixels, frame.timestamp, order="bgr")
        except OvershootError as error:
            self.error = error


@contextmanager
def relaying(given: Namespace, stage: Stage) -> Generator[Callable[[], bool]]:
    """A relay to a gateway in this process, or to the one that was named."""
    from overshoot.sync import LocalGateway, OvershootStreamRelay

    def show(result: RelayResult) -> None:
        if not result["ok"]:
            return
        bars = bars_of(result, min_confidence=given.min_confidence)
        end, start = result["timestamp"] or 0.0, result["timestamp_start"]
        stage.answered(bars, end - (end if start is None else start), result["total_latency_ms"])
        given.kept_in.add_many(
            DetectedAction(
                bar.name,
                timestamp=end,
                frame_number=result["frame_end"] or 0,
                confidence=bar.confidence,
                metadata={"latency_ms": result["total_latency_ms"]},
            )
            for bar in bars
            if bar.seen
        )

    with ExitStack() as stack:
        url, key = given.api_url, given.api_key
        if url is None:
            gateway = stack.enter_context(LocalGateway())
            url, key = gateway.url, gateway.api_key
        relay = OvershootStreamRelay(
            api_url=url,
            api_key=key,
            prompt=action_prompt(given.actions, DEFAULT_PROMPT),
            output_schema=action_schema(given.actions),
            on_result=show,
        )
        relay.prepare()
        stack.callback(relay.stop)
        pusher = Pusher(given, relay, stage)
        pusher.start()
        stack.callback(pusher.stop)
        relay.connect()
        yield pusher.runs


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", "overshoot: stream relay", relaying))
