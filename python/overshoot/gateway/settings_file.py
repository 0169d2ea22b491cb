"""A gateway's settings from a TOML file.

The keys are the names of `GatewaySettings`, its parts are tables::

    public_address = "203.0.113.7"
    udp_ports = [50000, 50099]
    allowed_origins = ["https://app.example.org"]
    store = "sqlite:///actions.db"

    [limits]
    tokens_per_second = 256

    [tracking]
    max_gap_seconds = 3

    [evidence]
    folder = "clips"

    [[ice_servers]]
    urls = "stun:stun.example.org:3478"

    [turn]
    urls = ["turn:turn.example.org:3478?transport=udp"]
    secret = "shared with the TURN server"

    [whip.default]
    prompt = "What is the person doing?"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from attrs import AttrsInstance, fields

from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.motion import MotionSettings
from overshoot.domain.stream import IceServer
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule
from overshoot.domain.turn import TurnSecret
from overshoot.errors import ConfigurationError
from overshoot.gateway.settings import GatewaySettings
from overshoot.gateway.whip_profile import WhipProfile
from overshoot.wire import Limits
from overshoot.wire.json_text import is_array, is_object

_PARTS: dict[str, type[AttrsInstance]] = {
    "limits": Limits,
    "turn": TurnSecret,
    "motion": MotionSettings,
    "buffer": BufferLimits,
    "evidence": EvidenceSettings,
    "tracking": TrackingRule,
}


def read_settings(path: Path) -> dict[str, Any]:
    """The arguments for `GatewaySettings` in that file; `ConfigurationError` says what is wrong.

    Messages name keys and never values, among which are secrets.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _fault(path, error.strerror or str(error)) from error
    except ValueError as error:
        # The place and the reason; the text itself is not in it.
        raise _fault(path, f"is no TOML: {error}") from error
    unknown = sorted(set(values) - {a.name for a in fields(GatewaySettings)})
    if unknown:
        raise _fault(path, f"{unknown[0]!r} is no setting of a gateway")
    for name, value in values.items():
        if name in _PARTS:
            values[name] = _part(path, name, _PARTS[name], value)
        elif name == "ice_servers":
            values[name] = [_part(path, name, IceServer, server) for server in value]
        elif name == "whip":
            values[name] = _profiles(path, value)
        elif is_array(value):
            values[name] = tuple(value)
    return values


def _profiles(path: Path, value: Any) -> dict[str, WhipProfile]:
    if not is_object(value):
        raise _fault(path, "'whip' must be a table of tables, such as [whip.default]")
    return {name: _part(path, f"whip.{name}", WhipProfile, each) for name, each in value.items()}


def _part(path: Path, name: str, kind: type[AttrsInstance], value: Any) -> Any:
    if not is_object(value):
        raise _fault(path, f"{name!r} must be a table")
    try:
        if kind is TrackingRule and is_object(overrides := value.get("overrides", {})):
            told = {name: TrackingOverrides(**own) for name, own in overrides.items()}
            return TrackingRule(**{**value, "overrides": told})
        return kind(**value)
    except TypeError as error:
        known = ", ".join(a.name for a in fields(kind))
        raise _fault(
            path, f"[{name}] takes {known}; a key is missing or not one of them"
        ) from error


def _fault(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"settings file {path}: {why}", details={"field": str(path)})
