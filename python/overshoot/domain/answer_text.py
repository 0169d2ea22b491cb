"""Finding JSON in what a model says: alone, in a fence, or in the middle of a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from attrs import frozen

from overshoot.domain.strict_json import STRICT_JSON

_BLANK = " \t\r\n\ufeff"
# At the start of a line: there it cannot be inside a string, which holds no bare line break.
_FENCED = re.compile(r"^[ \t]*```(?:json\w*)?(.*?)```", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_OPENING = {"{": "object", "[": "array"}
_START = re.compile(r"[{\[]")
# What only JSON begins with; "[sic]" or "{unclear" in a sentence is not taken for a broken answer.
_BEGUN = re.compile(r'\{\s*["}]|\[\s*(?:[{\["\d\]-]|true|false|null)')
# A string that is never closed reaches to the end, so that each character is looked at once.
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)


@frozen
class JsonFound:
    """A JSON value in a text, or why something that begins like one is none.

    Attributes:
        value: the value, decoded; None where there is a fault.
        fault: what is wrong and at which character, counted from 1; None where nothing is.
    """

    value: Any = None
    fault: str | None = None


def find_json(text: str, kinds: Collection[str]) -> Iterator[JsonFound]:
    """The JSON values in ``text``, in the order in which they should be tried.

    A text that is JSON as a whole is the only one. Else those of fenced blocks come first, and
    then what stands between other words: objects and arrays, where ``kinds`` (names of JSON types)
    has them. Numbers and words in a sentence may mean anything and are left alone, and so is the
    inside of JSON that is broken or cut off: a part of an answer is not the answer.
    """
    try:
        yield JsonFound(STRICT_JSON.decode(text.strip(_BLANK)))
    except (ValueError, RecursionError):
        yield from _fenced(text)
        yield from _between_words(text, kinds)


def _fenced(text: str) -> Iterator[JsonFound]:
    for block in _FENCED.finditer(text):
        try:
            yield JsonFound(STRICT_JSON.decode(block.group(1).strip(_BLANK)))
        except (ValueError, RecursionError):
            continue


def _between_words(text: str, kinds: Collection[str]) -> Iterator[JsonFound]:
    at = 0
    while start := _START.search(text, at):
        at = start.start()
        try:
            value, at = STRICT_JSON.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if not _BEGUN.match(text, at):
                at += 1
                continue
            end = _balanced_end(text, at)
            yield JsonFound(fault=_fault(error, at, cut_off=end is None))
            if end is None:
                return
            at = end
        else:
            if _OPENING[start.group()] in kinds:
                yield JsonFound(value)


def _balanced_end(text: str, start: int) -> int | None:
    depth = 0
    for token in _BRACKET.finditer(text, start):
        if token.group() in "{[":
            depth += 1
        elif token.group() in "}]":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def _fault(error: Exception, start: int, *, cut_off: bool) -> str:
    where = f"the JSON that begins at character {start + 1}"
    if cut_off:
        return f"{where} is cut off"
    if isinstance(error, RecursionError):
        return f"{where} is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{where} is broken at character {error.pos + 1}: {error.msg}"
    return f"{where} is none: {error}"
