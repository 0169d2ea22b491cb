"""Promises pinned from outside: what the package exports, how light it is, what it installs."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

import overshoot

GOLDEN = Path(__file__).parent.parent / "golden"
HEAVY = {"cv2", "av", "aiortc", "aiohttp", "numpy"}


def _fresh_interpreter(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    ).stdout


def test_the_public_names_are_the_pinned_ones() -> None:
    pinned = (GOLDEN / "public_names.txt").read_text().split()
    assert sorted(overshoot.__all__) == pinned
    assert all(hasattr(overshoot, name) for name in pinned)


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = json.loads(
        _fresh_interpreter("import json, sys, overshoot; print(json.dumps(list(sys.modules)))")
    )
    assert HEAVY.isdisjoint(loaded)
    assert "overshoot" in loaded


def test_an_installation_brings_at_most_36_packages() -> None:
    seen: set[str] = set()
    waiting = ["overshoot-sdk"]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        for text in requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    assert len(seen) <= 36, sorted(seen)


def test_every_native_name_is_used_by_the_frame_path() -> None:
    from overshoot import _native

    folder = Path(overshoot.__file__).parent / "framepath"
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    unused = [name for name in _native.__all__ if name not in text]
    assert unused == []
