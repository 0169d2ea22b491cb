"""What runs the networks: LiteRT where it is installed, which is faster, and OpenCV otherwise."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import cv2
import numpy as np

from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from overshoot.adapters.inference.local.picture import Floats, Image

Engine: TypeAlias = Literal["litert", "opencv"]
_LITERT = "ai_edge_litert"


class Network(Protocol):
    """One network; stateless, for one thread at a time."""

    def run(self, image: Image) -> list[Floats]:
        """Its outputs for an image (h, w, 3) BGR of the size it was made for."""
        ...


def best_engine() -> Engine:
    """``litert`` where its package, the extra ``fast``, is installed."""
    return "opencv" if find_spec(_LITERT) is None else "litert"


def open_network(
    path: Path, outputs: Sequence[str], engine: Engine, *, lowest: float = 0.0
) -> Network:
    """Read a ``.tflite`` file that takes RGB from ``lowest`` to 1.

    Args:
        path: the file.
        outputs: names of the outputs that are wanted, in the order in which `Network.run` is to
            give them.
        engine: what is to run it.
        lowest: what black is given as, 0.0 or -1.0.

    Raises InferenceError when the engine cannot.
    """
    try:
        runner = _LiteRt if engine == "litert" else _OpenCv
        return runner(path, outputs, lowest)
    except cv2.error as error:
        raise InferenceError(
            f"this OpenCV ({cv2.__version__}) cannot read the networks: {error.err}; "
            "install opencv-python 4.14 or 5.0"
        ) from error
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise InferenceError(
            f"LiteRT cannot run the network {path.name}: {error}; install the extra again "
            "(pip install 'overshoot-sdk[fast]'), or remove ai-edge-litert to go on with OpenCV"
        ) from error


class _OpenCv:
    def __init__(self, path: Path, outputs: Sequence[str], lowest: float) -> None:
        self._scale = (1 - lowest) / 255
        self._mean = (-lowest / self._scale,) * 3  # taken off before scaling
        # The new engine of OpenCV 5.0 gives one output only.
        classic = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
        self._net = cv2.dnn.readNetFromTFLite(
            str(path), *(() if classic is None else (int(classic),))
        )
        self._outputs = list(outputs)

    def run(self, image: Image) -> list[Floats]:
        blob = cv2.dnn.blobFromImage(image, self._scale, mean=self._mean, swapRB=True)
        self._net.setInput(blob)
        return [np.asarray(each, np.float32) for each in self._net.forward(self._outputs)]


class _LiteRt:
    def __init__(self, path: Path, outputs: Sequence[str], lowest: float) -> None:
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

        self._interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._scale, self._lowest = np.float32((1 - lowest) / 255), np.float32(lowest)
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        places = {each["name"]: each["index"] for each in self._interpreter.get_output_details()}
        self._outputs: list[int] = [places[name] for name in outputs]

    def run(self, image: Image) -> list[Floats]:
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.float32)
        self._interpreter.set_tensor(self._input, (rgb * self._scale + self._lowest)[None])
        self._interpreter.invoke()
        return [np.asarray(self._interpreter.get_tensor(each)) for each in self._outputs]
