"""A backend that tells which frames it was shown, by the numbers painted into them."""

from __future__ import annotations

import json

from attrs import define, field

from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo


@define
class Seen:
    """One request: the prompt, the numbers read in its frames, and their stream times."""

    prompt: str
    numbers: list[int | None]
    times: list[float]
    indices: list[int]


@define
class FrameReader:
    """Answers with the numbers it read, as JSON; keeps every request."""

    name: str = "frame-reader"
    requests: list[Seen] = field(factory=list)
    closed: bool = False

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("frame-reader", ready=True, status="ready"),)

    async def start_session(self, model: str) -> FrameReader:
        return self

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        seen = Seen(
            request.prompt,
            [read_frame_number(frame.pixels) for frame in request.frames],
            [frame.timestamp for frame in request.frames],
            [frame.index for frame in request.frames],
        )
        self.requests.append(seen)
        return InferenceAnswer(json.dumps({"prompt": seen.prompt, "numbers": seen.numbers}))

    async def close(self) -> None:
        self.closed = True
