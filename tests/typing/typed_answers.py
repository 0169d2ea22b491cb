"""Read by mypy and pyright, never run: an answer has the type that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from attrs import frozen

from overshoot import InferenceResult, RealtimeVision, RealtimeVisionConfig
from overshoot.domain.answer import AnswerReader, Parsed, with_parsed
from overshoot.wire.typed_answers import answer_reader


@frozen
class Answer:
    count: int


@dataclass
class Scene:
    people: list[str]


class Box(TypedDict):
    left: float


def a_class_gives_its_own_type() -> None:
    assert_type(answer_reader(Answer), AnswerReader[Answer])
    assert_type(answer_reader(Answer).read("{}"), Parsed[Answer])
    assert_type(answer_reader(Answer).read("{}").value, Answer | None)
    assert_type(answer_reader(Answer).read("{}").problem, str | None)
    assert_type(answer_reader(Scene), AnswerReader[Scene])
    assert_type(answer_reader(Box), AnswerReader[Box])
    assert_type(answer_reader(list[Answer]), AnswerReader[list[Answer]])


def a_schema_gives_json() -> None:
    assert_type(answer_reader({"type": "object"}), AnswerReader[Any])
    assert_type(answer_reader('{"type": "object"}'), AnswerReader[Any])
    assert_type(answer_reader(None), None)


def what_a_config_holds(schema: type[Answer] | Mapping[str, Any] | None) -> None:
    reader = answer_reader(schema)
    assert_type(reader, AnswerReader[Answer] | None)


def a_result_takes_the_type_of_its_reader(result: InferenceResult[Any]) -> None:
    read = with_parsed(result, answer_reader(Answer))
    assert_type(read, InferenceResult[Answer])
    assert_type(read.parsed, Answer | None)
    assert_type(read.parse_error, str | None)
    if read.parsed is not None:
        assert_type(read.parsed.count, int)


def a_stream_has_the_type_of_its_schema() -> None:
    def on_result(result: InferenceResult[Answer]) -> None:
        assert_type(result.parsed, Answer | None)

    config = RealtimeVisionConfig(
        api_url="", api_key="", prompt="", output_schema=Answer, on_result=on_result
    )
    assert_type(config, RealtimeVisionConfig[Answer])
    assert_type(RealtimeVision(config), RealtimeVision[Answer])
    RealtimeVisionConfig[Answer](
        api_url="",
        api_key="",
        prompt="",
        output_schema=Answer,
        on_result=lambda r: None if r.parsed is None else r.parsed.count,
    )


async def results_are_typed_when_they_are_read(vision: RealtimeVision[Answer]) -> None:
    async for result in vision.results():
        assert_type(result, InferenceResult[Answer])
