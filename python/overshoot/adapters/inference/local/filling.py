"""An answer in the caller's JSON schema, from an observation.

The walk goes down the schema once. What a place is about comes from names and the prompt (`Scope`);
what cannot be told becomes null where null is allowed, is left out where it may be, and else is an
empty value with an entry in ``unsupported``. The finished answer is checked against the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overshoot.adapters.inference.local.leaves import (
    UNKNOWN,
    Unknown,
    boolean,
    choice,
    meaning_in,
    number,
    text,
)
from overshoot.adapters.inference.local.observation import words_of
from overshoot.adapters.inference.local.schema import AnswerSchema, Json, types_of, words_in
from overshoot.adapters.inference.local.scope import Answering, Scope, says
from overshoot.adapters.inference.local.vocabulary import Subject, Word, tokens
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DEEPEST = 24
_MOST_VALUES = 4096


class Filling:
    """One walk down one schema."""

    def __init__(self, schema: AnswerSchema, answering: Answering) -> None:
        self._schema = schema
        self._answering = answering
        self._left = _MOST_VALUES
        self._told_values = 0

    def answer(self) -> Json:
        """The answer; raises InferenceError where there is none that satisfies the schema."""
        value = self._value(self._schema.root, Scope(), 0)
        filled = None if isinstance(value, Unknown) else value
        self._schema.check(filled)
        return filled

    def _value(self, schema: Any, scope: Scope, depth: int, *, must: bool = True) -> Json | Unknown:
        """The value of a place; UNKNOWN only where it may be left out (not ``must``)."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise InferenceError("output_schema is too deep or too large to answer in")
        node = self._schema.resolved(schema)
        value = self._told(node, scope, depth)
        if not isinstance(value, Unknown):
            self._told_values += "properties" not in node
            return value
        self._cannot(scope)
        if not must:
            return UNKNOWN
        return self._empty(node, scope)

    def _told(self, node: Mapping[str, Any], scope: Scope, depth: int) -> Json | Unknown:
        if "const" in node:
            constant: Json = node["const"]
            return constant
        if isinstance(node.get("enum"), list):
            return choice(self._answering, scope, node["enum"])
        for key in ("anyOf", "oneOf"):
            if isinstance(node.get(key), list):
                return self._branch(node[key], scope, depth)
        types = types_of(node)
        if "object" in types:
            return self._object(node, scope, depth)
        if "array" in types:
            return self._array(node, scope, depth)
        return self._single(node, types, scope)

    def _single(
        self, node: Mapping[str, Any], types: Sequence[str], scope: Scope
    ) -> Json | Unknown:
        if "boolean" in types:
            return boolean(self._answering, scope)
        if "integer" in types or "number" in types:
            return number(self._answering, scope, node)
        if "string" in types or not types:
            return _shortened(text(self._answering, scope), node)
        return None if tuple(types) == ("null",) else UNKNOWN

    def _branch(self, branches: list[Any], scope: Scope, depth: int) -> Json | Unknown:
        """The first alternative that can be told; null says that none can."""
        for branch in branches:
            node = self._schema.resolved(branch)
            if types_of(node) == ("null",):
                continue
            value = self._told(node, scope, depth + 1)
            if not isinstance(value, Unknown):
                return value
        return UNKNOWN

    def _empty(self, node: Mapping[str, Any], scope: Scope) -> Json:
        """What stands for "cannot tell": null, or the empty value of a type."""
        if self._allows_null(node):
            return None
        for key in ("anyOf", "oneOf"):
            if isinstance(node.get(key), list) and node[key]:
                return self._empty(self._schema.resolved(node[key][0]), scope)
        if "enum" in node:
            raise InferenceError(
                f"the local backend cannot choose a word for {scope.path} without guessing: none "
                'of them was seen; add "none" or "unknown" to the enum, or allow null'
            )
        types = types_of(node)
        if "object" in types:
            return self._empty_object(node, scope)
        empty: dict[str, Json] = {"boolean": False, "integer": 0, "number": 0, "array": []}
        return next((empty[name] for name in types if name in empty), "")

    def _empty_object(self, node: Mapping[str, Any], scope: Scope) -> Json:
        """Only what must be there, each thing empty."""
        self._left -= 1
        if self._left < 0:
            raise InferenceError("output_schema is too deep or too large to answer in")
        properties: dict[str, Any] = node.get("properties", {})
        return {
            name: self._empty(self._schema.resolved(properties[name]), scope.inside(name))
            for name in node.get("required", [])
            if name in properties
        }

    def _allows_null(self, node: Mapping[str, Any]) -> bool:
        if "null" in types_of(node) or None in node.get("enum", [0]):
            return True
        branches = [b for key in ("anyOf", "oneOf") for b in node.get(key, [])]
        return any(self._allows_null(self._schema.resolved(branch)) for branch in branches)

    def _object(self, node: Mapping[str, Any], scope: Scope, depth: int) -> Json | Unknown:
        properties: dict[str, Any] = node.get("properties", {})
        required = set(node.get("required", []))
        key = self._label_key(properties)
        scope = self._with_label(properties, key, scope, depth) if not scope.label_said else scope
        values: dict[str, Json] = {}
        told_before = self._told_values
        for name, schema in properties.items():
            if name == key and scope.label_said:
                values[name] = scope.label_said
                continue
            resolved = self._schema.resolved(schema)
            inner = scope.inside(name, str(resolved.get("description", "")))
            count = self._count_of(name, inner, values)
            value = (
                self._value(schema, inner, depth + 1, must=name in required)
                if count is None
                else count
            )
            if not isinstance(value, Unknown):
                values[name] = value
        about_something = properties and depth and not scope.label_said
        if about_something and self._told_values == told_before:
            return UNKNOWN
        return values

    def _count_of(self, name: str, inner: Scope, values: Mapping[str, Json]) -> int | None:
        """``count`` beside a list counts the list."""
        lists = [value for value in values.values() if isinstance(value, list)]
        if says(name, "count") and inner.meaning is None and len(lists) == 1:
            return len(lists[0])
        return None

    def _label_key(self, properties: Mapping[str, Any]) -> str | None:
        """The property that says what an entry is about: an ``enum`` beside a flag or a number."""
        words = [name for name, each in properties.items() if self._words(each)]
        others = any(says(name, kind) for name in properties for kind in ("confidence", "flag"))
        general = [name for name in words if says(name, "label")]
        return next(iter(general or (words if others else [])), None)

    def _words(self, schema: Any) -> list[str]:
        return [word for word in words_in(self._schema.resolved(schema)) if isinstance(word, str)]

    def _with_label(
        self, properties: Mapping[str, Any], key: str | None, scope: Scope, depth: int
    ) -> Scope:
        """Settle what a single entry is about before its flag and confidence are filled in."""
        if key is None:
            return scope
        words = self._words(properties[key])
        inner = scope.inside(key)
        said = words[0] if len(words) == 1 else self._value(properties[key], inner, depth + 1)
        if not isinstance(said, str):
            return scope
        return self._labelled(said, scope, inner)

    def _labelled(self, said: str, scope: Scope, inner: Scope) -> Scope:
        mention = meaning_in(said, inner, self._answering)
        if mention is None:
            self._answering.cannot(said)
        else:
            self._answering.note_limit(said, mention)
        return scope.labelled(said, mention.word if mention else None)

    def _array(self, node: Mapping[str, Any], scope: Scope, depth: int) -> Json | Unknown:
        items = self._schema.resolved(node.get("items", {}))
        most = node.get("maxItems")
        if "object" in types_of(items):
            values = self._entries(items, scope, depth)
        elif isinstance(items.get("enum"), list):
            values = self._true_words(items["enum"], scope)
        elif types_of(items) in {("string",), ()}:
            values = self._named_things(scope)
        else:
            value = self._told(items, scope.item(), depth + 1)
            values = UNKNOWN if isinstance(value, Unknown) else [value]
        if isinstance(values, Unknown):
            return UNKNOWN
        return list(values[:most]) if isinstance(most, int) else values

    def _entries(self, items: Mapping[str, Any], scope: Scope, depth: int) -> list[Json] | Unknown:
        """One entry for each word of the label; where nothing says no, only for those seen."""
        properties: dict[str, Any] = items.get("properties", {})
        key = self._label_key(properties)
        if key is None:
            value = self._value(items, scope.item(), depth + 1)
            return [value] if value and not isinstance(value, Unknown) else UNKNOWN
        can_deny = any(
            says(name, "flag") and self._is_flag(properties[name]) for name in properties
        )
        entries: list[Json] = []
        for index, said in enumerate(self._words(properties[key])):
            entry = self._labelled(said, scope.item(index), scope.item(index).inside(key))
            seen = entry.label is not None and self._answering.observation.confidence(entry.label)
            if seen or can_deny:
                value = self._value(items, entry, depth + 1)
                entries.append(None if isinstance(value, Unknown) else value)
        return entries

    def _is_flag(self, schema: Any) -> bool:
        return "boolean" in types_of(self._schema.resolved(schema))

    def _true_words(self, words: list[Any], scope: Scope) -> list[Json]:
        """Those of the listed words that are true of the clip."""
        true: list[Json] = []
        for said in words:
            mention = meaning_in(said, scope, self._answering)
            if mention is None or mention.word is None:
                self._answering.cannot(str(said))
                continue
            self._answering.note_limit(str(said), mention)
            if self._answering.observation.confidence(mention.word) > 0:
                true.append(said)
        return true

    def _named_things(self, scope: Scope) -> list[Json] | Unknown:
        """Names of what was seen."""
        seen = self._answering.observation
        mentions = scope.meanings(self._answering.asked)
        subjects = dict.fromkeys(mention.subject for mention in mentions)
        told = [subject for subject in subjects if subject not in seen.untold()]
        if Subject.QR in told and len(subjects) == 1:
            return list(seen.qr)
        present = seen.present()
        if told and "objects" not in tokens(scope.name):
            words = [word for subject in told for word in words_of(subject) if word in present]
            return [word.value for word in sorted(words, key=lambda word: -present[word])]
        if subjects or (scope.named and scope.meaning is None):
            return UNKNOWN
        # Of objects it knows hands and QR codes; that this is all it knows is said as well.
        self._answering.cannot(scope.path)
        things: list[Json] = [Word.HAND.value] * (seen.hands.count if seen.hands else 0)
        return [*things, *([Word.QR_CODE.value] if seen.qr else [])]

    def _cannot(self, scope: Scope) -> None:
        mentions = scope.meanings(self._answering.asked)
        self._answering.cannot(scope.path, mentions[0].subject if mentions else None)


def _shortened(value: str | Unknown, node: Mapping[str, Any]) -> str | Unknown:
    most = node.get("maxLength")
    return value[:most] if isinstance(value, str) and isinstance(most, int) else value
