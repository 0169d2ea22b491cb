"""`overshoot serve` with backends of all kinds, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

DETECTORS = """
import json
print("imported", flush=True)
class Silent:
    def __call__(self, request):
        return {}
"""


def serve(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "overshoot", "serve", "--port", "0", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OVERSHOOT_API_KEY": "key-of-the-gateway", **environment},
    )


def models_at(url: str) -> list[dict[str, object]]:
    asked = urllib.request.Request(  # noqa: S310 - our own address
        f"{url}/models", headers={"Authorization": "Bearer key-of-the-gateway"}
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - the same
        return json.loads(answer.read())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("backend", "environment", "model"),
    [
        (("detectors:Silent", "--backend-workers", "2"), {}, "detectors:Silent"),
        (
            ("openai", "--backend-url", "http://127.0.0.1:9", "--backend-model", "llava"),
            {"OVERSHOOT_BACKEND_KEY": "sk-never-shown"},
            "llava",
        ),
        (
            ("gemini", "--backend-model", "gemini-x"),
            {"GEMINI_API_KEY": "sk-never-shown"},
            "gemini-x",
        ),
    ],
    ids=["callable", "openai", "gemini"],
)
def test_a_gateway_offers_the_model_of_its_backend(
    backend: tuple[str, ...], environment: dict[str, str], model: str, tmp_path: Path
) -> None:
    (tmp_path / "detectors.py").write_text(DETECTORS)
    running = serve(tmp_path, "--backend", *backend, **environment)
    try:
        assert running.stdout is not None
        words = next(line for line in running.stdout if line.startswith("listening")).split()
        assert [each["model"] for each in models_at(words[1])] == [model]
        running.send_signal(signal.SIGINT)
        said, faults = running.communicate(timeout=30)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0
    assert faults == ""
    assert "stopped" in said
    assert "sk-never-shown" not in said


def test_a_backend_that_cannot_be_is_told_before_anything_listens(tmp_path: Path) -> None:
    running = serve(tmp_path, "--backend", "no_such_module:f")
    said, faults = running.communicate(timeout=30)
    assert (running.returncode, said) == (2, "")
    assert "ConfigurationError: there is no module 'no_such_module'" in faults
