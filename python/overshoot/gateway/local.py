"""A gateway of one's own, in this process."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from typing import TYPE_CHECKING, Self

from aiohttp import web
from attrs import evolve

from overshoot.domain.backends import BackendChoice
from overshoot.errors import ConfigurationError, NetworkError
from overshoot.gateway.app import create_app
from overshoot.gateway.http_log import http_log
from overshoot.gateway.request_heads import RequestHeads, WatchedRunner
from overshoot.gateway.settings import GatewaySettings
from overshoot.log import get_logger

if TYPE_CHECKING:
    from types import TracebackType

    from overshoot.ports.clock import Clock
    from overshoot.ports.credits import Credits
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.store import Store
    from overshoot.ports.tracing import Tracing

_log = get_logger(__name__)

_LOOPBACK_ADDRESS = "127.0.0.1"
_MAX_PORT = 65535
# Above the 15 s after which clients of aiohttp drop an unused connection, so that we never close
# one under a request.
_KEEPALIVE_SECONDS = 75.0
_SHUTDOWN_SECONDS = 2.0
_LINGER_SECONDS = 1.0


class LocalGateway:
    """A Media Gateway on this machine::

        async with LocalGateway() as gateway:
            ...  # gateway.url, gateway.api_key

    Args:
        settings: doors, limits and deadlines. By default one random key, and video over loopback
            alone when ``host`` is loopback.
        backend: who answers; the ``local`` one by default. Described by `OpenAIInference` and its
            like, or named as in `RealtimeVisionConfig`, it begins and ends with the gateway; an
            `InferenceBackend` that is given is not closed.
        host: address or name to listen on.
        port: port to listen on; 0 takes a free one.
        accounts: who pays for streams, in place of the settings' ``credit_cents``.
        store: where actions are kept, in place of the settings' ``store``; it is not closed.
        tracing: where spans of requests and clips go, such as `otel_tracing`; nowhere by default.
        clock: what time it is; the machine's by default.
    """

    def __init__(
        self,
        *,
        settings: GatewaySettings | None = None,
        backend: InferenceBackend | BackendChoice | str | None = None,
        host: str = _LOOPBACK_ADDRESS,
        port: int = 0,
        accounts: Credits | None = None,
        store: Store | None = None,
        tracing: Tracing | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check_place(host, port)
        if settings is None:
            addresses = (_LOOPBACK_ADDRESS,) if _is_loopback(host) else None
            settings = GatewaySettings(ice_addresses=addresses)
        if not _is_any(host):
            settings = evolve(settings, allowed_hosts=(*settings.allowed_hosts, _in_url(host)))
        self.settings = settings
        self._backend: InferenceBackend | BackendChoice | str = (
            "local" if backend is None else backend
        )
        self._own_backend: InferenceBackend | None = None
        self._host = host
        self._port = port
        self._accounts = accounts
        self._store = store
        self._tracing = tracing
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self._watching_heads: asyncio.Task[None] | None = None

    @property
    def api_key(self) -> str:
        """The first key that is let in."""
        return self.settings.api_keys[0]

    @property
    def port(self) -> int:
        """The port it listens on; 0 until it was started, if a free one was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Where clients find it, such as ``http://127.0.0.1:8080/api/v0.2``."""
        return self._root + self.settings.prefixes[0]

    @property
    def console_url(self) -> str | None:
        """Where people find its page, which asks for a key; None where it is not served."""
        return f"{self._root}/" if self.settings.console else None

    async def start(self) -> Self:
        """Listen. A second call does nothing.

        Raises:
            NetworkError: the port is taken, or this user may not have it.
            ConfigurationError: the host is none of this machine's.
        """
        if self._runner is not None:
            return self
        from overshoot import bootstrap

        clock = self._clock or bootstrap.system_clock()
        backend = self._backend
        if isinstance(backend, str | BackendChoice):
            backend = self._own_backend = bootstrap.inference_backend(backend)
        app = create_app(
            self.settings,
            backend,
            clock=clock,
            accounts=self._accounts,
            store=self._store,
            tracing=self._tracing,
        )
        heads = RequestHeads(app, self.settings.header_seconds, clock)
        runner = WatchedRunner(
            app,
            heads,
            access_log=None,
            logger=http_log(),
            keepalive_timeout=_KEEPALIVE_SECONDS,
            lingering_time=_LINGER_SECONDS,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        self._runner = runner
        try:
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException as error:
            await self.stop()
            if isinstance(error, OSError):
                raise _cannot_listen(error, self._host, self._port) from error
            raise
        self._port = runner.addresses[0][1]
        self._watching_heads = asyncio.create_task(heads.watch())
        _log.info("gateway_started", url=self.url)
        return self

    async def stop(self) -> None:
        """End all streams and free everything, in less than 5 s. A second call does nothing."""
        watching, self._watching_heads = self._watching_heads, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})
        runner, self._runner = self._runner, None
        if runner is not None:
            if runner.server is not None:
                # Before `cleanup`, which lets the server hear nothing more: what clients say when
                # their sockets are closed would be waited for in vain.
                await runner.shutdown()
            await runner.cleanup()
        backend, self._own_backend = self._own_backend, None
        if backend is not None:
            await backend.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    @property
    def _root(self) -> str:
        host = _LOOPBACK_ADDRESS if _is_any(self._host) else self._host
        return f"http://{_in_url(host)}:{self._port}"

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


def _check_place(host: object, port: object) -> None:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= _MAX_PORT:
        msg = f"port must be a whole number from 0 to {_MAX_PORT}, got {port!r}"
        raise ConfigurationError(msg, details={"field": "port"})
    if not isinstance(host, str) or not host.strip():
        msg = f"host must be an address or a name to listen on, got {host!r}"
        raise ConfigurationError(msg, details={"field": "host"})


def _cannot_listen(error: OSError, host: str, port: int) -> NetworkError | ConfigurationError:
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        msg = f"cannot listen on {where}: {host!r} is no address of this machine"
        return ConfigurationError(msg, details={"field": "host"})
    if error.errno == errno.EADDRINUSE:
        msg = f"cannot listen on {where}: the port is in use; choose another, or 0 for a free one"
    elif error.errno in {errno.EACCES, errno.EPERM}:
        msg = f"cannot listen on {where}: this user may not; ports from 1024 up are free to take"
    else:
        msg = f"cannot listen on {where}: {error.strerror or error}"
    return NetworkError(msg, cause=error)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _is_any(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_unspecified


def _in_url(host: str) -> str:
    address = _address(host)
    return f"[{host}]" if address is not None and address.version == 6 else host  # noqa: PLR2004
