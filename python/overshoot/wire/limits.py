"""How much one request may ask for."""

from __future__ import annotations

from math import isfinite
from typing import Any

from attrs import field, frozen

from overshoot.domain.stream import MAX_PROMPT_BYTES
from overshoot.domain.validation import a_number, a_whole_number
from overshoot.wire.json_text import is_array, is_object

_ANY = 1 << 40


@frozen
class Limits:
    """What a gateway takes.

    Attributes:
        prompt_bytes: length of a prompt in UTF-8.
        schema_bytes: length of an output schema as JSON text.
        schema_depth: levels of nesting in an output schema.
        text_bytes: length of any other text, such as a model's name or a feedback.
        effective_fps: frames per second sent to the model, counting those of overlapping clips
            each time: ``fps * sampling_ratio * clip_length / delay``.
        tokens_per_second: ``max_output_tokens`` by the time from one answer to the next.
    """

    prompt_bytes: int = field(default=MAX_PROMPT_BYTES, validator=a_whole_number(1, _ANY))
    schema_bytes: int = field(default=16 * 1024, validator=a_whole_number(2, _ANY))
    schema_depth: int = field(default=16, validator=a_whole_number(1, 200))
    text_bytes: int = field(default=8 * 1024, validator=a_whole_number(1, _ANY))
    effective_fps: float = field(default=30.0, validator=a_number(0, _ANY, above=True))
    tokens_per_second: float = field(default=128.0, validator=a_number(0, _ANY, above=True))


def is_encodable(text: str) -> bool:
    """Whether UTF-8 has it: JSON can spell half of a surrogate pair, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fault_in_json(value: Any, *, depth: int) -> str | None:
    """What is wrong with a JSON value (too deep, NaN, broken text), or None; never recurses."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, float) and not isfinite(item):
            return "made of finite numbers"
        if isinstance(item, str) and not is_encodable(item):
            return "text that UTF-8 has"
        if level > depth and (is_object(item) or is_array(item)):
            return f"nested at most {depth} levels deep"
        if is_object(item):
            waiting += [(key, level) for key in item]
            waiting += [(entry, level + 1) for entry in item.values()]
        elif is_array(item):
            waiting += [(entry, level + 1) for entry in item]
    return None
