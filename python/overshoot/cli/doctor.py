"""``overshoot doctor``: what works here, where it breaks, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Final

import typer
from attrs import asdict
from rich.text import Text

from overshoot.cli.exit_codes import EXIT_FAILED, leave_if_cut_short
from overshoot.cli.kept_actions import address_of, missing_file
from overshoot.cli.shared_options import ANSWERS, STORE, Run, shared
from overshoot.cli.source_argument import SourceArgument, one_source
from overshoot.cli.who_answers import WhoAnswers, ice_servers, who_answers
from overshoot.domain.checkup import CheckupPlan, Finding, broken, fine, passed_over
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.configuration import Configuration
    from overshoot.ports.checkup import Check

_MARKS: Final = {
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "failed": ("FAILED", "bold red"),
    "skipped": ("-", "dim"),
}
STREAM_SECONDS: Final = 20.0


@shared(ANSWERS, STORE)
def doctor(
    run: Run,
    source: SourceArgument = None,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Also run a drawn scene through the gateway to an answer."),
    ] = False,
) -> None:
    """Check this installation and what is in force: each part hop by hop, with what to do.

    The frame path, the codecs, UDP and WebRTC on this machine; the STUN and TURN servers; the
    gateway (address, health, key, clock, result socket), or else the backend in this process, which
    is asked about one picture (a hosted model may charge for it); the store; the cameras; the
    source. Nothing that is not named is asked. A store in a file that is not there yet is made by
    the first command that keeps something, not here.

    Examples:

    overshoot doctor

    overshoot doctor --api-url https://media.example.org/api/v0.2 --ice-server
    stun:stun.example.org:3478 --stream

    overshoot doctor --backend openai --backend-url http://127.0.0.1:8000/v1 --json

    Leaves with 1 where a hop failed; warnings are none. --json prints one object: ok, and findings,
    a list with hop, outcome (ok, warning, failed or skipped), told, remedy, facts.
    """
    plan, wrong = _plan(run.configuration, source)
    found = asyncio.run(_checked(run, plan, wrong, stream=stream))
    failed = [each for each in found if each.outcome == "failed"]
    if run.output.as_json:
        findings = [asdict(each) for each in found]
        run.output.json({"ok": not failed, "findings": findings}, indent=2)
    else:
        run.output.note(_outcome(found, failed))
    leave_if_cut_short(run.stopping, only_end=False)
    if failed:
        raise typer.Exit(EXIT_FAILED)


async def _checked(
    run: Run, plan: CheckupPlan, wrong: list[Finding], *, stream: bool
) -> list[Finding]:
    from overshoot import bootstrap
    from overshoot.application.checkups import check_all

    found: list[Finding] = []

    def told(finding: Finding) -> None:
        found.append(finding)
        if not run.output.as_json:
            run.output.line(_line(finding))

    for each in wrong:
        told(each)
    checks: list[Check] = bootstrap.checks(plan)
    if stream:
        checks.append(StreamCheck(plan))
    with run.stopping.listening():
        await run.stopping.first(check_all(checks, told))
    return found


def _plan(configuration: Configuration, source: str | None) -> tuple[CheckupPlan, list[Finding]]:
    """What is to be checked; what is wrong with the configuration itself is a finding, too."""
    wrong: list[Finding] = []
    answering: WhoAnswers | None = None
    try:
        answering = who_answers(configuration)
    except ConfigurationError as error:
        wrong.append(broken("configuration", error.message, "overshoot config shows who said it"))
    settings = configuration.settings
    named = source or settings.source
    gateway = None if answering is None else answering.gateway
    store = address_of(settings)
    if store is not None and (missing := missing_file(store)) is not None:
        # Not made here: who looks changes nothing.
        wrong.append(passed_over("store", f"{missing} is not there yet", "detect makes it"))
        store = None
    return (
        CheckupPlan(
            gateway=None if gateway is None else (gateway.url, gateway.key),
            ice_servers=() if answering is None else ice_servers(configuration),
            backend=None if answering is None else answering.backend,
            model="local" if answering is None else answering.model,
            store=store,
            source=one_source(named, settings, seconds=1.0).source if named else None,
        ),
        wrong,
    )


class StreamCheck:
    """A drawn scene through the gateway, to its first answer."""

    name = "stream"

    def __init__(self, plan: CheckupPlan) -> None:
        self._plan = plan

    async def findings(self) -> AsyncIterator[Finding]:
        """One."""
        from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
        from overshoot.domain.source import SyntheticSource

        plan = self._plan
        if plan.gateway is None:
            message = "--stream needs a gateway: name one with --api-url"
            raise ConfigurationError(message, details={"field": "stream"})
        vision = RealtimeVision(
            RealtimeVisionConfig(
                api_url=plan.gateway[0],
                api_key=plan.gateway[1],
                ice_servers=plan.ice_servers,
                model=plan.model,
                prompt="Describe what you see in a few words.",
                source=SyntheticSource(),
            )
        )
        async with vision:
            results = vision.results()
            try:
                result = await asyncio.wait_for(anext(results), STREAM_SECONDS)
            except (TimeoutError, StopAsyncIteration):
                told = f"video flows, but no answer came in {STREAM_SECONDS:g} s"
                yield broken(self.name, told, "look at the gateway's own log, and at its model")
                return
        if result.ok:
            told = f"video went out and an answer came back, in {result.total_latency_ms:.0f} ms"
            yield fine(self.name, told, latency_ms=round(result.total_latency_ms))
        else:
            yield broken(
                self.name, f"the gateway's model failed: {result.error}", "look at its log"
            )


def _line(finding: Finding) -> Text:
    mark, style = _MARKS[finding.outcome]
    text = Text.assemble((f"{mark:>7}", style), "  ", (finding.hop, "bold"), f": {finding.told}")
    if finding.remedy and finding.outcome != "ok":
        text.append(f"\n{'':>9}what to do: {finding.remedy}", style="italic")
    return text


def _outcome(found: list[Finding], failed: list[Finding]) -> Text:
    if failed:
        hops = ", ".join(each.hop for each in failed)
        return Text(f"{len(failed)} of {len(found)} hops failed: {hops}", style="bold red")
    warnings = sum(each.outcome == "warning" for each in found)
    told = f"nothing failed at {len(found)} hops" + (f"; {warnings} warnings" if warnings else "")
    return Text(told, style="bold green")
