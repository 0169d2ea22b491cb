"""Sessions of a backend that is foreign code: opened and closed, but not waited for for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from overshoot.application.waiting import within
from overshoot.errors import InferenceError, ServerError, ValidationError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend, InferenceSession

_log = get_logger(__name__)


async def open_session(
    backend: InferenceBackend, model: str, clock: Clock, settings: ServingSettings, *, field: str
) -> InferenceSession:
    """A session with ``model``, which the request names in ``field``.

    Raises:
        ValidationError: the backend does not take the model.
        ServerError: 503, it took longer than ``session_seconds``.
    """
    limit = settings.session_seconds
    try:
        return await within(clock, limit, backend.start_session(model))
    except InferenceError as error:
        raise ValidationError(error.message, details={"field": field}) from error
    except TimeoutError as error:
        msg = f"the backend did not open a session within {limit:g} s"
        raise ServerError(msg, status_code=503) from error


async def close_session(session: InferenceSession, settings: ServingSettings) -> None:
    """Close it; one that fails to is logged, one that takes too long is left behind."""
    try:
        await asyncio.wait_for(session.close(), settings.close_seconds)
    except Exception:  # noqa: BLE001 - whatever a backend does, who it answered goes on
        _log.exception("session_close_failed")
