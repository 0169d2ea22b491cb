"""``overshoot models``: the small networks of the local backend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

models: typer.Typer = typer.Typer(
    help="The small networks of the local backend.", no_args_is_help=True
)


@models.command()
def pull(
    wheel: Annotated[
        Path | None,
        typer.Option(help="Take them from this mediapipe 0.10.21 wheel; nothing is downloaded."),
    ] = None,
) -> None:
    """Fetch the networks once, check them, and keep them in the cache folder.

    They come from the wheel of mediapipe 0.10.21 (Apache-2.0) on the Python package index; nothing
    else of it is kept. Example: overshoot models pull
    """
    from overshoot import bootstrap

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    folder = bootstrap.pull_models(wheel, lambda text: console.print(text, markup=False))
    Console(highlight=False, soft_wrap=True).print(str(folder), markup=False)


@models.command(name="list")
def list_models() -> None:
    """Show what the local backend can tell now, and what it lacks."""
    import asyncio

    from overshoot import bootstrap

    console = Console(highlight=False, soft_wrap=True)
    backend = bootstrap.inference_backend("local")
    for model in backend.models():
        console.print(f"{model.model}: {model.status}")
        console.print("  can tell: " + ", ".join(model.can_tell), markup=False)
        for lack in model.missing:
            console.print(f"  cannot tell {lack.asked}: {lack.remedy}", markup=False)
    asyncio.run(backend.close())
