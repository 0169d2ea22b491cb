"""``overshoot.toml`` read: each key with its line, wrong ones with what was probably meant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

from overshoot.domain.configuration import Given, Layer, Origin, kind_in_words, wrong
from overshoot.domain.settings import SECTION, SETTINGS, Kind, Setting
from overshoot.errors import ConfigurationError

FILE_NAME: Final = "overshoot.toml"
_HEADER: Final = re.compile(r"^\s*\[([^\[\]]+)\]")


def from_toml(text: str, name: str, layer: Layer, folder: Path) -> dict[str, Given]:
    """The layer of a file.

    Args:
        text: of the file.
        name: how messages call it.
        layer: which layer it is.
        folder: what paths in it are relative to.

    Raises:
        ConfigurationError: it is no TOML; or holds a key that there is not, one that may stand in
            no file, or a value of a wrong kind. The message names file and line, never the value
            of a secret.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{name} is no TOML: {error}"
        raise ConfigurationError(message, details={"field": name}) from None
    found: dict[str, Given] = {}
    for section, key, value in _entries(document):
        origin = Origin(layer, _place(text, name, section, key))
        setting = _known(section, key, origin)
        found[setting.name] = Given(_value(setting, value, origin, folder), origin)
    return found


def template() -> str:
    """A file with every key, each as a comment."""
    lines = ["# Flags and the environment go before this file; it goes before the user's own."]
    for section in ("", SECTION):
        if section:
            lines += ["", f"[{section}]"]
        for setting in SETTINGS.values():
            if setting.section == section and not setting.secret:
                lines += ["", f"# {setting.help}", f"# {setting.name} = {_EXAMPLES[setting.kind]}"]
    return "\n".join(lines) + "\n"


_EXAMPLES: Final = {
    "text": '"…"',
    "number": "1.0",
    "whole": "12",
    "path": '"~/…"',
    "texts": '["stun:host:3478"]',
}


def _entries(document: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    entries: list[tuple[str, str, Any]] = []
    for key, value in document.items():
        if key == SECTION and isinstance(value, dict):
            inside = cast("dict[str, Any]", value)
            entries += [(SECTION, inner, each) for inner, each in inside.items()]
        else:
            entries.append(("", key, value))
    return entries


def _known(section: str, key: str, origin: Origin) -> Setting:
    setting = SETTINGS.get(key)
    if setting is None:
        known = [each.name for each in SETTINGS.values() if not each.secret]
        close = get_close_matches(key, [*known, SECTION], 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise wrong(origin, key, f"is no setting; {hint}")
    if setting.secret:
        where = f"set {setting.variable}, or name a file that holds it with {key}_file"
        raise wrong(origin, key, f"is a secret and stands in no such file: {where}")
    if setting.section != section:
        place = f"under [{setting.section}]" if setting.section else "above all tables"
        raise wrong(origin, key, f"stands {place}")
    return setting


def _value(setting: Setting, value: Any, origin: Origin, folder: Path) -> Any:
    if not _fits(setting.kind, value):
        raise wrong(origin, setting.name, f"must be {kind_in_words(setting)}, got {value!r}")
    if setting.kind == "path":
        return folder / Path(value).expanduser()
    return tuple(value) if setting.kind == "texts" else value


def _fits(kind: Kind, value: object) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "path":
            return isinstance(value, str) and bool(value.strip())
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "texts":
            listed = cast("list[object]", value) if isinstance(value, list) else [None]
            return all(isinstance(each, str) for each in listed)


def _place(text: str, name: str, section: str, key: str) -> str:
    """The file and, where the key stands at the beginning of a line, which one."""
    here, begins = "", re.compile(rf"^\s*\[?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    for number, line in enumerate(text.splitlines(), 1):
        if here == section and begins.match(line):
            return f"{name} line {number}"
        header = _HEADER.match(line)
        if header:
            here = header[1].strip()
            if not section and begins.match(line):
                return f"{name} line {number}"
    return name
