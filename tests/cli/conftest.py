"""No configuration of this machine or of whoever runs the tests is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from overshoot.domain.settings import SETTINGS


@pytest.fixture(autouse=True)
def nothing_in_force(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The working directory, which is empty; the user's own file would be in ``user``."""
    folder = tmp_path_factory.mktemp("here")
    for variable in [each.variable for each in SETTINGS.values()] + ["OVERSHOOT_CONFIG"]:
        monkeypatch.delenv(variable, raising=False)
    # The home stays, for the networks of the local backend are in a cache below it.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "user"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.chdir(folder)
    return folder
