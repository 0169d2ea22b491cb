"""Whom a command asks: a gateway somewhere, or a backend in this process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from overshoot.domain.configuration import Layer
from overshoot.domain.stream import (
    DEFAULT_MODEL,
    FrameProcessingConfig,
    IceServer,
    ProcessingConfig,
    StreamProcessingConfig,
)
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.backends import BackendChoice
    from overshoot.domain.configuration import Configuration

LOCAL = "local"
_CLIP = ("target_fps", "clip_length_seconds", "delay_seconds")


@frozen
class Gateway:
    """A gateway somewhere else."""

    url: str
    key: str = field(repr=False)


@frozen
class WhoAnswers:
    """A gateway, or a backend in this process.

    Attributes:
        gateway: None where a backend answers.
        backend: None where a gateway answers.
        model: who is asked there.
        ice_servers: what helps to reach the gateway.
    """

    gateway: Gateway | None
    backend: BackendChoice | None
    model: str
    ice_servers: tuple[IceServer, ...] = ()

    @property
    def place(self) -> str:
        """Where that is, for people."""
        return "this process" if self.gateway is None else self.gateway.url

    def options(self) -> dict[str, Any]:
        """What `RealtimeVisionConfig` and `ActionDetectorConfig` take for it."""
        if self.gateway is None:
            return {"inference": self.backend, "model": self.model}
        return {
            "api_url": self.gateway.url,
            "api_key": self.gateway.key,
            "model": self.model,
            "ice_servers": self.ice_servers,
        }


def who_answers(configuration: Configuration) -> WhoAnswers:
    """Whom to ask: the gateway, where one is in force and no backend is named nearer.

    Raises `ConfigurationError` where both are named in one place, a key is missing or cannot be
    read, or the backend lacks something.
    """
    settings = configuration.settings
    gateway = gateway_in_force(configuration)
    if gateway is not None:
        model = settings.model or DEFAULT_MODEL
        return WhoAnswers(gateway, None, model, ice_servers(configuration))
    name = settings.backend or LOCAL
    return WhoAnswers(None, backend_in_force(configuration), settings.model or name)


def gateway_in_force(configuration: Configuration) -> Gateway | None:
    """The gateway; None where none is named, or a backend is named nearer."""
    settings = configuration.settings
    if settings.api_url is None or configuration.nearer("backend", "api_url"):
        return None
    if settings.backend is not None and not configuration.nearer("api_url", "backend"):
        places = configuration.origin("api_url").place, configuration.origin("backend").place
        message = f"{places[0]} and {places[1]} both say who answers; give one of them"
        raise ConfigurationError(message, details={"field": "api_url"})
    key = secret(configuration, "api_key")
    if key is None:
        message = (
            "--api-url needs --api-key, or OVERSHOOT_API_KEY in the environment, or a file that"
            " --api-key-file names"
        )
        raise ConfigurationError(message, details={"field": "api_key"})
    return Gateway(settings.api_url, key)


def backend_in_force(configuration: Configuration) -> BackendChoice:
    """The backend in this process; the local one where none is named."""
    from overshoot import bootstrap
    from overshoot.domain.backends import BackendOptions

    settings = configuration.settings
    name = settings.backend or LOCAL
    if ":" in name:
        # As `python -m` does: a function of the user's is mostly in the folder they stand in.
        sys.path.insert(0, str(Path.cwd()))
    remote = name in {"openai", "gemini"}
    by_file = not configuration.nearer("backend_key", "backend_key_file")

    def given(option: str) -> Any:
        # What a file says for another backend is passed over; a flag that is of no use is told.
        flagged = configuration.origin(option).layer is Layer.FLAG
        return getattr(settings, option) if remote or flagged else None

    return bootstrap.chosen_backend(
        name,
        BackendOptions(
            url=given("backend_url"),
            model=settings.model if remote else None,
            key_file=given("backend_key_file") if by_file else None,
        ),
    )


def ice_servers(configuration: Configuration) -> tuple[IceServer, ...]:
    """The STUN and TURN servers, these with user and password."""
    settings = configuration.settings
    credential = secret(configuration, "turn_credential") if settings.ice_servers else None
    return tuple(
        IceServer(url, settings.turn_username, credential)
        if url.lower().startswith("turn")
        else IceServer(url)
        for url in settings.ice_servers
    )


def secret(configuration: Configuration, name: str) -> str | None:
    """A secret that was said, or the text of the file that was named for it; the nearer wins."""
    said: str | None = getattr(configuration.settings, name)
    path: Path | None = getattr(configuration.settings, f"{name}_file")
    if path is None or (said is not None and not configuration.nearer(f"{name}_file", name)):
        return said
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as cause:
        message = f"{name}_file {path} cannot be read ({type(cause).__name__})"
        raise ConfigurationError(message, details={"field": f"{name}_file"}) from cause
    if not text:
        raise ConfigurationError(f"{name}_file {path} is empty", details={"field": f"{name}_file"})
    return text


def sampling_in_force(
    configuration: Configuration, usual: StreamProcessingConfig
) -> ProcessingConfig:
    """What the model is shown; what nobody has said is as ``usual`` has it.

    Clips and single stills go not together: the one that was said nearer counts.
    """
    settings = configuration.settings
    said = [name for name in _CLIP if getattr(settings, name) is not None]
    interval = settings.interval_seconds
    if interval is not None:
        nearest = min((configuration.origin(name).layer for name in said), default=Layer.DEFAULT)
        mine = configuration.origin("interval_seconds")
        if mine.layer < nearest:
            return FrameProcessingConfig(interval_seconds=interval)
        if mine.layer == nearest:
            message = f"{mine.place} asks about single stills, {said[0]} about clips; give one"
            raise ConfigurationError(message, details={"field": "interval_seconds"})
    return evolve(usual, **{name: getattr(settings, name) for name in said})
