from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import Enum, IntEnum
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    Union,
)

import attrs
import jsonschema_rs
import pytest
from attrs import define, field, frozen
from attrs.validators import and_, ge, gt, le, lt, max_len, min_len, optional
from typing_extensions import Doc, ReadOnly, TypeAliasType

from overshoot.errors import ConfigurationError
from overshoot.wire.class_schema import schema_of


class Colour(Enum):
    """What it looks like."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(Enum):
    YES = True
    SOME = 2
    NO = None


class Nowhere(Enum):
    ORIGIN = (0, 0)


Metres = NewType("Metres", float)
Names = TypeAliasType("Names", list[str])


@frozen
class Person:
    """Somebody in the picture.

    Of any age.
    """

    name: str
    age: int | None = None


@dataclass
class Scene:
    people: list[Person]
    note: str = dataclass_field(default="", metadata={"description": "anything else"})
    seen: int = dataclass_field(default=0, init=False)
    words: list[str] = dataclass_field(default_factory=list)


class Box(TypedDict, total=False):
    """Where it is."""

    left: Required[float]
    top: ReadOnly[float]


class LabelledBox(Box):
    label: str
    score: NotRequired[float]


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (Metres, {"type": "number"}),
        (Names, {"type": "array", "items": {"type": "string"}}),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}}),
        (frozenset[Person | str], {"type": "array", "items": "..."}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (tuple, {"type": "array"}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (dict, {"type": "object"}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Mapping[str, Any], {"type": "object", "additionalProperties": {}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
        (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),  # noqa: UP007
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (Literal[Colour.RED], {"type": "string", "enum": ["red"]}),
        (
            Colour,
            {
                "description": "What it looks like.",
                "type": "string",
                "enum": ["red", "blue"],
            },
        ),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (Mixed, {"enum": [True, 2, None]}),
    ],
    ids=repr,
)
def test_types(annotation: Any, schema: dict[str, Any]) -> None:
    found = schema_of(annotation)
    if schema.get("items") == "...":
        found["items"] = "..."
    # As text, since 1 == True.
    assert json.dumps(found) == json.dumps(schema)


def test_an_attrs_class() -> None:
    assert schema_of(Person) == {
        "description": "Somebody in the picture.\n\nOf any age.",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["name"],
    }


def test_a_dataclass_with_a_class_inside() -> None:
    schema = schema_of(Scene)
    assert list(schema) == ["type", "properties", "required"]
    assert list(schema["properties"]) == ["people", "note", "words"]
    assert schema["required"] == ["people"]
    assert schema["properties"]["people"] == {"type": "array", "items": schema_of(Person)}
    assert schema["properties"]["note"] == {"type": "string", "description": "anything else"}


def test_a_typed_dict_knows_what_may_be_missing_though_annotations_are_strings() -> None:
    schema = schema_of(LabelledBox)
    assert sorted(schema["required"]) == ["label", "left"]
    assert set(schema["properties"]) == {"left", "top", "label", "score"}
    assert schema_of(Box)["required"] == ["left"]
    assert schema_of(Box)["description"] == "Where it is."


@frozen
class Ruled:
    count: int = field(validator=[ge(0), lt(10)])
    share: float = field(default=0.5, validator=and_(gt(0.0), le(1.0)))
    name: str = field(default="", validator=max_len(3), metadata={"description": "short"})
    rest: int | None = field(default=None, validator=optional(ge(1)))
    tags: Annotated[list[str], min_len(1), max_len(2)] = field(factory=list)
    near: Annotated[float, ge(-1), Doc("metres")] = 0.0
    _hidden: Annotated[int, "not so hidden"] = 3
    made: int = field(default=1, init=False)


@frozen
class Untyped:
    what = attrs.field(default=None)  # type: ignore[var-annotated]


def test_limits_and_descriptions() -> None:
    assert schema_of(Ruled)["properties"] == {
        "count": {"type": "integer", "minimum": 0, "exclusiveMaximum": 10},
        "share": {"type": "number", "exclusiveMinimum": 0.0, "maximum": 1.0},
        "name": {"type": "string", "maxLength": 3, "description": "short"},
        "rest": {"anyOf": [{"type": "integer"}, {"type": "null"}], "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        "near": {"type": "number", "minimum": -1, "description": "metres"},
        "hidden": {"type": "integer", "description": "not so hidden"},
    }
    assert schema_of(Untyped)["properties"] == {"what": {}}


class AtLeast:
    """As the `annotated_types` package writes it, which need not be installed."""

    ge = 2


def test_constraints_of_annotated_types() -> None:
    assert schema_of(Annotated[int, AtLeast()]) == {"type": "integer", "minimum": 2}


@define
class Node:
    value: int
    children: list[Node]


@define
class Mutable:
    name: str


@frozen
class Dated:
    name: str
    days: list[datetime]


@frozen
class Deep:
    dated: dict[str, Dated | None]


@frozen
class Lost:
    what: Unheard  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Started:
    count: int
    start: InitVar[int]


@pytest.mark.parametrize(
    ("annotation", "place", "why"),
    [
        (Dated, "Dated.days[]", "is datetime"),
        (Deep, "Deep.dated[...].days[]", "is datetime"),
        (Node, "Node.children[]", "contains Node again"),
        (set[Mutable], "set[", "freeze the class"),
        (set[list[int]], "set[", "cannot be hashed"),
        (dict[int, str], "dict[int, str]", "keys of int"),
        (Nowhere, "Nowhere", "(0, 0)"),
        (Lost, "Lost", "Unheard"),
        (Started, "Started", "start is an InitVar"),
        (bytes, "bytes", "is bytes"),
        (type[int], "type[int]", "is type[int]"),
    ],
    ids=repr,
)
def test_what_has_no_schema_is_named_with_what_would(annotation: Any, place: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schema_of(annotation)
    assert f"output_schema: {place}" in caught.value.message
    assert why in caught.value.message
    assert "supported are str, int" in caught.value.message
    assert caught.value.details["field"] == "output_schema"


@pytest.mark.parametrize("annotation", [Person, Scene, LabelledBox, Ruled, tuple[int, str], Mixed])
def test_every_schema_is_a_json_schema(annotation: Any) -> None:
    jsonschema_rs.meta.validate(json.loads(json.dumps(schema_of(annotation))))
