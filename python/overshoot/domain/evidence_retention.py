"""What of the kept evidence has to go."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen


@frozen
class KeptFiles:
    """The files of one action.

    Attributes:
        name: tells them from all others.
        bytes: their size together.
        kept_at: when they were written, seconds of UNIX time.
    """

    name: str
    bytes: int
    kept_at: float


def outdated(
    kept: Iterable[KeptFiles], *, now: float, max_bytes: int, max_age_seconds: float | None
) -> list[KeptFiles]:
    """What has to go, the oldest first: until the rest fits, and what is too old.

    The newest stays, however large and old it is. Of those of one time the order is that of names.
    """
    by_age = sorted(kept, key=lambda files: (files.kept_at, files.name))
    total = sum(files.bytes for files in by_age)
    going: list[KeptFiles] = []
    for files in by_age[:-1]:
        too_old = max_age_seconds is not None and now - files.kept_at > max_age_seconds
        if total <= max_bytes and not too_old:
            break
        going.append(files)
        total -= files.bytes
    return going
