"""A backend by name, with what the environment says about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from overshoot.adapters.inference.callable.loading import load_callable
from overshoot.domain.backends import (
    GEMINI_URL,
    BackendChoice,
    BackendOptions,
    CallableInference,
    GeminiInference,
    LocalInference,
    OpenAIInference,
)
from overshoot.errors import ConfigurationError

URL_VARIABLE: Final = "OVERSHOOT_BACKEND_URL"
MODEL_VARIABLE: Final = "OVERSHOOT_BACKEND_MODEL"
KEY_VARIABLE: Final = "OVERSHOOT_BACKEND_KEY"
_OPENAI_HOST: Final = "https://api.openai.com/"
_NAMES: Final = "local, openai, gemini, and module:function for one of your own"


def chosen_backend(name: str, options: BackendOptions | None = None) -> BackendChoice:
    """The backend that ``name`` (``local``, ``openai``, ``gemini``, ``module:function``) means.

    Raises `ConfigurationError` where there is none of that name, where it needs something that was
    not given, or where something was given that it has no use for.
    """
    given = options or BackendOptions()
    if name == "local":
        _refuse_unused(name, given, ())
        return LocalInference()
    if name in {"openai", "gemini"}:
        _refuse_unused(name, given, ("url", "model", "key_file"))
        return _openai(given) if name == "openai" else _gemini(given)
    if ":" in name:
        _refuse_unused(name, given, ("workers", "processes"))
        workers = {} if given.workers is None else {"workers": given.workers}
        return CallableInference(
            load_callable(name), processes=given.processes, name=name, **workers
        )
    message = f"no backend is called {name!r}; there is: {_NAMES}"
    raise ConfigurationError(message, details={"field": "backend"})


def _openai(given: BackendOptions) -> OpenAIInference:
    url = given.url or _environment(URL_VARIABLE)
    if url is None:
        message = (
            "the openai backend needs the address of its server, such as"
            f" http://127.0.0.1:8000/v1: set {URL_VARIABLE}, or --backend-url"
        )
        raise ConfigurationError(message, details={"field": "url", "variable": URL_VARIABLE})
    model = given.model or _environment(MODEL_VARIABLE)
    without_key = OpenAIInference(url=url, model=model)
    usual = ("OPENAI_API_KEY",) if without_key.url.startswith(_OPENAI_HOST) else ()
    return evolve(without_key, api_key=_key(given, usual))


def _gemini(given: BackendOptions) -> GeminiInference:
    model = given.model or _environment(MODEL_VARIABLE)
    if model is None:
        message = f"the gemini backend needs a model: set {MODEL_VARIABLE}, or --backend-model"
        raise ConfigurationError(message, details={"field": "model", "variable": MODEL_VARIABLE})
    url = given.url or _environment(URL_VARIABLE) or GEMINI_URL
    usual = ("GEMINI_API_KEY", "GOOGLE_API_KEY") if url.rstrip("/") == GEMINI_URL else ()
    return GeminiInference(model=model, url=url, api_key=_key(given, usual))


def _key(given: BackendOptions, usual: tuple[str, ...]) -> str | None:
    if given.key_file is not None:
        return _key_in(given.key_file)
    found = (_environment(variable) for variable in (KEY_VARIABLE, *usual))
    return next((key for key in found if key is not None), None)


def _key_in(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as cause:
        message = f"the key file {path} cannot be read ({type(cause).__name__})"
        raise ConfigurationError(message, details={"field": "key_file"}) from cause
    if not key:
        raise ConfigurationError(f"the key file {path} is empty", details={"field": "key_file"})
    return key


def _environment(variable: str) -> str | None:
    return os.environ.get(variable, "").strip() or None


def _refuse_unused(name: str, given: BackendOptions, used: tuple[str, ...]) -> None:
    values: dict[str, Any] = {
        "url": given.url,
        "model": given.model,
        "key_file": given.key_file,
        "workers": given.workers,
        "processes": given.processes or None,
    }
    for option, value in values.items():
        if value is not None and option not in used:
            message = f"the backend {name!r} has no use for --backend-{option.replace('_', '-')}"
            raise ConfigurationError(message, details={"field": option})
