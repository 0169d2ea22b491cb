from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType, NotRequired, Self, TypedDict, cast

import pytest
from attrs import define, field, frozen
from attrs.validators import ge, le
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.answer import AnswerReader, Parsed
from overshoot.errors import ConfigurationError
from overshoot.wire.typed_answers import answer_reader

Share = NewType("Share", float)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@frozen
class Person:
    """Somebody in the picture."""

    name: str
    age: int | None = None
    _id: int = field(default=0, validator=[ge(0), le(99)])


class Box(TypedDict):
    left: float
    owner: NotRequired[Person]


@dataclass(kw_only=True)
class Answer:
    count: int
    ok: bool = False
    colour: Colour = Colour.BLUE
    level: Level = Level.LOW
    share: Share = Share(0.5)
    word: Literal["yes", 1, Colour.RED] = "yes"
    people: list[Person] = dataclass_field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    row: tuple[float, ...] = ()
    numbers: Sequence[int] = ()
    names: frozenset[str] = frozenset()
    crowd: frozenset[Person] = frozenset()
    scores: Mapping[str, float] | None = None
    box: Box | None = None
    thing: Person | Box | str | None = None
    any: Any = None
    bounded: Annotated[int, ge(1)] = 1


FULL = {
    "count": 3.0,
    "ok": True,
    "colour": "red",
    "level": 2.0,
    "share": 1,
    "word": "red",
    "people": [{"name": "Ann", "age": 4, "id": 7, "height": 1.7}],
    "pair": [1, "a"],
    "row": [1, 2.5],
    "numbers": [1, 2],
    "names": ["a", "a"],
    "crowd": [{"name": "Bob"}],
    "scores": {"a": 1},
    "box": {"left": 1, "owner": {"name": "Cy"}, "more": []},
    "thing": {"left": 2, "owner": {"name": "Dee"}},
    "any": [{"x": None}],
    "bounded": 2,
    "unknown": "is tolerated",
}


def read(kind: Any, value: Any) -> Parsed[Any]:
    reader: AnswerReader[Any] = answer_reader(kind)
    return reader.read(json.dumps(value))


def problem(kind: Any, value: Any) -> str:
    found = read(kind, value)
    assert found.value is None
    return found.problem or ""


def test_json_becomes_objects() -> None:
    found = cast("Any", read(Answer, FULL).value)
    assert type(found.count) is int
    assert type(found.share) is float
    assert found.level is Level.HIGH
    assert found.word is Colour.RED
    assert list(found.numbers) == [1, 2]
    assert found.people == [Person("Ann", 4, 7)]
    assert found.box == {"left": 1.0, "owner": Person("Cy"), "more": []}
    assert found.thing == {"left": 2.0, "owner": Person("Dee")}
    assert (found.pair, found.row, found.names) == ((1, "a"), (1.0, 2.5), {"a"})
    assert (found.crowd, found.scores) == ({Person("Bob")}, {"a": 1.0})
    assert (found.any, found.bounded, found.colour) == ([{"x": None}], 2, Colour.RED)


def test_what_is_left_out_has_its_default() -> None:
    assert read(Answer, {"count": 1}).problem is None
    assert read(Person, {"name": "Ann"}) == Parsed(Person("Ann"))
    assert read(Box, {"left": 1}) == Parsed({"left": 1.0})


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"count": "3"}, "$.count: expected integer, got '3'"),
        ({"count": 3.5}, "$.count: expected integer, got 3.5"),
        ({"count": True}, "$.count: expected integer, got True"),
        ({"count": None}, "$.count: expected integer, got None"),
        ({"ok": 1}, "$.ok: expected boolean, got 1"),
        ({"ok": "true"}, "$.ok: expected boolean, got 'true'"),
        ({"colour": "RED"}, "$.colour: expected one of 'red', 'blue', got 'RED'"),
        ({"level": True}, "$.level: expected integer, got True"),
        ({"word": True}, "$.word: expected one of 'yes', 1, 'red', got True"),
        ({"people": [{"name": 1}]}, "$.people[0].name: expected string, got 1"),
        ({"people": [{}]}, "$.people[0].name: is missing"),
        ({"people": [{"name": "a", "id": 100}]}, "$.people[0].id: 100 is greater than"),
        ({"pair": [1, "a", 2]}, "$.pair: "),
        ({"scores": {"a": "1"}}, "$.scores.a: expected number, got '1'"),
        ({"box": {"left": "1"}}, "$.box.left: expected number, got '1'"),
        ({"thing": 4}, "$.thing: expected object or string or null, got 4"),
        ({"bounded": 0}, "$.bounded: 0 is less than the minimum of 1"),
        ({"share": 10**400}, "too "),
    ],
)
def test_nothing_is_coerced(changed: dict[str, Any], where: str) -> None:
    assert where in problem(Answer, {**FULL, **changed})


def test_other_kinds_of_class() -> None:
    assert read(list[Person], [{"name": "Ann"}]) == Parsed([Person("Ann")])
    assert read(Colour, "red") == Parsed(Colour.RED)
    assert read(dict[str, int], {"a": 1.0}) == Parsed({"a": 1})
    assert read(bool, True) == Parsed(True)
    assert answer_reader(Colour).read("it is red").problem == (
        "no JSON string in the answer: 'it is red'"
    )


def test_the_answer_is_read_out_of_a_fence_or_a_sentence() -> None:
    reader = answer_reader(Person)
    for text in [
        '{"name": "Ann"}',
        '```json\n{"name": "Ann"}\n```',
        'Here it is:\n\n```\n{"name": "Ann"}\n```\nHope it helps!',
        'Here is the answer: {"name": "Ann"} hope it helps',
        'As in [1], {"nam": "Bob"} is none, but {"name": "Ann"} is',
    ]:
        assert reader.read(text) == Parsed(Person("Ann")), text


@define
class Small:
    a: int = 0


@define
class Large:
    a: int = 0
    b: int = 0


@frozen
class Holder:
    it: Small | Large


def test_of_alternatives_the_one_that_knows_most_keys_is_built() -> None:
    assert read(Holder, {"it": {"a": 1, "b": 2}}) == Parsed(Holder(Large(1, 2)))
    assert read(Holder, {"it": {"a": 1}}) == Parsed(Holder(Small(1)))


@frozen
class Even:
    number: int = field()

    @number.validator
    def _even(self, _: Any, value: int) -> None:
        if value % 2:
            message = f"{value} is odd"
            raise ValueError(message)


class EvenBox(TypedDict):
    evens: list[Even]


@dataclass
class Broken:
    number: int

    def __post_init__(self) -> None:
        raise RuntimeError


def test_what_a_class_refuses_itself_is_a_problem_with_its_place() -> None:
    assert problem(Even, {"number": 3}) == "$: 3 is odd"
    assert problem(EvenBox, {"evens": [{"number": 2}, {"number": 3}]}) == "$.evens[1]: 3 is odd"
    assert problem(Broken, {"number": 3}) == "$: RuntimeError"


def test_a_json_schema_gives_the_json() -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}}
    for given_schema in (schema, json.dumps(schema)):
        reader = answer_reader(given_schema)
        assert reader.schema == schema
        assert reader.read('so {"count": 3, "x": [1]}').value == {"count": 3, "x": [1]}
        assert reader.read('{"count": "x"}').problem == "$.count: expected integer, got 'x'"


def test_null_may_be_the_answer() -> None:
    assert answer_reader({"type": "null"}).read("null") == Parsed(None, None)


def test_no_schema_is_no_reader() -> None:
    assert answer_reader(None) is None


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "foo"}, "cannot be used: $.type"),
        ({"$ref": "http://nowhere.invalid/s"}, "is not fetched"),
        ("not json", "the text is not JSON"),
        ("[]", "no object"),
        (3, "got 3"),
        (["a"], "got ['a']"),
        (Person("Ann"), "got Person("),
        (bytes, "is bytes"),
    ],
)
def test_what_is_no_schema_is_refused_with_what_would_be(schema: Any, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        answer_reader(schema)
    assert why in caught.value.message
    assert "output_schema" in caught.value.message
    assert caught.value.details["field"] == "output_schema"


class Model:
    """What a Pydantic model can do, as far as it is asked to; the package need not be installed."""

    def __init__(self, count: int) -> None:
        self.count = count

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        return {
            "$defs": {"Count": {"type": "integer"}},
            "type": "object",
            "properties": {"count": {"$ref": "#/$defs/Count"}},
            "required": ["count"],
        }

    @classmethod
    def model_validate_json(cls, text: str) -> Self:
        count = json.loads(text)["count"]
        if count < 0:
            message = "count\n  must not be negative"
            raise ValueError(message)
        return cls(count)


def test_what_acts_like_a_pydantic_model_reads_itself() -> None:
    reader = answer_reader(Model)
    assert reader.schema == Model.model_json_schema()
    found = reader.read('```\n{"count": 3}\n```').value
    assert isinstance(found, Model)
    assert found.count == 3
    assert reader.read('{"count": "3"}').problem == "$.count: expected integer, got '3'"
    assert reader.read('{"count": -3}').problem == "$: count must not be negative"


def test_pydantic() -> None:
    pydantic = pytest.importorskip("pydantic")
    inner = pydantic.create_model("Inner", names=(list[str], ...))
    model: Any = pydantic.create_model(
        "Outer", count=(int, pydantic.Field(ge=1)), inner=(inner | None, None)
    )
    reader = answer_reader(model)
    found: Any = reader.read('so: {"count": 3, "inner": {"names": ["a"]}}').value
    assert found == model(count=3, inner=inner(names=["a"]))
    assert reader.read('{"count": "3"}').problem == "$.count: expected integer, got '3'"
    assert (reader.read('{"count": 0}').problem or "").startswith("$.count: 0 is less")
    assert (reader.read('{"count": 1, "inner": {}}').problem or "") == "$.inner.names: is missing"


ANSWERS = answer_reader(Answer)
TEXT = st.text(st.characters(codec=None), max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FULL)), inner)
    ),
    max_leaves=8,
)


@given(TEXT | st.text('{}[]",:`1etn count', max_size=60))
def test_any_text_is_read_or_has_a_problem(text: str) -> None:
    found = ANSWERS.read(text)
    assert isinstance(found.value, Answer) != bool(found.problem)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), ANY_JSON))
def test_any_value_of_a_field_fits_or_is_a_problem(changed: dict[str, Any]) -> None:
    found = ANSWERS.read(json.dumps({**FULL, **changed}))
    assert isinstance(found.value, Answer) != bool(found.problem)
    if isinstance(found.value, Answer):
        assert type(found.value.count) is int
        assert all(isinstance(person, Person) for person in found.value.people)


@given(
    st.builds(
        Person,
        name=st.text(),
        age=st.none() | st.integers(-(2**63), 2**63 - 1),
        id=st.integers(0, 99),
    ),
    st.text("Answer is: ()'\n", max_size=20),
)
def test_an_object_comes_back_from_its_json(person: Person, words: str) -> None:
    written = json.dumps({"name": person.name, "age": person.age, "id": person._id})
    assert answer_reader(Person).read(f"{words}{written}{words}") == Parsed(person)
