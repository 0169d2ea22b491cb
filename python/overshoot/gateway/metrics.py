"""What a gateway tells about itself to whoever draws curves: ``GET /metrics``."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, get_args

from aiohttp import web

from overshoot.domain.serving import FrameDrop, StopReason, StreamState
from overshoot.gateway.exposition import CONTENT_TYPE, Exposition, Labels

if TYPE_CHECKING:
    from overshoot.application.serving import Serving
    from overshoot.domain.histogram import Histogram
    from overshoot.domain.serving_totals import ServingTotals
    from overshoot.gateway.action_rooms import ActionRooms
    from overshoot.gateway.billing import Billing
    from overshoot.gateway.media_rooms import MediaRooms
    from overshoot.gateway.request_log import RequestLog
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings

_DISTRIBUTION: Final = "overshoot-sdk"


class Metrics:
    """Answers with counts of the whole gateway, over the streams of all keys.

    No label has values that a client could make up: neither streams nor keys are told apart.
    """

    def __init__(
        self,
        *,
        serving: Serving,
        rooms: MediaRooms,
        actions: ActionRooms,
        billing: Billing,
        requests: RequestLog,
        keys: Keys,
        backend: str,
        settings: GatewaySettings,
    ) -> None:
        self._serving = serving
        self._rooms = rooms
        self._actions = actions
        self._billing = billing
        self._requests = requests
        self._keys = keys
        self._backend = backend
        self._open = settings.metrics == "open"

    def routes(self) -> list[web.RouteDef]:
        """Its route, at the server's root, where scrapers look for it."""
        return [web.get("/metrics", self.metrics)]

    async def metrics(self, request: web.Request) -> web.Response:
        """The counts as text; with any key of the gateway's, or without where that was set."""
        if not self._open:
            self._keys.authenticate(request)
        told = Exposition()
        told.gauge("build_info", "What runs.", 1, {"version": _version(), "backend": self._backend})
        totals = self._serving.totals()
        _streams(told, totals)
        _frames(told, totals)
        told.counter(
            "received_bytes_total",
            "Bytes that came over WebRTC.",
            await self._rooms.received_bytes(),
        )
        _clips(told, totals)
        _turns(told, totals)
        self._latencies(told)
        self._kept(told)
        self._credits(told)
        told.counters(
            "http_requests_total",
            "Requests by what was asked for and the status of the answer.",
            [
                ({"operation": operation, "status": str(status)}, count)
                for (operation, status), count in sorted(self._requests.counts.items())
            ],
        )
        return web.Response(body=told.text.encode(), headers={"Content-Type": CONTENT_TYPE})

    def _latencies(self, told: Exposition) -> None:
        inference: list[tuple[Labels, Histogram]] = []
        end_to_end: list[tuple[Labels, Histogram]] = []
        for model, times in sorted(self._serving.meters.latencies.items()):
            who = {"model": model, "backend": self._backend}
            inference.append(({**who, "outcome": "answered"}, times.inference))
            inference.append(({**who, "outcome": "failed"}, times.failed_inference))
            end_to_end.append((who, times.end_to_end))
        told.histograms(
            "inference_seconds", "From asking the model to its answer or failure.", inference
        )
        told.histograms(
            "end_to_end_seconds",
            "From the arrival of a clip's newest frame until its answer was handed to listeners.",
            end_to_end,
        )

    def _kept(self, told: Exposition) -> None:
        actions = self._actions
        told.counter("actions_found_total", "Actions that ended.", actions.keeping.found)
        told.counter(
            "actions_failures_total",
            "Times that the store of actions began to fail, or that some were given up.",
            actions.keeping.failed,
        )
        told.counter("clips_kept_total", "Clips of actions.", actions.clips_kept)
        told.counter(
            "clips_failures_total",
            "Troubles with keeping clips; of one after the other alike, the first.",
            actions.clips_failed,
        )

    def _credits(self, told: Exposition) -> None:
        if self._billing.enabled:
            told.counter(
                "credits_charged_cents_total",
                "Cents that streams were charged.",
                self._billing.charged_cents,
            )


def _streams(told: Exposition, totals: ServingTotals) -> None:
    told.counter("streams_created_total", "Streams that began.", totals.streams.streams)
    told.gauges(
        "streams",
        "Streams now, by state.",
        [({"state": state}, totals.running.get(state, 0)) for state in get_args(StreamState)],
    )
    told.counters(
        "streams_ended_total",
        "Streams that have ended, by reason.",
        [({"reason": reason}, totals.ended.get(reason, 0)) for reason in get_args(StopReason)],
    )
    told.gauge("subscribers", "Listeners to results now.", totals.subscribers)
    told.counter(
        "results_dropped_total",
        "Results that slow listeners did not get.",
        totals.streams.results_dropped,
    )


def _frames(told: Exposition, totals: ServingTotals) -> None:
    counted = totals.streams
    told.counter(
        "frames_received_total",
        "Frames that arrived and were decoded. They are sampled, unsampled, dropped or waiting.",
        counted.frames_received,
    )
    told.counter(
        "frames_sampled_total", "Frames that were converted for clips.", counted.frames_kept
    )
    told.counter("frames_unsampled_total", "Frames that no clip needed.", counted.frames_unsampled)
    told.counters(
        "frames_dropped_total",
        "Frames that were wanted and came to nothing, by reason.",
        [({"reason": why}, counted.frames_dropped.get(why, 0)) for why in get_args(FrameDrop)],
    )
    told.gauge("frames_waiting", "Frames that wait for conversion now.", counted.frames_waiting)
    told.gauge("buffered_bytes", "Pixels at hand now.", totals.bytes_buffered)


def _clips(told: Exposition, totals: ServingTotals) -> None:
    counted = totals.streams
    told.counter(
        "clips_made_total",
        "Clips that were due. Each has an outcome or is pending.",
        counted.clips_made,
    )
    outcomes = {
        "answered": counted.inferences_completed,
        "failed": counted.inferences_failed,
        "repeated": counted.calls_saved,
        "skipped": counted.clips_skipped,
        "abandoned": counted.clips_abandoned,
    }
    told.counters(
        "clips_total",
        "Clips by outcome; repeated ones were of a still scene, and no model was asked.",
        [({"outcome": outcome}, count) for outcome, count in outcomes.items()],
    )
    told.gauge("clips_pending", "Clips without an answer so far.", counted.clips_pending)
    told.gauge("clips_waiting", "Clips of them that nobody was asked about.", totals.clips_waiting)


def _turns(told: Exposition, totals: ServingTotals) -> None:
    told.counter("turns_total", "Requests that the backend was handed.", totals.turns_given)
    told.counter(
        "turns_waited_seconds_total",
        "Time that requests waited for the backend, in sum.",
        totals.turns_waited_seconds,
    )
    told.gauge("turns_waiting", "Requests that wait for the backend now.", totals.turns_waiting)
    told.gauge("turns_running", "Requests that the backend has now.", totals.turns_running)
    if totals.concurrency is not None:
        told.gauge("turns_limit", "Requests that the backend has at most.", totals.concurrency)


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
