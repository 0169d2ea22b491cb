"""Validators that speak our own error tree: field, value, and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = ["a_callable", "a_flag", "a_number", "a_text", "a_whole_number", "fail"]


def fail(owner: object, field: str, wanted: str, value: object) -> ConfigurationError:
    """The error for a field of ``owner`` that should have been ``wanted``."""
    return ConfigurationError(
        f"{type(owner).__name__}.{field} must be {wanted}, got {value!r}",
        details={"field": field, "expected": wanted},
    )


def a_number(
    low: float, high: float, unit: str = "", *, above: bool = False, optional: bool = False
) -> Callable[[Any, Attribute[Any], Any], None]:
    """A finite int or float in ``[low, high]``, or ``(low, high]`` with ``above``."""
    edge = f"above {low} and at most {high}" if above else f"from {low} to {high}"
    wanted = f"a number {edge} {unit}".rstrip()

    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is None and optional:
            return
        # Compared, not converted: an int may be larger than any float; NaN compares false.
        wrong = not isinstance(value, (int, float)) or isinstance(value, bool)
        if wrong or not low <= cast("float", value) <= high or (above and value == low):
            raise fail(owner, attribute.name, wanted, value)

    return check


def a_whole_number(
    low: int, high: int, unit: str = "", *, optional: bool = False
) -> Callable[[Any, Attribute[Any], Any], None]:
    """An int in ``[low, high]``; bool is refused."""
    wanted = f"a whole number from {low} to {high} {unit}".rstrip()

    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise fail(owner, attribute.name, wanted, value)

    return check


def a_text() -> Callable[[Any, Attribute[Any], Any], None]:
    """A string with something in it."""

    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise fail(owner, attribute.name, "a non-empty string", value)

    return check


def a_flag() -> Callable[[Any, Attribute[Any], Any], None]:
    """True or False, and nothing that only counts as one of them."""

    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, bool):
            raise fail(owner, attribute.name, "True or False", value)

    return check


def a_callable(*, optional: bool = False) -> Callable[[Any, Attribute[Any], Any], None]:
    """Something that can be called."""

    def check(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is None and optional:
            return
        if not callable(value):
            raise fail(owner, attribute.name, "callable", value)

    return check
