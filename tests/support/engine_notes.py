"""What the C++ of LiteRT says on stderr, which no setting silences, and we do not say."""

from __future__ import annotations


def without_engine_notes(stderr: str) -> str:
    """The rest of what a program wrote to stderr."""
    lines = stderr.splitlines(keepends=True)
    return "".join(line for line in lines if "TensorFlow Lite XNNPACK delegate" not in line)
