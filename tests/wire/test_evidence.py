"""Sidecars: written, read back, and refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError
from overshoot.wire.evidence import decode_record, encode_record
from support.evidence import record

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> str:
    body = json.loads(encode_record(record()))
    change(body)
    return json.dumps(body)


def test_what_is_written_is_read() -> None:
    assert decode_record(encode_record(record())) == record()
    bare = record(
        action=DetectedAction("a", 0.0, 0, 1.0), verdicts=(), has_thumbnail=False, source=""
    )
    assert decode_record(encode_record(bare).encode()) == bare


def test_what_a_later_version_added_is_passed_over() -> None:
    def add(body: dict[str, Any]) -> None:
        for part in (body, body["clip"], body["question"], body["action"], body["verdicts"][0]):
            part["new"] = 1

    assert decode_record(changed(add)) == record()


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"kind": "x"}', "[1", b"\xff\xfe", "NaN"])
def test_other_files_are_not_ours(text: str | bytes) -> None:
    assert decode_record(text) is None


@pytest.mark.parametrize("version", [2, 0, None, "1"])
def test_another_format_is_refused(version: object) -> None:
    with pytest.raises(StoreError, match=r"has format .* reads 1: update overshoot"):
        decode_record(changed(lambda body: body.update(format=version)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body.pop("clip"), "clip is missing"),
        (lambda body: body["clip"].update(start="x"), "clip.start must be a number"),
        (lambda body: body["action"].update(confidence=3), "action.confidence must be"),
        (lambda body: body.update(action=[]), "action must be a JSON object"),
        (lambda body: body.update(has_thumbnail=2), "has_thumbnail must be true or false"),
        (lambda body: body["verdicts"][0].update(end=-1), "verdicts[0].end must be"),
        (lambda body: body.update(verdicts=[3]), "verdicts[0] must be a JSON object"),
        (lambda body: body["question"].update(output_schema=[1]), "question.output_schema"),
        (lambda body: body["question"].update(actions=3), "question.actions"),
    ],
)
def test_a_damaged_sidecar_says_where(change: Change, words: str) -> None:
    with pytest.raises(StoreError, match="is damaged: ") as caught:
        decode_record(changed(change))
    assert words in caught.value.message


def test_metadata_that_is_not_json_is_said_of_its_action() -> None:
    action = DetectedAction("wave", 1.5, 0, 1.0, metadata={"x": object()})
    with pytest.raises(StoreError, match=r"'wave' at 1\.5 s is not JSON"):
        encode_record(record(action=action))
