"""The gateway as an aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from overshoot.application.serving import Serving
from overshoot.domain.credit import Prepaid
from overshoot.gateway.action_rooms import ActionRooms
from overshoot.gateway.action_routes import ActionRoutes
from overshoot.gateway.admission import Admission
from overshoot.gateway.billing import Billing
from overshoot.gateway.console_files import ConsoleFiles
from overshoot.gateway.console_routes import ConsoleRoutes
from overshoot.gateway.creation import Creation
from overshoot.gateway.guards import guards
from overshoot.gateway.media_rooms import MediaRooms
from overshoot.gateway.metrics import Metrics
from overshoot.gateway.picture_routes import PictureRoutes
from overshoot.gateway.request_log import RequestLog
from overshoot.gateway.request_trace import request_trace
from overshoot.gateway.requests import Keys
from overshoot.gateway.result_socket import ResultSockets
from overshoot.gateway.routes import Routes
from overshoot.gateway.tickets import Tickets
from overshoot.gateway.watch_socket import WatchSockets
from overshoot.gateway.whip import WhipRoutes

if TYPE_CHECKING:
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.ports.credits import Credits
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.store import Store
    from overshoot.ports.tracing import Tracing


def create_app(
    settings: GatewaySettings,
    backend: InferenceBackend,
    *,
    clock: Clock,
    accounts: Credits | None = None,
    store: Store | None = None,
    tracing: Tracing | None = None,
) -> web.Application:
    """A Media Gateway, to be run by itself or under another application's path.

    As a sub-application, give it ``prefixes=("",)``. It ends its streams when it shuts down; the
    backend is the caller's to close, afterwards. ``accounts`` pay for streams, in place of the
    settings' ``credit_cents``. Actions are kept in ``store``, which is the caller's to close, in
    place of the settings' own. Requests and clips are told to ``tracing``.
    """
    requests = RequestLog(clock)
    traced = [] if tracing is None else [request_trace(tracing)]
    app = web.Application(
        middlewares=[requests.log, *traced, *guards(settings)],
        client_max_size=settings.create_bytes,
    )
    app.on_response_prepare.append(requests.tell)
    tickets = Tickets(clock)
    keys = Keys(settings.api_keys, tickets)
    actions = ActionRooms(settings, clock, store)
    serving = Serving(
        backend,
        clock=clock,
        settings=settings.serving(),
        on_created=actions.keeping.begin,
        tracing=tracing,
    )
    if accounts is None and settings.credit_cents is not None:
        accounts = Prepaid(settings.credit_cents, settings.cents_per_minute)
    billing = Billing(accounts, clock)
    rooms = MediaRooms(settings, clock, billing)
    sockets = ResultSockets(serving, keys, settings, clock)
    creation = Creation(
        serving=serving,
        rooms=rooms,
        admission=Admission(settings, clock),
        billing=billing,
        settings=settings,
        clock=clock,
    )
    routes = Routes(
        serving=serving,
        creation=creation,
        sockets=sockets,
        keys=keys,
        billing=billing,
        settings=settings,
        clock=clock,
    )
    whip = WhipRoutes(
        serving=serving, creation=creation, rooms=rooms, keys=keys, settings=settings, clock=clock
    )
    pictures = PictureRoutes(
        serving=serving, keys=keys, billing=billing, settings=settings, clock=clock
    )
    watching = WatchSockets(
        serving,
        keys,
        settings,
        clock,
        tickets=tickets,
        encode=pictures.encode,
        actions=actions.keeping,
    )
    console = ConsoleRoutes(
        serving=serving,
        keys=keys,
        settings=settings,
        clock=clock,
        tickets=tickets,
        watching=watching,
        actions=actions.keeping,
    )
    kept = ActionRoutes(serving=serving, keys=keys, settings=settings, clock=clock, rooms=actions)
    for prefix in settings.prefixes:
        app.add_routes(routes.under(prefix))
        app.add_routes(pictures.under(prefix))
        app.add_routes(console.under(prefix))
        app.add_routes(kept.under(prefix))
        app.add_routes(whip.under(prefix))
    if "" not in settings.prefixes:
        app.add_routes(routes.at_root())
    if settings.metrics != "off":
        metrics = Metrics(
            serving=serving,
            rooms=rooms,
            actions=actions,
            billing=billing,
            requests=requests,
            keys=keys,
            backend=backend.name,
            settings=settings,
        )
        app.add_routes(metrics.routes())
    if settings.console:
        app.add_routes(ConsoleFiles().routes())

    async def end_streams(_: web.Application) -> None:
        # Before the server waits for its handlers: the result sockets end with their streams.
        await serving.stop()
        await asyncio.gather(sockets.stop(), watching.stop())

    async def media(_: web.Application) -> AsyncIterator[None]:
        await actions.start()
        yield
        await serving.stop()
        await rooms.stop()
        await actions.stop()
        pictures.stop()

    app.on_shutdown.append(end_streams)
    app.cleanup_ctx.append(media)
    return app
