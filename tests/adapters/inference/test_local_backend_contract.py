from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.inference.local_weights import needs_networks
from overshoot.adapters.inference.local import LocalBackend
from overshoot.testing.contracts.inference import InferenceBackendContract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestLocalBackendWithoutNetworks(InferenceBackendContract):
    @pytest.fixture
    async def backend(self, tmp_path: Path) -> AsyncIterator[LocalBackend]:
        backend = LocalBackend(weights_dir=tmp_path)
        yield backend
        await backend.close()


@needs_networks
class TestLocalBackendWithNetworks(InferenceBackendContract):
    @pytest.fixture
    async def backend(self) -> AsyncIterator[LocalBackend]:
        backend = LocalBackend(threads=2)
        yield backend
        await backend.close()
