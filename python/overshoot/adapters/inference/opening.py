"""From the description of a backend to the backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from overshoot.domain.backends import (
    BackendChoice,
    CallableInference,
    GeminiInference,
    LocalInference,
    OpenAIInference,
)
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend


def open_backend(choice: BackendChoice, clock: Clock) -> InferenceBackend:
    """The backend that ``choice`` describes; ``clock`` is the one that it waits by.

    Raises `ConfigurationError` where its extra is not installed, or it is no such description.
    """
    make = _BACKENDS.get(type(choice))
    if make is None:
        known = ", ".join(kind.__name__ for kind in _BACKENDS)
        message = f"a backend is described by {known}; got {type(choice).__name__}"
        raise ConfigurationError(message, details={"field": "backend"})
    return make(choice, clock)


def _local(choice: LocalInference, clock: Clock) -> InferenceBackend:
    from overshoot.adapters.inference.local import LocalBackend

    return LocalBackend()


def _openai(choice: OpenAIInference, clock: Clock) -> InferenceBackend:
    from overshoot.adapters.inference.openai import OpenAIBackend

    return OpenAIBackend(choice, clock)


def _gemini(choice: GeminiInference, clock: Clock) -> InferenceBackend:
    try:
        from overshoot.adapters.inference.gemini import GeminiBackend
    except ImportError as cause:
        message = (
            "the gemini backend needs google-genai, which cannot be loaded; install the extra:"
            " pip install 'overshoot-sdk[gemini]'"
        )
        raise ConfigurationError(message, details={"field": "backend"}) from cause
    return GeminiBackend(choice, clock)


def _callable(choice: CallableInference, clock: Clock) -> InferenceBackend:
    from overshoot.adapters.inference.callable import CallableBackend

    return CallableBackend(choice)


_BACKENDS: dict[type[Any], Callable[[Any, Clock], InferenceBackend]] = {
    LocalInference: _local,
    OpenAIInference: _openai,
    GeminiInference: _gemini,
    CallableInference: _callable,
}
