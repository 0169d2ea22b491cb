"""What a gateway's own page is told of streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overshoot.wire.answers import encode_info, iso_time

if TYPE_CHECKING:
    from overshoot.domain.serving import SourceKind, StreamInfo
    from overshoot.domain.stream import StreamInferenceConfig


def encode_listed_stream(
    info: StreamInfo,
    inference: StreamInferenceConfig,
    *,
    created_at: float,
    source: SourceKind,
    actions: Sequence[str] | None,
) -> dict[str, Any]:
    """A stream in a list: what is asked and all that is counted; ``created_at`` is UNIX time."""
    schema = inference.output_schema_json
    return {
        **encode_info(info),
        "id": info.stream_id,
        "created_at": iso_time(created_at),
        "source": source,
        "model": inference.model,
        "backend": inference.backend,
        "prompt": inference.prompt,
        "output_schema": None if schema is None else dict(schema),
        "width": info.frame_width,
        "height": info.frame_height,
        "actions": None if actions is None else list(actions),
    }
