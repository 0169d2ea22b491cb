"""The words the schemas of the document are written in."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
FILLED: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object", "additionalProperties": True}


def ref(name: str) -> Schema:
    """A schema of the document's by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """``schema`` or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def array(items: Schema) -> Schema:
    """Any number of them."""
    return {"type": "array", "items": items}


def one_of(*words: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words)}


def record(fields: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object in an answer: clients must expect more fields than these."""
    required = [name for name in fields if name not in optional]
    found: Schema = {"type": "object", "properties": fields}
    return {**found, "required": required} if required else found


def closed(fields: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object in a request that takes no other fields."""
    return {**record(fields, optional=optional), "additionalProperties": False}
