"""A function or class by the name of its module: ``package.module:name``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce
from typing import Any, NoReturn

from overshoot.errors import ConfigurationError


def load_callable(text: str) -> Callable[..., Any]:
    """What ``package.module:name`` names; the module is imported.

    Raises `ConfigurationError` where there is no such module or name, where the module cannot be
    imported, or where it is nothing that can be called.
    """
    module_name, _, path = text.partition(":")
    if not module_name.strip() or not path.strip():
        _fail(f"{text!r} names no function: write module:function, such as detectors:count")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            _fail(f"there is no module {error.name!r} in the working directory or installed", error)
        _fail(f"{module_name!r} needs the module {error.name!r}, which is not installed", error)
    # Whatever a module of the user's does at import.
    except Exception as error:  # noqa: BLE001
        _fail(f"{module_name!r} cannot be imported: {type(error).__name__}: {error}", error)
    try:
        found: object = reduce(getattr, path.split("."), module)
    except AttributeError as error:
        _fail(f"the module {module_name!r} has no {path!r}", error)
    if not callable(found):
        _fail(f"{text!r} is a {type(found).__name__}, which cannot be called")
    return found


def _fail(message: str, cause: Exception | None = None) -> NoReturn:
    raise ConfigurationError(message, details={"field": "backend"}) from cause
