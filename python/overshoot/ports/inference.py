"""Who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo


class InferenceSession(Protocol):
    """One stream's conversation with a backend; whatever it remembers lives here.

    * ``infer`` answers one request. Requests come one at a time, in order of stream time; clips may
      overlap, and a frame with an index already seen must not be counted twice. It may take any
      time, never blocks the event loop, and is cancellable.
    * It raises `InferenceError` when it cannot answer this request; the next one may succeed.
    * What it cannot see it reports in ``InferenceAnswer.unsupported``; it never invents. With a
      schema given, the text is JSON that satisfies it, or `InferenceError` is raised.
    * A new prompt or schema takes effect with the first request that carries it.
    * ``close`` frees the memory of the stream; a second call does nothing.
    """

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Answer one request."""
        ...

    async def close(self) -> None:
        """Forget the stream."""
        ...


@runtime_checkable
class ObservingSession(Protocol):
    """What an `InferenceSession` may have besides: it looks at frames before it is asked.

    * ``observe`` is called on the event loop with each frame that a coming clip may have, in order.
      It returns at once and does not raise; it may keep the frame until the next request, or pass
      over it.
    * Answers are those that would be given without it, only sooner.
    """

    def observe(self, frame: Frame) -> None:
        """A frame that will be asked about, as soon as it is there."""
        ...


class InferenceBackend(Protocol):
    """A model, or a family of models, that answers questions about clips.

    * ``name`` is what results carry as ``model_backend``.
    * ``models`` says what can be asked now; it never blocks and never raises.
    * ``start_session`` opens a conversation for one stream; many live side by side and share
      nothing that a caller could notice. It raises `InferenceError` for an unknown model.
    * ``close`` releases threads and connections after the sessions were closed; a second call does
      nothing.
    """

    @property
    def name(self) -> str:
        """Short name."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """Models on offer."""
        ...

    async def start_session(self, model: str) -> InferenceSession:
        """Open a conversation for one stream."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...


@runtime_checkable
class ConcurrencyHint(Protocol):
    """What a backend may have besides: how many requests it works on at the same time.

    More wait outside it, where streams take turns; None leaves it to whoever asks.
    """

    @property
    def concurrency(self) -> int | None:
        """Requests at the same time, 1 or more."""
        ...
