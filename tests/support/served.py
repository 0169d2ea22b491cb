"""Streams served without a network: frames pushed by hand, answers that take their time."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.domain.sampling import FrameSampling
from overshoot.domain.serving import ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.testing.manual_clock import ManualClock

STILLS = ServeRequest(FrameSampling(1.0), StreamInferenceConfig(prompt="read", model="scripted"))


async def settle() -> None:
    for _ in range(25):
        await asyncio.sleep(0)


class TimedBackend:
    """Answers after as many seconds as the prompt says; remembers who was asked, in order."""

    name = "timed"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, float]] = []
        self.log: list[tuple[str, str]] = []
        self.running = 0
        self.most = 0

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("timed", ready=True, status="ready"),)

    async def start_session(self, model: str) -> Any:
        return self

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        who, seconds = request.prompt.split()
        self.asked.append((who, request.frames[-1].timestamp))
        self.log.append(("begin", who))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.clock.sleep(float(seconds))
        finally:
            self.running -= 1
            self.log.append(("end", who))
        return InferenceAnswer("done")

    async def close(self) -> None:
        pass


def push(stream: Any, second: float, level: int = 0) -> None:
    arrival = stream.arrived(round(second * 90_000), 32, 32)
    if arrival.wanted:
        stream.add(arrival, np.full((32, 32, 3), level, np.uint8))
    else:
        stream.pass_by(arrival)
