"""A file that is written whole, or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from overshoot.errors import StoreError


def replace_file(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Through a file beside it that takes its name in the end, so that no half of one is seen.

    Raises:
        StoreError: it cannot be written. Then, and whatever else ``write`` raises, what was there
            is there still, and the file beside it is gone.
    """
    try:
        # A link stays a link; the file it names is replaced.
        target = Path(os.path.realpath(path))
        mode = _mode(target)
        draft = target.parent / f".overshoot-{secrets.token_hex(8)}.tmp"
        try:
            _fill(draft, write, mode)
            draft.replace(target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except (OSError, UnicodeError) as cause:
        why = getattr(cause, "strerror", None) or cause
        message = f"cannot write {path}: {why}; nothing that was there has changed"
        raise StoreError(message) from cause


def _mode(target: Path) -> int | None:
    """The permissions of the file that will be replaced; None where there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is there and is no regular file")
    return stat.S_IMODE(status.st_mode)


def _fill(draft: Path, write: Callable[[BinaryIO], None], mode: int | None) -> None:
    # Opened anew and with the caller's umask, where tempfile would leave a file for him alone.
    with draft.open("xb") as file:
        if mode is not None:
            draft.chmod(mode)
        write(file)
        file.flush()
        os.fsync(file.fileno())
