"""What an OpenAI-compatible server is asked, and what is learnt from how it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.inference.remote_sessions import KEY, openai_stream
from overshoot.errors import InferenceError
from overshoot.testing.contracts.inference import frames, request
from support.model_server import STYLES, Asked, says_no

OPEN: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}
STRICT: dict[str, Any] = {**OPEN, "required": ["n"], "additionalProperties": False}


def says_two(asked: Asked) -> str:
    return 'I count {"n": 2} of them.' if "response_format" not in asked.body else '{"n": 2}'


async def test_frames_go_in_order_each_after_its_time_and_the_prompt_comes_last() -> None:
    async with openai_stream() as stream:
        answer = await stream.session.infer(request(frames(8, count=3)))
        assert answer.text == "a gray room with a moving square"
        (asked,) = stream.server.asked
        assert asked.texts == [
            "Frames of a video from 1.00 s to 1.25 s, in order, each after its time.",
            *("t=1.00 s", "<jpeg>", "t=1.12 s", "<jpeg>", "t=1.25 s", "<jpeg>"),
            "Describe what you see",
        ]
        assert asked.path == "/v1/chat/completions"
        assert asked.headers["Authorization"] == f"Bearer {KEY}"
        assert asked.body["model"] == "qwen3-vl-8b"
        assert not {"response_format", "max_tokens"} & set(asked.body)
        shown = [picture.mean(axis=(0, 1)).round() for picture in asked.pictures]
        meant = [frame.pixels.mean(axis=(0, 1)).round() for frame in frames(8, count=3)]
        assert all(abs(a - b).max() <= 3 for a, b in zip(shown, meant, strict=True))


async def test_without_a_key_none_is_sent_and_more_fields_are() -> None:
    async with openai_stream(api_key=None, extra_body={"temperature": 0}) as stream:
        await stream.session.infer(request())
        assert "Authorization" not in stream.server.asked[0].headers
        assert stream.server.asked[0].body["temperature"] == 0


async def test_a_long_clip_is_thinned_evenly_and_pictures_are_scaled_down() -> None:
    async with openai_stream(max_frames=3, image_side=64) as stream:
        await stream.session.infer(request(frames(count=9)))
        (asked,) = stream.server.asked
        assert [text for text in asked.texts if text.startswith("t=")] == [
            "t=0.00 s",
            "t=0.50 s",
            "t=1.00 s",
        ]
        assert {picture.shape for picture in asked.pictures} == {(48, 64, 3)}


@pytest.mark.parametrize(("schema", "strict"), [(OPEN, False), (STRICT, True)])
async def test_the_server_enforces_the_schema_strictly_where_it_can_be(
    schema: dict[str, Any], strict: bool
) -> None:
    async with openai_stream() as stream:
        stream.server.says = says_two
        answer = await stream.session.infer(request(output_schema=schema))
        assert answer.text == '{"n": 2}'
        format_ = stream.server.asked[0].body["response_format"]
        assert format_["type"] == "json_schema"
        assert format_["json_schema"] == {"name": "overshoot", "strict": strict, "schema": schema}
        assert json.dumps(schema) in stream.server.asked[0].prompt


@pytest.mark.parametrize("style", STYLES)
async def test_a_server_that_takes_no_schema_is_asked_in_words_from_then_on(style: str) -> None:
    async with openai_stream(style) as stream:
        stream.server.takes_schemas = False
        stream.server.says = says_two
        for _ in range(2):
            answer = await stream.session.infer(request(output_schema=OPEN))
            assert answer.text == '{"n": 2}'
        formatted = ["response_format" in asked.body for asked in stream.server.asked]
        assert formatted == [True, False, False]


async def test_a_bare_refusal_of_the_body_is_taken_for_one_of_the_schema() -> None:
    async with openai_stream() as stream:
        stream.server.faults.append(says_no(400, "<html>Bad Request</html>"))
        stream.server.says = says_two
        assert (await stream.session.infer(request(output_schema=OPEN))).text == '{"n": 2}'
        assert "response_format" not in stream.server.asked[1].body


async def test_a_refusal_for_another_reason_costs_no_schema() -> None:
    said = '{"error": {"code": 400, "message": "the request exceeds the available context size"}}'
    async with openai_stream() as stream:
        stream.server.faults.append(says_no(400, said))
        stream.server.says = says_two
        with pytest.raises(InferenceError, match="400: the request exceeds the available context"):
            await stream.session.infer(request(output_schema=OPEN))
        await stream.session.infer(request(output_schema=OPEN))
        assert [("response_format" in asked.body) for asked in stream.server.asked] == [True, True]


async def test_an_answer_beside_the_schema_is_told_to_the_model_once() -> None:
    said = iter(['{"n": "two"}', '{"n": 2}'])
    async with openai_stream() as stream:
        stream.server.says = lambda _: next(said)
        answer = await stream.session.infer(request(output_schema=OPEN))
        assert answer.text == '{"n": 2}'
        first, second = (asked.body["messages"] for asked in stream.server.asked)
        assert second[:1] == first
        assert second[1] == {"role": "assistant", "content": '{"n": "two"}'}
        assert "$.n: expected integer, got 'two'" in second[2]["content"]


async def test_a_model_that_ignores_the_schema_twice_is_given_up() -> None:
    async with openai_stream() as stream:
        stream.server.says = lambda _: "a square, I should say"
        with pytest.raises(InferenceError, match=r"does not keep to the output schema.*no JSON"):
            await stream.session.infer(request(output_schema=OPEN))
        assert len(stream.server.asked) == 2


@pytest.mark.parametrize("style", STYLES)
async def test_where_one_picture_is_taken_frames_become_a_contact_sheet(style: str) -> None:
    async with openai_stream(style) as stream:
        stream.server.most_images = 1
        for _ in range(2):
            await stream.session.infer(request(frames(count=5)))
        shown = [len(asked.pictures) for asked in stream.server.asked]
        assert shown == [5, 1, 1]
        sheet = stream.server.asked[1].pictures[0]
        assert sheet.shape == (2 * 72 + 4, 3 * 96 + 8, 3)
        assert "5 frames" in stream.server.asked[1].texts[0]
        assert "grid of 3 columns" in stream.server.asked[1].texts[0]


async def test_a_limit_of_several_pictures_is_kept_to() -> None:
    async with openai_stream() as stream:
        stream.server.most_images = 3
        await stream.session.infer(request(frames(count=6)))
        times = [text for text in stream.server.asked[1].texts if text.startswith("t=")]
        assert times == ["t=0.00 s", "t=0.25 s", "t=0.62 s"]


async def test_a_contact_sheet_may_be_asked_for_and_a_still_is_never_one() -> None:
    async with openai_stream(contact_sheet=True) as stream:
        await stream.session.infer(request(frames(count=4)))
        await stream.session.infer(request(frames(count=1), mode="frame"))
        sheet, still = stream.server.asked
        assert [len(sheet.pictures), len(still.pictures)] == [1, 1]
        assert still.texts == ["A still from a video at 0.00 s.", "<jpeg>", "Describe what you see"]


async def test_the_name_of_the_token_limit_is_learnt() -> None:
    async with openai_stream("openai") as stream:
        for _ in range(2):
            await stream.session.infer(request(max_output_tokens=40))
        limits = [
            {name: value for name, value in asked.body.items() if "tokens" in name}
            for asked in stream.server.asked
        ]
        new = {"max_completion_tokens": 40}
        assert limits == [{"max_tokens": 40}, new, new]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "stop"),
    ],
)
async def test_finish_reasons_are_told(finish: str, reason: str) -> None:
    async with openai_stream() as stream:
        stream.server.finish = finish
        assert (await stream.session.infer(request())).finish_reason == reason


@pytest.mark.parametrize(
    ("finish", "words"),
    [("length", "limit of 7 output tokens before the JSON was whole"), ("content_filter", "withh")],
)
async def test_json_that_cannot_be_whole_is_not_asked_for_again(finish: str, words: str) -> None:
    async with openai_stream(max_output_tokens=7) as stream:
        stream.server.finish = finish
        stream.server.says = lambda _: '{"n": '
        with pytest.raises(InferenceError, match=words):
            await stream.session.infer(request(output_schema=OPEN))
        assert len(stream.server.asked) == 1


async def test_thoughts_before_the_answer_are_left_out() -> None:
    async with openai_stream() as stream:
        stream.server.says = lambda _: '<think>maybe {"n": 1}?</think>\n{"n": 2}'
        assert (await stream.session.infer(request(output_schema=OPEN))).text == '{"n": 2}'
        assert (await stream.session.infer(request())).text == '{"n": 2}'


async def test_an_empty_answer_is_none() -> None:
    async with openai_stream() as stream:
        stream.server.says = lambda _: ""
        with pytest.raises(InferenceError, match="without a word"):
            await stream.session.infer(request())
