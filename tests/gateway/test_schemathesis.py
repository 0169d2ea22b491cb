"""Thousands of calls made up from the documents: ours, and the API's own against ``strict``.

schemathesis walks through every bound of every field (coverage), makes up bodies that fit and
bodies that do not (fuzzing), and calls streams again that it made or deleted (stateful).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from overshoot.gateway.openapi import document

if TYPE_CHECKING:
    from gateway.kit import Client

GIVEN = Path(__file__).parents[1] / "golden" / "openapi_v0_2.json"
SEED = 20260122
EXAMPLES = 10
# Streams that are published over WHIP: enough to be looked at and deleted.
PUBLISHED = 5
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ["ours", "the API's"])
async def test_no_call_is_answered_against_the_document(
    start: Any, offer_sdp: str, which: str
) -> None:
    strict = which != "ours"
    told = json.loads(GIVEN.read_text()) if strict else document(strict=False, server="/")
    # A preview answers until its stream ends.
    told["paths"] = {path: calls for path, calls in told["paths"].items() if "preview" not in path}
    # Calls come faster than any client's, and no video is ever sent.
    client = await start(
        strict=strict,
        creations_per_second=1e4,
        creation_burst=10_000,
        connect_seconds=600.0,
        streams_per_key=200,
        streams=200,
    )
    kept = await client.create(offer_sdp)
    statuses, failures = await asyncio.to_thread(call_everything, told, client, offer_sdp, kept)
    assert not failures, "\n\n".join(failures[:5])
    calls = {label for label, _ in statuses}
    assert len(calls) >= len([m for path in told["paths"].values() for m in path])
    # The calls got past the door, and streams were made.
    assert statuses["POST /streams", 201] > 0
    assert statuses["PATCH /streams/{stream_id}/config/prompt", 200] > 0
    assert strict or statuses["POST /whip", 201] > 0


def call_everything(
    told: dict[str, Any], client: Client, offer_sdp: str, kept: str
) -> tuple[Counter[tuple[str, int]], list[str]]:
    """How often each call had each status, and what was wrong."""
    import schemathesis
    from schemathesis.engine import events, from_schema
    from schemathesis.hooks import unregister

    schemathesis.serializer.alias([SDP, FRAGMENT], "text/plain")
    schema = schemathesis.openapi.from_dict(told, config=_config(client))
    live = [kept]
    published: list[str] = []

    def with_what_exists(_: Any, case: Any, **__: Any) -> None:
        # No generator comes by a session description or a stream's name on its own.
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        if isinstance(case.body, dict):
            for form in ("webrtc", "source"):
                if isinstance(case.body.get(form), dict) and "sdp" in case.body[form]:
                    case.body[form]["sdp"] = offer_sdp
            if "inference" in case.body:
                case.body["inference"]["model"] = "scripted"
        if case.path == "/whip" and case.method == "POST" and len(published) < PUBLISHED:
            case.body = offer_sdp
            case.query = {"prompt": "read"}
        elif case.path.endswith("/whip") and case.path_parameters and published:
            case.path_parameters["stream_id"] = published[-1]
        elif case.path_parameters and (live[-1] != kept or case.method != "DELETE"):
            # Only streams that these calls made are deleted: the first one stays.
            case.path_parameters["stream_id"] = live[-1] if case.method == "DELETE" else kept

    def remember(_: Any, case: Any, response: Any) -> None:
        if "x-stream-id" in response.headers:
            published.extend(response.headers["x-stream-id"])
        elif response.status_code == 201 and "stream_id" in response.json():
            live.append(response.json()["stream_id"])

    statuses: Counter[tuple[str, int]] = Counter()
    failures: list[str] = []
    # These two hooks exist for the whole process alone.
    schemathesis.hook("before_call")(with_what_exists)
    schemathesis.hook("after_call")(remember)
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                failures.append(f"{event}")
            elif isinstance(event, events.ScenarioFinished):
                _note(event.recorder, statuses, failures)
    finally:
        unregister(with_what_exists)
        unregister(remember)
    return statuses, failures


def _note(recorder: Any, statuses: Counter[tuple[str, int]], failures: list[str]) -> None:
    for case_id, interaction in recorder.interactions.items():
        case = recorder.cases[case_id].value
        if interaction.response is not None:
            statuses[case.operation.label, interaction.response.status_code] += 1
        for check in recorder.checks.get(case_id, ()):
            if check.failure_info is not None:
                body = json.dumps(case.body, default=str)[:500]
                why = str(check.failure_info.failure)[:1500]
                failures.append(f"{case.method} {case.formatted_path} {body}\n{check.name}: {why}")


def _config(client: Client) -> Any:
    from schemathesis.config import (
        ChecksConfig,
        CoveragePhaseConfig,
        GenerationConfig,
        PhasesConfig,
        PositiveDataAcceptanceConfig,
        ProjectConfig,
        ProjectsConfig,
        SchemathesisConfig,
    )

    project = ProjectConfig(
        base_url=client.gateway.url,
        headers=client.headers,
        continue_on_failure=True,
        request_timeout=10,
        generation=GenerationConfig(max_examples=EXAMPLES, deterministic=True, no_shrink=True),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(unexpected_methods={"put", "patch"})),
        # What fits the document may still be too much: limits, offers and models are not in it.
        checks=ChecksConfig(positive_data_acceptance=PositiveDataAcceptanceConfig(enabled=False)),
    )
    return SchemathesisConfig(seed=SEED, projects=ProjectsConfig(default=project))
