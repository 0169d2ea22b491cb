"""``overshoot models``: the small networks of the local backend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from attrs import asdict

from overshoot.cli.shared_options import Run, shared

models: typer.Typer = typer.Typer(
    help="The small networks of the local backend.", no_args_is_help=True
)


@models.command()
@shared()
def pull(
    run: Run,
    wheel: Annotated[
        Path | None,
        typer.Option(help="Take them from this mediapipe 0.10.21 wheel; nothing is downloaded."),
    ] = None,
) -> None:
    """Fetch the networks once, check them, and keep them in the cache folder.

    They come from the wheel of mediapipe 0.10.21 (Apache-2.0) on the Python package index; nothing
    else of it is kept.

    Examples:

    overshoot models pull

    overshoot models pull --wheel mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl

    Prints the folder. --json prints one object: folder.
    """
    from overshoot import bootstrap

    folder = bootstrap.pull_models(wheel, run.output.note)
    if run.output.as_json:
        run.output.json({"folder": str(folder)})
    else:
        run.output.line(str(folder))


@models.command(name="list")
@shared()
def list_models(run: Run) -> None:
    """Show what the local backend can tell now, and what it lacks.

    Examples:

    overshoot models list

    --json prints one object: models, a list with model, ready, status, can_tell (words), and
    missing, a list with asked, reason, remedy.
    """
    import asyncio

    from overshoot import bootstrap

    backend = bootstrap.inference_backend("local")
    offered = backend.models()
    asyncio.run(backend.close())
    if run.output.as_json:
        run.output.json({"models": [asdict(model) for model in offered]}, indent=2)
        return
    for model in offered:
        run.output.line(f"{model.model}: {model.status}")
        run.output.line("  can tell: " + ", ".join(model.can_tell))
        for lack in model.missing:
            run.output.line(f"  cannot tell {lack.asked}: {lack.remedy}")
