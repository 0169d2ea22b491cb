"""`ClipRecorder` with PyAV: a thread encodes, and clips are cut from its packets."""

from __future__ import annotations

import threading
from math import isfinite
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Final

from av.error import FFmpegError

from overshoot.adapters.evidence.encoder import TICKS_PER_SECOND, SegmentEncoder, best_codec
from overshoot.adapters.evidence.history import History
from overshoot.adapters.evidence.mp4 import write_mp4, write_thumbnail
from overshoot.domain.evidence import MEBIBYTE, kept_size
from overshoot.domain.evidence_record import ClipFacts
from overshoot.domain.frame import PlanarFrame
from overshoot.domain.sampling import FrameSampling, Sampler
from overshoot.errors import FrameError, StoreError
from overshoot.framepath import to_i420
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.evidence import EvidenceConfig, Stretch
    from overshoot.domain.frame import Frame

_log = get_logger(__name__)

WAITING_FRAMES: Final = 8
PATIENCE_SECONDS: Final = 5.0
"""How long a patient recorder holds up the thread that gives a frame."""
LOOK_SECONDS: Final = 1.0
"""How often a cut that waits for the encoder looks whether it is still there."""
ANSWER_SECONDS: Final = 45.0
"""How late an answer can come after its clip: 30 s at the model, and its way."""
MEMORY_BYTES: Final = 64 * MEBIBYTE


class AvRecorder:
    """Keeps what a clip of the longest kind needs, and what passes until its answer comes.

    Args:
        config: how large and how often pictures are kept.
        patient: wait for a place for every frame, up to 5 s, where nothing is lost by waiting (the
            analysis of a file); else a frame that finds eight waiting is left out.
        memory_bytes: the most that packets may take.
    """

    def __init__(
        self, config: EvidenceConfig, *, patient: bool = False, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._side = config.largest_side
        self._wait = PATIENCE_SECONDS if patient else 0.0
        self._rate: Sampler[Frame] = Sampler(FrameSampling(1 / config.max_fps))
        self._history = History(config.max_clip_seconds + ANSWER_SECONDS, memory_bytes)
        self._lock = threading.Lock()
        self._queue: Queue[PlanarFrame | threading.Event | None] = Queue(WAITING_FRAMES)
        self._thread: threading.Thread | None = None
        self._taking = False
        self._encoder: SegmentEncoder | None = None
        self._last_ticks = -1
        self._failure: str | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Frames left out because too many waited, or because they came out of order."""
        return self._dropped

    def start(self) -> None:
        """Begin to encode."""
        self._thread = threading.Thread(target=self._work, name="overshoot-evidence", daemon=True)
        self._thread.start()
        self._taking = True

    def frame(self, frame: Frame) -> None:
        """Convert a frame here, and let it be encoded."""
        if not self._taking or not isfinite(frame.timestamp):
            return
        with self._lock:
            if not self._rate.wants(frame.timestamp):
                return
        width, height = kept_size(frame.width, frame.height, self._side)
        try:
            planes = to_i420(frame.pixels, width, height, order=frame.order)
            picture = PlanarFrame(planes, width, height, frame.timestamp, frame.index)
            self._queue.put(picture, block=bool(self._wait), timeout=self._wait or None)
        except (FrameError, Full):
            self._drop()

    def cut(self, wanted: Stretch, at: float, video: Path, thumbnail: Path | None) -> ClipFacts:
        """Write a clip from the packets in memory."""
        self._await_encoder()
        with self._lock:
            pictures = self._history.pick(wanted, at)
            remembered = self._history.stretch
        if not pictures:
            there = (
                "no picture yet"
                if remembered is None
                else f"{remembered.start:.2f} to {remembered.end:.2f} s"
            )
            message = (
                f"nothing can be kept of {wanted.start:.2f} to {wanted.end:.2f} s of the video:"
                f" in memory is {there}"
            )
            raise StoreError(message)
        start = pictures[0].ticks / TICKS_PER_SECOND
        try:
            last = write_mp4(video, pictures)
            if thumbnail is not None:
                write_thumbnail(thumbnail, video, at - start)
        except (OSError, FFmpegError) as cause:
            why = getattr(cause, "strerror", None) or cause
            message = f"a clip cannot be written in {video.parent}: {why}"
            raise StoreError(message) from cause
        segment = pictures[0].segment
        return ClipFacts(
            start=start,
            end=pictures[-1].ticks / TICKS_PER_SECOND + last,
            wanted_start=wanted.start,
            wanted_end=wanted.end,
            width=segment.width,
            height=segment.height,
            pictures=len(pictures),
            codec=segment.codec,
        )

    def close(self) -> None:
        """End the thread once it has encoded what waits."""
        self._taking = False
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()
        with self._lock:
            self._history = History(0.0, 0)
        self._encoder = None

    def _await_encoder(self) -> None:
        thread, reached = self._thread, threading.Event()
        if thread is not None:
            self._queue.put(reached)
        while not reached.wait(LOOK_SECONDS if thread else 0):
            if thread is None or not thread.is_alive():
                raise StoreError("nothing can be kept: the recorder does not run")
        if self._failure is not None:
            raise StoreError(self._failure)

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif self._failure is None:
                self._try_to_encode(item)

    def _try_to_encode(self, frame: PlanarFrame) -> None:
        try:
            self._encode(frame)
        except Exception as cause:  # noqa: BLE001 - told with each clip that is asked for
            _log.exception("evidence_encoder_failed")
            self._failure = f"the video cannot be encoded: {type(cause).__name__}: {cause}"

    def _encode(self, frame: PlanarFrame) -> None:
        ticks = round(frame.timestamp * TICKS_PER_SECOND)
        if ticks <= self._last_ticks:
            self._drop()
            return
        self._last_ticks = ticks
        encoder = self._encoder
        size = frame.width, frame.height
        if encoder is None or size != (encoder.segment.width, encoder.segment.height):
            encoder = self._encoder = SegmentEncoder(*size, best_codec())
        pictures = encoder.encode(frame, ticks)
        with self._lock:
            self._history.add(pictures)

    def _drop(self) -> None:
        with self._lock:
            self._dropped += 1
