"""The offline backend: answers from pixels, with OpenCV and three small networks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from overshoot.adapters.inference.local.vocabulary import (
    CAN_TELL_FROM_PIXELS,
    CAN_TELL_WITH_NETWORKS,
)
from overshoot.adapters.inference.local.weights import default_weights_dir, installed
from overshoot.domain.inference import ModelInfo, Unsupported
from overshoot.errors import InferenceError, ModelsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from overshoot.adapters.inference.local.engines import Engine
    from overshoot.adapters.inference.local.networks import Networks
    from overshoot.adapters.inference.local.session import LocalSession

ResultT = TypeVar("ResultT")
_REMEDY = "overshoot models pull"


class LocalBackend:
    """Answers offline about motion, camera, light, colours, QR codes, hands and near faces.

    It does not read prompts: it looks for words it knows in them and in the schema, and reports the
    rest as unsupported. Without the networks it answers everything else.

    Args:
        weights_dir: folder with the networks; the user's cache folder if None.
        threads: how many clips are looked at side by side, 1 or more. Each takes one core while it
            runs. The threads are the backend's own, start with the first clip, and end with close.
            OpenCV's own pool is set to one thread then, for the whole process.
        engine: what runs the networks, ``litert`` (the extra ``fast``) or ``opencv``, with the same
            answers; LiteRT where it is installed if None.
    """

    name = "local"

    def __init__(
        self, *, weights_dir: Path | None = None, threads: int = 1, engine: Engine | None = None
    ) -> None:
        if threads < 1:
            raise InferenceError(f"threads must be 1 or more, not {threads}")
        self._weights_dir = default_weights_dir() if weights_dir is None else weights_dir
        self._threads = threads
        self._engine: Engine | None = engine
        self._pool: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._running: set[Future[Any]] = set()
        self._closing = threading.Event()
        self.networks_missing: str = _missing(self._weights_dir)

    @property
    def concurrency(self) -> int:
        """Clips that are looked at side by side."""
        return self._threads

    def models(self) -> tuple[ModelInfo, ...]:
        """One model, ``local``; degraded without the networks."""
        if not self.networks_missing:
            words = CAN_TELL_FROM_PIXELS + CAN_TELL_WITH_NETWORKS
            return (ModelInfo("local", ready=True, status="ready", can_tell=words),)
        missing = tuple(
            Unsupported(word, self.networks_missing, _REMEDY) for word in CAN_TELL_WITH_NETWORKS
        )
        return (
            ModelInfo(
                "local",
                ready=True,
                status="degraded",
                can_tell=CAN_TELL_FROM_PIXELS,
                missing=missing,
            ),
        )

    async def start_session(self, model: str) -> LocalSession:
        """A conversation for one stream. Any model name is taken: there is only one model."""
        from overshoot.adapters.inference.local.session import LocalSession

        if self._closing.is_set():
            raise InferenceError(f"the local backend is closed; no session for model {model!r}")
        return LocalSession(self)

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Do work on a thread of the backend. Cancelled, it is not waited for."""
        if self._closing.is_set():
            raise InferenceError("the local backend is closed")
        if self._pool is None:
            self._pool = ThreadPoolExecutor(
                self._threads, thread_name_prefix="overshoot-local", initializer=_prepare_thread
            )
        future = self._pool.submit(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closing.is_set() and task is not None and not task.cancelling():
                # Not this task was cancelled, but its work, by close().
                raise InferenceError("the local backend was closed") from None
            raise

    def stopping(self) -> bool:
        """Whether work on a thread should come to its end."""
        return self._closing.is_set()

    def networks(self) -> Networks | None:
        """The networks of the calling thread, loaded with its first call; None when missing."""
        if self.networks_missing:
            return None
        loaded: Networks | None = getattr(self._local, "networks", None)
        if loaded is None:
            loaded = load_networks(self._weights_dir, self._engine)
            self._local.networks = loaded
        return loaded

    async def close(self) -> None:
        """End the threads. What is under way stops between two frames."""
        self._closing.set()
        pool, self._pool = self._pool, None
        if pool is None:
            return
        running = [future for future in tuple(self._running) if not future.cancel()]
        if running:
            await asyncio.wait([asyncio.wrap_future(future) for future in running])
        # Every worker is idle now, so that this takes no time worth a thread of its own.
        pool.shutdown(wait=True, cancel_futures=True)


def _missing(folder: Path) -> str:
    """Why the networks cannot be used; "" when they can."""
    try:
        installed(folder)
    except ModelsMissingError as error:
        return error.message
    return ""


def load_networks(folder: Path, engine: Engine | None = None) -> Networks:
    """The networks of a folder, for one thread at a time; run by the best engine if None is named.

    Raises ModelsMissingError when they are not installed, InferenceError when the engine cannot
    run them.
    """
    from overshoot.adapters.inference.local.engines import best_engine
    from overshoot.adapters.inference.local.networks import Networks

    return Networks(*installed(folder), engine or best_engine())


def _prepare_thread() -> None:
    """Small networks gain nothing from OpenCV's threads, and its pool would spin on every core."""
    import cv2

    cv2.setNumThreads(1)
