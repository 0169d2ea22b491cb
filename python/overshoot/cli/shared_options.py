"""The options that commands share, made once from the table of settings.

::

    @shared(GATEWAY, SAMPLING)
    def watch(run: Run, source: ...) -> None: ...

gives the command ``watch`` those options besides its own, and ``--json`` and ``--quiet``; ``run``
is what they come to, with the environment and the files.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer
from attrs import define, field

from overshoot.cli.configuration_files import in_force
from overshoot.cli.output import Output
from overshoot.cli.stopping import Stopping
from overshoot.domain.settings import SECTION, SETTINGS, Setting, Settings

if TYPE_CHECKING:
    from overshoot.domain.configuration import Configuration

GATEWAY: Final = ("api_url", "api_key", "api_key_file")
BACKEND: Final = ("backend", "backend_url", "backend_key_file")
MODEL: Final = ("model",)
ICE: Final = ("ice_servers", "turn_username", "turn_credential_file")
ANSWERS: Final = (*GATEWAY, *BACKEND, *MODEL, *ICE)
SAMPLING: Final = tuple(name for name, each in SETTINGS.items() if each.section == SECTION)
STORE: Final = ("store",)
_PANELS: Final = {
    **dict.fromkeys(ANSWERS, "Who answers"),
    **dict.fromkeys(SAMPLING, "What the model is shown"),
}
_TYPES: Final[dict[str, Any]] = {
    "text": str | None,
    "number": float | None,
    "whole": int | None,
    "path": Path | None,
    "texts": list[str] | None,
}


@define
class Run:
    """What a command is run with.

    Attributes:
        configuration: what is in force, and from where.
        output: where it writes.
        stopping: whether it is to end.
    """

    configuration: Configuration
    output: Output
    stopping: Stopping = field(factory=Stopping)

    @property
    def settings(self) -> Settings:
        """The values."""
        return self.configuration.settings


def shared(*groups: Sequence[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the options of these groups, ``--json`` and ``--quiet``."""
    names = [name for group in groups for name in group]

    def give(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[1:]
        hints = get_type_hints(command, include_extras=True)

        def run(*, as_json: bool, quiet: bool, **given: Any) -> None:
            flags = {name: given.pop(name) for name in names}
            stopping = Stopping()
            output = Output(
                as_json=as_json,
                quiet=quiet,
                on_reader_gone=lambda: stopping.ask("reader_gone"),
            )
            command(Run(in_force(flags), output, stopping), **given)

        parameters = [
            *(each.replace(annotation=hints[each.name]) for each in own),
            *(_option(SETTINGS[name]) for name in names),
            *_OUTPUT,
        ]
        return stand_in(run, command, parameters)

    return give


def stand_in(
    run: Callable[..., None], command: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Let ``run`` look like ``command`` with these parameters, as typer reads them."""
    vars(run)["__signature__"] = inspect.Signature(
        [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    )
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__name__, run.__doc__ = command.__name__, _flowing(command.__doc__ or "")
    return run


def _flowing(text: str) -> str:
    """The paragraphs each in one line: what is shown is folded at the width of the terminal."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _option(setting: Setting) -> inspect.Parameter:
    help = f"{setting.help} ({setting.variable})"
    option = typer.Option(setting.flag, help=help, rich_help_panel=_PANELS.get(setting.name))
    return parameter(setting.name, _TYPES[setting.kind], option, None)


def parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
    """A parameter of a command, as typer reads it."""
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, option],
    )


_OUTPUT: Final = (
    parameter("as_json", bool, typer.Option("--json", help="Print JSON, and nothing else."), False),
    parameter(
        "quiet",
        bool,
        typer.Option("--quiet", "-q", help="No progress, notes and summaries on stderr."),
        False,
    ),
)
