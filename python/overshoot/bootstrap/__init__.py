"""The composition root: the only module that picks adapters.

Adapters, and the heavy packages behind them (aiohttp, aiortc, av, cv2), load inside the functions,
so that ``import overshoot`` stays light.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overshoot.bootstrap.checkups import checks as checks
from overshoot.bootstrap.sources import open_source as open_source
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.adapters.transports.webrtc.track import FrameTrack
    from overshoot.domain.backends import BackendChoice, BackendOptions
    from overshoot.domain.camera import Camera
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.domain.frame import Frame, Pixels
    from overshoot.domain.pushed import GivenPicture
    from overshoot.domain.stream import IceServer
    from overshoot.log import LogLevel, LogStyle
    from overshoot.ports.action_format import ActionFormat
    from overshoot.ports.clock import Clock
    from overshoot.ports.evidence import ClipRecorder, EvidenceShelf
    from overshoot.ports.gateway_requests import GatewayRequests
    from overshoot.ports.hands import HandFinder
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.store import Store
    from overshoot.ports.tracing import Tracing
    from overshoot.ports.transport import FrameFeed, Transport


def show_debug() -> None:
    """Print the package's own log to stderr, without keys and pictures."""
    from overshoot.log import show_debug

    show_debug()


def write_log(style: LogStyle, level: LogLevel) -> None:
    """Print the program's log to stderr; for programs of our own."""
    from overshoot.log import write_log

    write_log(style, level)


def system_clock() -> Clock:
    """The clock of this machine."""
    from overshoot.adapters.clocks import SystemClock

    return SystemClock()


def gateway_requests(api_url: str, api_key: str) -> GatewayRequests:
    """HTTP to a gateway; `ConfigurationError` for an address or key that cannot be one."""
    from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi

    return GatewayApi(api_url, api_key)


def webrtc_transports(
    api_url: str, api_key: str, *, ice_servers: Sequence[IceServer] = (), steady: bool = False
) -> Callable[[], Transport]:
    """Makes transports to a gateway over WebRTC, each for one stream.

    ``steady`` is for recordings: pictures are encoded alike each time, at the best quality.

    `ConfigurationError` as for `gateway_requests`, now and not at the first stream.
    """
    from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi
    from overshoot.adapters.transports.webrtc.transport import WebRtcTransport

    GatewayApi(api_url, api_key)
    return lambda: WebRtcTransport(
        GatewayApi(api_url, api_key), ice_servers=ice_servers, steady=steady
    )


def decode_jpeg(data: GivenPicture, side: int | None = None) -> Pixels:
    """BGR pixels of a JPEG, scaled down to ``side`` where that is given; `FrameError` if none."""
    from overshoot.adapters import jpeg
    from overshoot.adapters.sources.incoming import decode_jpeg

    return decode_jpeg(data) if side is None else jpeg.within(decode_jpeg(data), side)


def encode_jpeg(frame: Frame, *, side: int, quality: int) -> bytes:
    """A frame as a JPEG whose longer side is ``side`` at most; takes milliseconds."""
    from overshoot.adapters import jpeg

    return jpeg.encode_jpeg(jpeg.within(jpeg.in_bgr(frame), side), quality)


def video_track(feed: FrameFeed, on_drained: Callable[[], None]) -> FrameTrack:
    """An aiortc track that gives each frame of ``feed`` once."""
    from overshoot.adapters.transports.webrtc.track import FrameTrack

    return FrameTrack(feed, on_drained)


def chosen_backend(name: str, options: BackendOptions | None = None) -> BackendChoice:
    """What a name means: ``local``, ``openai``, ``gemini`` or ``module:function``.

    What ``options`` leave out comes from the environment (OVERSHOOT_BACKEND_URL, …_MODEL, …_KEY).
    `ConfigurationError` where there is none of that name, or something is missing or too much.
    """
    from overshoot.adapters.inference.choosing import chosen_backend

    return chosen_backend(name, options)


def inference_backend(choice: BackendChoice | str) -> InferenceBackend:
    """A backend by name or description; see `chosen_backend` and `overshoot.domain.backends`."""
    from overshoot.adapters.inference.opening import open_backend

    described = chosen_backend(choice) if isinstance(choice, str) else choice
    return open_backend(described, system_clock())


def hand_finder() -> HandFinder:
    """Follows hands with the networks of the local backend.

    Raises `ModelsMissingError` when they are not installed; the message says what to do.
    """
    from overshoot.adapters.inference.local.hand_finder import LocalHandFinder
    from overshoot.adapters.inference.local.weights import default_weights_dir

    return LocalHandFinder(default_weights_dir())


def pull_models(wheel: Path | None, on_progress: Callable[[str], None]) -> Path:
    """Fetch the networks of the local backend, once; the folder they lie in.

    Raises `InferenceError` when they cannot be had; the message says what to do.
    """
    from overshoot.adapters.inference.local.pulling import pull

    return pull(wheel=wheel, on_progress=on_progress).folder


def memory_store(most: int | None = None) -> Store:
    """A store that forgets everything when the program ends, and what is older than the newest
    ``most`` before that."""
    from overshoot.adapters.stores.memory import MemoryStore

    return MemoryStore(system_clock(), most=most)


def open_store(url: str) -> Store:
    """The store at an address: ``sqlite:///relative.db``, ``sqlite:////absolute.db``,
    ``postgresql://user@host/database``.

    Raises:
        ConfigurationError: the address is none; the message repeats its scheme at most, for there
            may be a password in it. Or the extra for its database is not installed.
        StoreError: it cannot be opened.
    """
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,30}(?=://)", url)
    make = _STORES.get(scheme[0]) if scheme else None
    if make is None:
        message = (
            f"{f'{scheme[0]}://' if scheme else 'that'} is no address of a store; there are"
            " sqlite:///file.db and postgresql://user@host/database"
        )
        raise ConfigurationError(message, details={"field": "store", "known": list(_STORES)})
    return make(url)


def _sqlite_store(url: str) -> Store:
    path = url.partition("://")[2]
    if not path.startswith("/") or path in {"/", "/:memory:"}:
        message = (
            "a file of SQLite is given as sqlite:///relative.db or sqlite:////absolute.db;"
            " ActionStore() keeps actions in memory"
        )
        raise ConfigurationError(message, details={"field": "store"})
    from overshoot.adapters.stores.sqlite import SqliteStore

    return SqliteStore(path[1:], clock=system_clock())


def _postgres_store(url: str) -> Store:
    try:
        from overshoot.adapters.stores.postgres import PostgresStore
    except ImportError as cause:
        message = (
            "a store in PostgreSQL needs psycopg, which cannot be loaded; install the extra:"
            " pip install 'overshoot-sdk[postgres]'"
        )
        raise ConfigurationError(message, details={"field": "store"}) from cause
    return PostgresStore(url, clock=system_clock())


_STORES: dict[str, Callable[[str], Store]] = {
    "sqlite": _sqlite_store,
    "postgresql": _postgres_store,
    "postgres": _postgres_store,
}


def otel_tracing(provider: Any = None) -> Tracing:
    """Spans of OpenTelemetry, by its ``TracerProvider`` or by the one that the program has set.

    `ConfigurationError` where the extra is not installed.
    """
    from overshoot.adapters.telemetry.opening import otel_tracing

    return otel_tracing(provider, system_clock())


def otel_exporting() -> AbstractContextManager[Tracing]:
    """The same, sent over OTLP/HTTP as ``OTEL_…`` in the environment says, until it is left."""
    from overshoot.adapters.telemetry.opening import otel_exporting

    return otel_exporting(system_clock())


def parquet_format() -> ActionFormat:
    """Files of actions in Parquet; `ConfigurationError` where its extra is not installed."""
    try:
        from overshoot.adapters.formats.parquet import Parquet
    except ImportError as cause:
        message = (
            "the format 'parquet' needs pyarrow, which cannot be loaded; install the extra:"
            " pip install 'overshoot-sdk[parquet]'"
        )
        raise ConfigurationError(message, details={"field": "format"}) from cause
    return Parquet()


def clip_recorder(config: EvidenceConfig, *, patient: bool) -> ClipRecorder:
    """Encodes what passes; ``patient`` where nothing is lost by waiting for it."""
    from overshoot.adapters.evidence.av_recorder import AvRecorder

    return AvRecorder(config, patient=patient)


def evidence_shelf(config: EvidenceConfig, session_id: str) -> EvidenceShelf:
    """A session's part of the folder; `ConfigurationError` for an id that could be a path."""
    from overshoot.adapters.evidence.folder import EvidenceFolderShelf

    return EvidenceFolderShelf(config, session_id)


def cameras() -> list[Camera]:
    """The cameras of this machine, with their modes where the system tells them."""
    from overshoot.adapters.sources.listed_cameras import list_cameras

    return list_cameras()
