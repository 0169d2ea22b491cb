"""What is in force, and who said so: flags before the environment before files before defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

from overshoot.domain.masking import MASK, masked_address
from overshoot.domain.settings import SETTINGS, Setting, Settings
from overshoot.errors import ConfigurationError

_KINDS: Final = {
    "text": "a text",
    "number": "a number",
    "whole": "a whole number",
    "path": "a path",
    "texts": "a list of texts",
}


class Layer(IntEnum):
    """Where a value comes from; the least one wins."""

    FLAG = 0
    ENVIRONMENT = 1
    PROJECT_FILE = 2
    USER_FILE = 3
    DEFAULT = 4


@frozen
class Origin:
    """Who said a value.

    Attributes:
        layer: how near it is.
        place: in words: ``--model``, ``OVERSHOOT_MODEL`` or ``overshoot.toml line 3``.
    """

    layer: Layer
    place: str


@frozen
class Given:
    """A value, and who said it."""

    value: Any
    origin: Origin


DEFAULT: Final = Origin(Layer.DEFAULT, "default")
GivenByName: TypeAlias = Mapping[str, Given]


@frozen
class Configuration:
    """What is in force.

    Attributes:
        settings: the values.
        origins: who said each, by name; who is not in it was not said.
    """

    settings: Settings
    origins: Mapping[str, Origin]

    def origin(self, name: str) -> Origin:
        """Who said it."""
        return self.origins.get(name, DEFAULT)

    def nearer(self, name: str, other: str) -> bool:
        """Whether ``name`` was said by somebody nearer than who said ``other``."""
        return self.origin(name).layer < self.origin(other).layer

    def shown(self, name: str) -> str | None:
        """Its value in words, without secrets; None where nobody said it."""
        value: object = getattr(self.settings, name)
        if value is None or value == ():
            return None
        setting = SETTINGS[name]
        if setting.secret:
            return MASK
        if setting.many:
            return ", ".join(getattr(self.settings, name))
        return masked_address(str(value)) if setting.address else str(value)


def configuration(layers: Iterable[GivenByName]) -> Configuration:
    """What is in force where all of ``layers`` speak; their order does not matter.

    Each value is checked, also those that others go before: `ConfigurationError` says who gave a
    wrong one, and what is allowed.
    """
    chosen: dict[str, Given] = {}
    for layer in layers:
        for name, given in layer.items():
            _check(name, given)
            if name not in chosen or given.origin.layer < chosen[name].origin.layer:
                chosen[name] = given
    settings = Settings(**{name: given.value for name, given in chosen.items()})
    return Configuration(settings, {name: given.origin for name, given in chosen.items()})


def from_flags(values: Mapping[str, Any]) -> dict[str, Given]:
    """The layer of the command line; None and an empty list are what was not said."""
    return {
        name: Given(value, Origin(Layer.FLAG, SETTINGS[name].flag))
        for name, value in values.items()
        if value is not None and value != []
    }


def from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    """The layer of the environment; an empty variable was not said."""
    found: dict[str, Given] = {}
    for name, setting in SETTINGS.items():
        text = environment.get(setting.variable, "").strip()
        if text:
            origin = Origin(Layer.ENVIRONMENT, setting.variable)
            found[name] = Given(_read(setting, text, origin), origin)
    return found


def _read(setting: Setting, text: str, origin: Origin) -> Any:
    try:
        match setting.kind:
            case "whole":
                return int(text)
            case "number":
                return float(text)
            case "path":
                return Path(text).expanduser()
            case "texts":
                return tuple(part.strip() for part in text.split(",") if part.strip())
            case _:
                return text
    except ValueError:
        raise wrong(origin, setting.name, f"must be {_KINDS[setting.kind]}, got {text!r}") from None


def wrong(origin: Origin, name: str, what: str) -> ConfigurationError:
    """The error for the value that ``origin`` gives a setting."""
    in_file = origin.layer in {Layer.PROJECT_FILE, Layer.USER_FILE}
    where = f"{origin.place}: {name}" if in_file else origin.place
    return ConfigurationError(f"{where} {what}", details={"field": name, "origin": origin.place})


def kind_in_words(setting: Setting) -> str:
    """What its value must be."""
    return _KINDS[setting.kind]


def _check(name: str, given: Given) -> None:
    try:
        Settings(**{name: given.value})
    except ConfigurationError as error:
        # The field's own sentence begins with the class, which nobody who types a flag knows.
        told = error.message.removeprefix(f"Settings.{name} ")
        if SETTINGS[name].secret:
            told = "must be a non-empty string"
        raise wrong(given.origin, name, told) from None
