"""Questions about pictures that are asked once, beside the streams."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from overshoot.application.sessions import close_session, open_session
from overshoot.application.waiting import within
from overshoot.errors import InferenceError, RateLimitError, ServerError

if TYPE_CHECKING:
    from overshoot.application.scheduling import Scheduler
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.inference import InferenceAnswer, InferenceRequest
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend

PENDING: Final = 8
"""Questions of one owner at the same time."""


class SingleQuestions:
    """Asks the backend in a session of its own, when it is the owner's turn among the streams."""

    def __init__(
        self,
        backend: InferenceBackend,
        scheduler: Scheduler,
        clock: Clock,
        settings: ServingSettings,
    ) -> None:
        self._backend = backend
        self._scheduler = scheduler
        self._clock = clock
        self._settings = settings
        self._pending: Counter[str] = Counter()

    async def ask(self, owner: str, request: InferenceRequest) -> InferenceAnswer:
        """The backend's answer.

        Raises:
            RateLimitError: the owner waits for `PENDING` others.
            ValidationError: the backend does not take the model.
            ServerError: 502 when the backend cannot answer, 503 when it opens no session, 504 when
                turn and answer took longer than ``inference_seconds``.
        """
        if self._pending[owner] >= PENDING:
            msg = f"at most {PENDING} questions of one API key wait for an answer; try again later"
            raise RateLimitError(msg)
        self._pending[owner] += 1
        limit = self._settings.inference_seconds
        try:
            return await within(self._clock, limit, self._ask(owner, request))
        except TimeoutError as error:
            msg = f"there was no answer within {limit:g} s"
            raise ServerError(msg, status_code=504, code="inference_timeout") from error
        finally:
            self._pending[owner] -= 1

    async def _ask(self, owner: str, request: InferenceRequest) -> InferenceAnswer:
        async with self._scheduler.turn(owner):
            session = await open_session(
                self._backend, request.model, self._clock, self._settings, field="model"
            )
            try:
                return await session.infer(request)
            except InferenceError as error:
                raise ServerError(
                    error.message, status_code=502, code="inference_failed"
                ) from error
            finally:
                await close_session(session, self._settings)
