"""The gateway's address and key where a caller has not given them: environment, or a .env file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from overshoot.errors import ConfigurationError

URL_VARIABLE: Final = "OVERSHOOT_API_URL"
KEY_VARIABLE: Final = "OVERSHOOT_API_KEY"


def api_url_or_default(given: str | None) -> str:
    """``given``; for None the value of OVERSHOOT_API_URL, see `_value`."""
    return _value("api_url", URL_VARIABLE) if given is None else given


def api_key_or_default(given: str | None) -> str:
    """``given``; for None the value of OVERSHOOT_API_KEY, see `_value`."""
    return _value("api_key", KEY_VARIABLE) if given is None else given


def _value(field: str, variable: str) -> str:
    """From the environment or else, with python-dotenv, from ``.env`` in the working directory.

    An empty value counts as none. The folders above the working directory are not looked at: an
    address found in a shared folder above, such as /tmp, would be told the key.

    Raises:
        ConfigurationError: there is none.
    """
    value = os.environ.get(variable, "").strip() or _from_file(variable)
    if value:
        return value
    message = f"{field} is missing: give it, or set {variable} in the environment"
    if Path(".env").is_file() and not _dotenv_installed():
        message += "; a .env file is there, which needs python-dotenv to be read"
    raise ConfigurationError(message, details={"field": field, "variable": variable})


def _from_file(variable: str) -> str:
    if not Path(".env").is_file():
        return ""
    try:
        from dotenv import dotenv_values
    except ImportError:
        return ""
    try:
        # "$" is a character like others in a key.
        values = dotenv_values(".env", interpolate=False)
    except (OSError, UnicodeDecodeError) as cause:
        message = f"{variable} is not set, and .env cannot be read ({type(cause).__name__})"
        raise ConfigurationError(message, details={"variable": variable}) from cause
    return (values.get(variable) or "").strip()


def _dotenv_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("dotenv") is not None
