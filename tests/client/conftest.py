"""No address or key of the machine's finds its way into these tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The working directory, which has no .env file."""
    monkeypatch.delenv("OVERSHOOT_API_URL", raising=False)
    monkeypatch.delenv("OVERSHOOT_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
