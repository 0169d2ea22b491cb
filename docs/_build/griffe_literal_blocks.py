"""Docstrings announce code with ``::``, as everywhere in Python; Markdown wants nothing, or one colon."""

from __future__ import annotations

import re
from typing import Any

import griffe


class LiteralBlocks(griffe.Extension):
    """Turns ``text::`` into ``text:`` and a line of ``::`` alone into an empty one."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            text = re.sub(r"^\s*::\s*$", "", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r"(?<=\w)::$", ":", text, flags=re.MULTILINE)
