"""LiteRT and OpenCV run the same networks and come to the same answers."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.inference.drawn import textured
from adapters.inference.local_weights import needs_media, needs_networks
from adapters.inference.test_local_on_media import said, still, stills
from overshoot.adapters.inference.local import LocalBackend, engines
from overshoot.adapters.inference.local.engines import best_engine, open_network
from overshoot.adapters.inference.local.faces import FaceDetector
from overshoot.adapters.inference.local.landmarks import HandLandmarker
from overshoot.adapters.inference.local.palm import PalmDetector
from overshoot.adapters.inference.local.weights import default_weights_dir, installed
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.adapters.inference.local.engines import Engine

needs_litert = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None, reason="LiteRT, the extra `fast`, is not installed"
)


@needs_networks
@needs_litert
@pytest.mark.parametrize(
    ("place", "side", "outputs", "lowest"),
    [
        (0, 192, PalmDetector.OUTPUTS, 0.0),
        (1, 224, HandLandmarker.OUTPUTS, 0.0),
        (2, 128, FaceDetector.OUTPUTS, FaceDetector.LOWEST),
    ],
    ids=["palm", "landmark", "face"],
)
def test_outputs_are_the_same(
    place: int, side: int, outputs: tuple[str, ...], lowest: float
) -> None:
    path = installed(default_weights_dir())[place]
    fast, slow = (
        open_network(path, outputs, engine, lowest=lowest) for engine in ("litert", "opencv")
    )
    for seed in range(3):
        image = np.ascontiguousarray(textured(256, 256, seed)[:side, :side])
        ours, theirs = fast.run(image), slow.run(image)
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one.ravel(), other.ravel(), atol=2e-3, rtol=1e-4)


@needs_networks
@needs_media
@needs_litert
async def test_answers_about_photographs_are_the_same() -> None:
    fast, slow = LocalBackend(engine="litert"), LocalBackend(engine="opencv")
    for path in stills()[::3]:
        ours, theirs = [(await said(each, still(path), 0.8))[-1] for each in (fast, slow)]
        assert set(ours) == set(theirs)
        assert all(ours[word] == pytest.approx(theirs[word], abs=0.1) for word in ours)
    await fast.close()
    await slow.close()


def test_litert_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _: object())
    assert best_engine() == "litert"
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    assert best_engine() == "opencv"


@pytest.mark.parametrize("engine", [pytest.param("litert", marks=needs_litert), "opencv"])
def test_a_file_that_is_no_network_is_an_inference_error(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "palm.tflite"
    path.write_bytes(b"no network")
    with pytest.raises(InferenceError, match=r"LiteRT|OpenCV"):
        open_network(path, PalmDetector.OUTPUTS, engine)


def test_litert_that_cannot_be_loaded_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(InferenceError, match=r"overshoot-sdk\[fast\]"):
        open_network(tmp_path / "palm.tflite", PalmDetector.OUTPUTS, "litert")
