"""The composition root: the only module that picks adapters.

Adapters, and the heavy packages behind them (aiohttp, aiortc, av, cv2), load inside the functions,
so that ``import overshoot`` stays light.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overshoot.domain.source import (
    CameraSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.stream import IceServer
    from overshoot.ports.clock import Clock
    from overshoot.ports.gateway_requests import GatewayRequests
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.source import Source
    from overshoot.ports.transport import Transport


def show_debug() -> None:
    """Print the package's own log to stderr, without keys and pictures."""
    from overshoot.log import show_debug

    show_debug()


def system_clock() -> Clock:
    """The clock of this machine."""
    from overshoot.adapters.clocks import SystemClock

    return SystemClock()


def gateway_requests(api_url: str, api_key: str) -> GatewayRequests:
    """HTTP to a gateway; `ConfigurationError` for an address or key that cannot be one."""
    from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi

    return GatewayApi(api_url, api_key)


def webrtc_transport(
    api_url: str, api_key: str, *, ice_servers: Sequence[IceServer] = ()
) -> Transport:
    """A stream to a gateway over WebRTC; `ConfigurationError` as for `gateway_requests`."""
    from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi
    from overshoot.adapters.transports.webrtc.transport import WebRtcTransport

    return WebRtcTransport(GatewayApi(api_url, api_key), ice_servers=ice_servers)


def _camera(spec: CameraSource) -> Source:
    from overshoot.adapters.sources.opencv_camera import OpenCvCamera

    return OpenCvCamera(spec)


def _file(spec: VideoFileSource) -> Source:
    from overshoot.adapters.sources.opencv_file import OpenCvFile

    return OpenCvFile(spec)


def _folder(spec: ImageFolderSource) -> Source:
    from overshoot.adapters.sources.image_folder import ImageFolder

    return ImageFolder(spec)


def _url(spec: UrlSource) -> Source:
    from overshoot.adapters.sources.url import OpenCvUrl

    return OpenCvUrl(spec)


def _synthetic(spec: SyntheticSource) -> Source:
    from overshoot.adapters.sources.synthetic import SyntheticScene

    return SyntheticScene(spec)


_SOURCES: dict[type[Any], Callable[[Any], Source]] = {
    CameraSource: _camera,
    VideoFileSource: _file,
    ImageFolderSource: _folder,
    UrlSource: _url,
    SyntheticSource: _synthetic,
}


def open_source(spec: StreamSource) -> Source:
    """The adapter for a source; it is not opened yet."""
    make = _SOURCES.get(type(spec))
    if make is None:
        known = ", ".join(kind.__name__ for kind in _SOURCES)
        message = f"source must be one of {known}, got {type(spec).__name__}"
        raise ConfigurationError(message, details={"field": "source"})
    return make(spec)


def inference_backend(name: str) -> InferenceBackend:
    """A backend by name: ``local`` answers from pixels on this machine."""
    if name != "local":
        message = f"no backend is called {name!r}; there is: local"
        raise ConfigurationError(message, details={"field": "backend"})
    from overshoot.adapters.inference.local import LocalBackend

    return LocalBackend()


def pull_models(wheel: Path | None, on_progress: Callable[[str], None]) -> Path:
    """Fetch the hand networks of the local backend, once; the folder they lie in.

    Raises `InferenceError` when they cannot be had; the message says what to do.
    """
    from overshoot.adapters.inference.local.pulling import pull

    return pull(wheel=wheel, on_progress=on_progress).folder
