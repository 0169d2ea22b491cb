"""``--schema``: a JSON schema as a file, or as the text itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast

import typer

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.inference import JsonSchema

SCHEMA_HELP: Final = (
    "The JSON schema that answers must satisfy: a file, or the schema itself, which begins with {."
)
SchemaOption: TypeAlias = Annotated[str | None, typer.Option(metavar="FILE|JSON", help=SCHEMA_HELP)]


def read_schema(given: str | None) -> JsonSchema | None:
    """The schema; `ConfigurationError` where it is none."""
    if given is None:
        return None
    inline = given.lstrip().startswith("{")
    name = "--schema" if inline else f"--schema {given}"
    try:
        value: Any = json.loads(given if inline else Path(given).read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        message = f"{name} cannot be read as JSON: {cause}"
        raise ConfigurationError(message, details={"field": "schema"}) from cause
    if not isinstance(value, dict):
        message = f"{name} must hold a JSON object"
        raise ConfigurationError(message, details={"field": "schema"})
    return cast("JsonSchema", value)
