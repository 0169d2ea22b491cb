"""Where the layers of a configuration are read: the environment and the two files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from overshoot.domain.configuration import (
    Configuration,
    Given,
    Layer,
    configuration,
    from_environment,
    from_flags,
)
from overshoot.domain.configuration_file import FILE_NAME, from_toml
from overshoot.errors import ConfigurationError

FILE_VARIABLE: Final = "OVERSHOOT_CONFIG"


def in_force(flags: Mapping[str, Any]) -> Configuration:
    """What is in force beside these flags; `ConfigurationError` for what is wrong in a layer."""
    return configuration(
        [
            from_flags(flags),
            from_environment(os.environ),
            _project_file(),
            _layer(user_file(), Layer.USER_FILE),
        ]
    )


def user_file() -> Path:
    """The user's own file, which need not be there."""
    from platformdirs import user_config_path

    return user_config_path("overshoot", appauthor=False) / FILE_NAME


def project_file() -> Path:
    """The file of the working directory, or the one that OVERSHOOT_CONFIG names."""
    return Path(os.environ.get(FILE_VARIABLE, "").strip() or FILE_NAME)


def _project_file() -> dict[str, Given]:
    path = project_file()
    named = bool(os.environ.get(FILE_VARIABLE, "").strip())
    if named and not path.is_file():
        raise _unreadable(path, f"{FILE_VARIABLE} names it, and there is no such file")
    if not named:
        _refuse_a_strangers(path)
    return _layer(path, Layer.PROJECT_FILE)


def _refuse_a_strangers(path: Path) -> None:
    """In a shared folder such as /tmp anybody could say which gateway is told our key."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return
    if os.name == "posix" and os.geteuid() != 0 and owner not in {0, os.geteuid()}:
        how = f"set {FILE_VARIABLE}={path} to trust it"
        raise _unreadable(path.absolute(), f"it belongs to another user: {how}")


def _layer(path: Path, layer: Layer) -> dict[str, Given]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as cause:
        raise _unreadable(path, getattr(cause, "strerror", None) or "it is no UTF-8") from cause
    return from_toml(text, str(path), layer, path.parent)


def _unreadable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path} is not read: {why}", details={"field": str(path)})
