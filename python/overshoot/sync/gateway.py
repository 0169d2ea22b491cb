"""`LocalGateway` without ``async``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from overshoot.sync.loop_thread import LoopThread
from overshoot.sync.started_context import StartedContext

if TYPE_CHECKING:
    from overshoot.domain.backends import BackendChoice
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock
    from overshoot.ports.credits import Credits
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.store import Store
    from overshoot.ports.tracing import Tracing


class LocalGateway(StartedContext):
    """`overshoot.gateway.LocalGateway` for programs without an event loop; see `overshoot.sync`."""

    def __init__(
        self,
        *,
        settings: GatewaySettings | None = None,
        backend: InferenceBackend | BackendChoice | str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        accounts: Credits | None = None,
        store: Store | None = None,
        tracing: Tracing | None = None,
        clock: Clock | None = None,
    ) -> None:
        from overshoot.gateway.local import LocalGateway as Gateway

        self._inner = Gateway(
            settings=settings,
            backend=backend,
            host=host,
            port=port,
            accounts=accounts,
            store=store,
            tracing=tracing,
            clock=clock,
        )
        self._thread = LoopThread("overshoot-sync-gateway", self._inner.stop)

    @property
    def settings(self) -> GatewaySettings:
        """Doors, limits and deadlines."""
        return self._inner.settings

    @property
    def api_key(self) -> str:
        """The first key that is let in."""
        return self._inner.api_key

    @property
    def port(self) -> int:
        """The port it listens on; 0 until it was started, if a free one was asked for."""
        return self._inner.port

    @property
    def url(self) -> str:
        """Where clients find it, such as ``http://127.0.0.1:8080/api/v0.2``."""
        return self._inner.url

    @property
    def console_url(self) -> str | None:
        """Where people find its page, which asks for a key; None where it is not served."""
        return self._inner.console_url

    def start(self) -> Self:
        """Listen. A second call does nothing."""
        self._thread.begin(self._inner.start)
        return self

    def stop(self) -> None:
        """End all streams and free everything, in less than 5 s. A second call does nothing."""
        self._thread.close()
