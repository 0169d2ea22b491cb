"""How many requests each backend says it works on at the same time."""

from __future__ import annotations

from typing import Any

import pytest

from overshoot import bootstrap
from overshoot.adapters.inference.local.backend import LocalBackend
from overshoot.application.scheduling import concurrency_of
from overshoot.domain.backends import CallableInference, GeminiInference, OpenAIInference


def plain(request: Any) -> str:
    return "seen"


async def coroutine(request: Any) -> str:
    return "seen"


class Model:
    def __call__(self, request: Any) -> str:
        return "seen"


@pytest.mark.parametrize(
    ("choice", "hint"),
    [
        (OpenAIInference(url="http://127.0.0.1:1/v1", concurrency=7), 7),
        (GeminiInference(model="g", api_key="k", concurrency=5), 5),
        (CallableInference(plain, workers=3), 3),
        (CallableInference(Model, workers=3), 3),
        (CallableInference(coroutine), None),
        (CallableInference(Model, processes=True), None),
        ("local", 1),
    ],
)
async def test_a_backend_hints_at_what_it_does_side_by_side(choice: Any, hint: int | None) -> None:
    backend = bootstrap.inference_backend(choice)
    assert concurrency_of(backend, None) == hint
    await backend.close()


async def test_the_local_backend_has_its_threads() -> None:
    backend = LocalBackend(threads=2)
    assert concurrency_of(backend, None) == 2
    await backend.close()
