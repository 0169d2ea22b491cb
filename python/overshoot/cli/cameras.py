"""``overshoot cameras``: the cameras of this machine and what they deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from attrs import asdict
from rich.table import Table
from rich.text import Text

from overshoot.cli.exit_codes import EXIT_FAILED
from overshoot.cli.shared_options import Run, shared

if TYPE_CHECKING:
    from overshoot.domain.camera import Camera

NONE_HERE = (
    "this machine has no camera: plug one in, pass its device into the container, or watch a file"
    " or 'synthetic'"
)


@shared()
def cameras(run: Run) -> None:
    """List the cameras of this machine with their modes.

    On Linux the kernel is asked; macOS and Windows tell names and no modes. Leaves with 1 where
    there is no camera that can be used.

    Examples:

    overshoot cameras

    overshoot cameras --json

    --json prints one object: cameras, a list with device, source (what to give to overshoot watch;
    null where it cannot be used), name, driver, problem, and modes, a list with format, width,
    height, fps.
    """
    from overshoot import bootstrap

    found = bootstrap.cameras()
    if run.output.as_json:
        run.output.json({"cameras": [asdict(camera) for camera in found]}, indent=2)
    elif found:
        run.output.table(_table(found))
    else:
        run.output.note(NONE_HERE)
    if not any(camera.source is not None for camera in found):
        raise typer.Exit(EXIT_FAILED)


def _table(cameras: list[Camera]) -> Table:
    table = Table("source", "device", "name", "modes", box=None, pad_edge=False)
    for camera in cameras:
        table.add_row(
            Text(camera.source or "-"),
            Text(camera.device),
            Text(f"{camera.name} ({camera.driver})" if camera.driver else camera.name),
            Text(camera.problem, style="red") if camera.problem else Text(_modes(camera)),
        )
    return table


def _modes(camera: Camera) -> str:
    """A line for each format and size."""
    lines: list[str] = []
    for mode in camera.modes:
        rates = ", ".join(f"{rate:g}" for rate in mode.fps)
        told = f" at {rates} frames/s" if rates else ""
        lines.append(f"{mode.format} {mode.width}x{mode.height}{told}")
    return "\n".join(lines) or "not told by this system"
