"""`Settings`: what every command shares, in one typed table.

A field is all there is to say about a setting: its flag (``--api-url``), its environment variable
(``OVERSHOOT_API_URL``), its key in ``overshoot.toml`` and its help are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from attrs import Attribute, field, fields, frozen

from overshoot.domain.validation import a_number, a_text, a_whole_number, fail

Kind: TypeAlias = Literal["text", "number", "whole", "path", "texts"]
PREFIX: Final = "OVERSHOOT_"
SECTION: Final = "sampling"
"""The one table of ``overshoot.toml``."""
MOST_TOKENS: Final = 1_000_000


def _optional(check: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    def checked(owner: Any, attribute: Attribute[Any], value: Any) -> None:
        if value is not None:
            check(owner, attribute, value)

    return checked


def _each_a_text(owner: Any, attribute: Attribute[Any], value: Any) -> None:
    if not all(isinstance(each, str) and each.strip() for each in value):
        raise fail(owner, attribute.name, "non-empty strings", value)


def _setting(
    kind: Kind,
    help: str,
    *,
    check: Callable[[Any, Any, Any], None] | None = None,
    section: str = "",
    secret: bool = False,
    address: bool = False,
) -> Any:
    """A field. ``secret`` ones are never shown and stand in no file; an ``address`` is masked."""
    about = {
        "kind": kind,
        "help": help,
        "section": section,
        "secret": secret,
        "address": address,
    }
    if kind == "texts":
        return field(factory=tuple, converter=tuple, validator=_each_a_text, metadata=about)
    if check is None and kind == "text":
        check = a_text()
    validator = None if check is None else _optional(check)
    return field(default=None, validator=validator, metadata=about, repr=not secret)


@frozen(kw_only=True)
class Settings:
    """What commands share; None is what nobody has said.

    Attributes:
        api_url: see the help of each, which is what ``--help`` shows.
    """

    api_url: str | None = _setting(
        "text", "Ask this gateway, such as https://host/api/v0.2; by default, nobody outside.",
        address=True,
    )  # fmt: skip
    api_key: str | None = _setting("text", "The gateway's key.", secret=True)
    api_key_file: Path | None = _setting(  # noqa: RUF009 - an attrs field
        "path", "A file that holds the gateway's key alone."
    )
    backend: str | None = _setting(
        "text", "Who answers in this process: local, openai, gemini, or your own as module:name."
    )
    backend_url: str | None = _setting(
        "text", "Server of the openai backend, such as http://127.0.0.1:8000/v1.", address=True
    )
    backend_key: str | None = _setting("text", "The key for that server.", secret=True)
    backend_key_file: Path | None = _setting(  # noqa: RUF009 - an attrs field
        "path", "A file that holds the key for that server."
    )
    model: str | None = _setting("text", "Name of the model that answers.")
    store: str | None = _setting(
        "text", "Where actions are kept: sqlite:///actions.db or postgresql://host/database.",
        address=True,
    )  # fmt: skip
    source: str | None = _setting("text", "What to watch, where no source is named.", address=True)
    ice_servers: tuple[str, ...] = _setting(
        "texts", "STUN or TURN server, such as stun:host:3478; may be repeated."
    )
    turn_username: str | None = _setting("text", "User of the TURN servers.")
    turn_credential: str | None = _setting("text", "Password of that user.", secret=True)
    turn_credential_file: Path | None = _setting(  # noqa: RUF009 - an attrs field
        "path", "A file that holds that password."
    )
    target_fps: int | None = _setting(
        "whole", "Frames a second that the model is shown, 1 to 30.",
        check=a_whole_number(1, 30, "frames/s"), section=SECTION,
    )  # fmt: skip
    clip_length_seconds: float | None = _setting(
        "number", "Seconds of video that one question is about, 0.1 to 60.",
        check=a_number(0.1, 60.0, "s"), section=SECTION,
    )  # fmt: skip
    delay_seconds: float | None = _setting(
        "number", "Seconds from one question to the next, 0 to 60.",
        check=a_number(0.0, 60.0, "s"), section=SECTION,
    )  # fmt: skip
    interval_seconds: float | None = _setting(
        "number", "Ask about one still every so often in place of clips, above 0 to 60 s.",
        check=a_number(0.0, 60.0, "s", above=True), section=SECTION,
    )  # fmt: skip
    max_output_tokens: int | None = _setting(
        "whole", "Longest answer, in tokens.",
        check=a_whole_number(1, MOST_TOKENS, "tokens"), section=SECTION,
    )  # fmt: skip


@frozen
class Setting:
    """A row of the table.

    Attributes:
        name: of the field, and of the key in a file.
        kind: what its value is.
        help: a sentence.
        section: the table of the file that it stands in; ``""`` is the top.
        secret: whether it is never shown, and stands in no file.
        address: whether what it shows is masked.
    """

    name: str
    kind: Kind
    help: str
    section: str
    secret: bool
    address: bool

    @property
    def flag(self) -> str:
        """On the command line."""
        name = self.name.removesuffix("s") if self.many else self.name
        return "--" + name.replace("_", "-")

    @property
    def variable(self) -> str:
        """In the environment."""
        return PREFIX + self.name.upper()

    @property
    def many(self) -> bool:
        """Whether it has several values."""
        return self.kind == "texts"


SETTINGS: Final[Mapping[str, Setting]] = {
    each.name: Setting(each.name, **each.metadata) for each in fields(Settings)
}
"""The table, in the order in which it is shown."""
