"""What tests of stores share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.stores.store_folders import made_in_memory


@pytest.fixture
def folder_in_memory() -> Iterator[Path]:
    with made_in_memory() as folder:
        yield Path(folder)
