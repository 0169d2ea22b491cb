"""Folders for the files of stores."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = Path("/dev/shm")  # noqa: S108


def made_in_memory() -> TemporaryDirectory[str]:
    """A folder in memory where there is such a thing, so that tests wait for no disk."""
    return TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
