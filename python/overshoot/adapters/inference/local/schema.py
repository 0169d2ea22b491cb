"""JSON schemas: read once, refuse what cannot be used, and check the answer at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from overshoot.errors import InferenceError
from overshoot.wire.schema import CompiledSchema, UnusableSchemaError, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot.domain.inference import JsonSchema

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
_MOST_REFERENCES = 16
_LONGEST_MESSAGE = 200


class AnswerSchema:
    """A schema that an answer must satisfy.

    Raises:
        InferenceError: it is no JSON schema, or refers to something outside itself.
    """

    def __init__(self, schema: JsonSchema) -> None:
        try:
            self._compiled = CompiledSchema(schema)
        except UnusableSchemaError as error:
            message = f"output_schema cannot be used: {error}"
            raise InferenceError(message) from error
        self.root: dict[str, Any] = self._compiled.root

    def check(self, answer: Json) -> None:
        """Raises InferenceError, saying where, unless the answer satisfies the schema."""
        for fault in self._compiled.faults(answer):
            raise InferenceError(
                "the local backend cannot answer in this output_schema without guessing: "
                f"at {fault}; allow null there, or add a value such as "
                '"none" or "unknown" to the enum'
            )

    def resolved(self, schema: Any) -> dict[str, Any]:
        """The schema itself with local references followed and ``allOf`` merged in."""
        node = _as_object(schema)
        for _ in range(_MOST_REFERENCES):
            if "$ref" not in node and "allOf" not in node:
                return node
            rest = {key: value for key, value in node.items() if key not in {"$ref", "allOf"}}
            parts = [self._target(str(node["$ref"]))] if "$ref" in node else []
            parts += [_as_object(part) for part in node.get("allOf", [])]
            node = _merged([*parts, rest])
        raise InferenceError("output_schema cannot be used: its references lead round in a circle")

    def _target(self, reference: str) -> dict[str, Any]:
        named = shortened(reference, _LONGEST_MESSAGE)
        if not reference.startswith("#"):
            raise InferenceError(
                f"output_schema cannot be used: {named} points outside it; "
                "use $defs and references that begin with #/"
            )
        target: Any = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            inside = _as_object(target)
            key = step.replace("~1", "/").replace("~0", "~")
            if key not in inside:
                raise InferenceError(f"output_schema cannot be used: {named} points nowhere")
            target = inside[key]
        return _as_object(target)


def _as_object(schema: Any) -> dict[str, Any]:
    """``true`` means anything; ``false``, nothing, fails in the final check."""
    return cast("dict[str, Any]", schema) if isinstance(schema, dict) else {}


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One schema of several, as far as walking it needs: the check at the end has the last word."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key == "properties" and isinstance(value, dict):
                whole[key] = {**whole.get(key, {}), **value}
            elif key == "required" and isinstance(value, list):
                whole[key] = [*whole.get(key, []), *value]
            else:
                whole[key] = value
    return whole


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def words_in(node: Mapping[str, Any]) -> list[Any]:
    """The values of an ``enum`` or a ``const``; empty where there is neither."""
    if "const" in node:
        return [node["const"]]
    words: object = node.get("enum")
    return words if _is_list(words) else []


def types_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The types a schema allows; what is meant where it names none."""
    named: object = node.get("type")
    if isinstance(named, str):
        return (named,)
    if _is_list(named):
        return tuple(str(name) for name in named)
    if "properties" in node:
        return ("object",)
    if "items" in node or "prefixItems" in node:
        return ("array",)
    return ()
