"""The options with which every command names the gateway that is to answer."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from overshoot.errors import ConfigurationError

ApiUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(envvar="OVERSHOOT_API_URL", help="Ask this gateway; by default, nobody outside."),
]
ApiKey: TypeAlias = Annotated[
    str | None, typer.Option(envvar="OVERSHOOT_API_KEY", help="Its key.", show_envvar=True)
]


def gateway_named(api_url: str | None, api_key: str | None) -> tuple[str, str] | None:
    """Address and key; None where no gateway is named. `ConfigurationError` without a key."""
    if api_url is None:
        return None
    if api_key is None:
        message = "--api-url needs --api-key, or OVERSHOOT_API_KEY in the environment"
        raise ConfigurationError(message, details={"field": "api_key"})
    return api_url, api_key
