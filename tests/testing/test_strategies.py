"""What the strategies make is what the product takes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot import ActionStore, RealtimeVisionConfig
from overshoot.domain.action_question import action_schema
from overshoot.domain.inference import InferenceResult
from overshoot.domain.query import ActionQuery
from overshoot.domain.sampling import ClipSampling, sampling_of
from overshoot.domain.stored import StoredAction
from overshoot.framepath import to_i420
from overshoot.testing import ScriptedInference, SyntheticSource, run_offline
from overshoot.testing.strategies import (
    actions,
    clips,
    filters,
    frames,
    processing,
    results,
    verdict_answers,
)
from overshoot.wire import decode_result, encode_result, to_json

SCENE = SyntheticSource(width=160, height=120, fps=6, duration_seconds=1, real_time=False)


@given(st.lists(actions, max_size=4), filters())
def test_a_store_takes_actions_and_filters(added: list[Any], asked: dict[str, Any]) -> None:
    with ActionStore() as store:
        store.add_many(added)
        kept = [StoredAction(seq, action, 0.0) for seq, action in enumerate(added, 1)]
        wanted = ActionQuery.from_filters({**asked, "last_wall_seconds": None}).select(kept, now=0)
        found = store.get_actions(**{**asked, "last_wall_seconds": None})
        assert found == [each.action for each in wanted]


@given(frames())
def test_a_frame_can_be_sent(frame: Any) -> None:
    height, width = frame.pixels.shape[:2]
    half = (height + 1) // 2, (width + 1) // 2
    assert to_i420(frame.pixels).size == height * width + 2 * half[0] * half[1]


@given(clips())
def test_a_clip_rises(clip: Any) -> None:
    assert len({frame.pixels.shape for frame in clip}) == 1
    for earlier, later in pairwise(clip):
        assert earlier.index < later.index
        assert earlier.timestamp < later.timestamp


@given(processing())
def test_a_gateway_can_sample_by_it(config: Any) -> None:
    sampling = sampling_of(config)
    assert isinstance(sampling, ClipSampling)
    assert sampling.target_fps >= 1


@given(results())
def test_a_result_survives_the_wire(result: InferenceResult[Any]) -> None:
    told = decode_result(to_json(encode_result(result)))
    assert (told.result, told.ok, told.timestamp) == (result.result, result.ok, result.timestamp)


@settings(max_examples=20, deadline=None)
@given(st.lists(verdict_answers(), min_size=1, max_size=3))
def test_a_script_of_verdicts_satisfies_the_schema(script: list[Any]) -> None:
    schema = action_schema(("waving hand", "thumbs up"))
    for answer in script:
        jsonschema_rs.validate(json.loads(json.dumps(schema)), answer)


@settings(max_examples=5, deadline=None)
@given(st.lists(verdict_answers(), min_size=1, max_size=3))
async def test_a_session_says_what_the_script_says(script: list[Any]) -> None:
    config = RealtimeVisionConfig[Any](
        prompt="?",
        inference=ScriptedInference(script),
        source=SCENE,
        output_schema=action_schema(("waving hand", "thumbs up")),
        processing={"target_fps": 6, "clip_length_seconds": 0.3, "delay_seconds": 0.3},
    )
    run = await run_offline(config)
    answered = [json.loads(result.result) for result in run.results]
    expected = [script[min(n, len(script) - 1)] for n in range(len(answered))]
    assert answered == expected
