from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from overshoot.adapters.inference.callable import CallableBackend
from overshoot.domain.backends import CallableInference
from overshoot.testing.contracts.inference import InferenceBackendContract
from support.backend_functions import Describer, describe, describe_later

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.mark.parametrize(
    "function", [describe, describe_later, Describer], ids=lambda f: f.__name__
)
class TestCallableBackend(InferenceBackendContract):
    @pytest.fixture
    async def backend(self, function: Any) -> AsyncIterator[CallableBackend]:
        backend = CallableBackend(CallableInference(function))
        yield backend
        await backend.close()


class TestCallableBackendInProcesses(InferenceBackendContract):
    @pytest.fixture
    async def backend(self) -> AsyncIterator[CallableBackend]:
        backend = CallableBackend(CallableInference(describe, workers=1, processes=True))
        yield backend
        await backend.close()
