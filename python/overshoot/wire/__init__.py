"""Messages of the Media Gateway API v0.2, as values; pure, and shared by both ends.

``encode_…`` gives what ``json.dumps`` takes, ``decode_…`` takes what ``json.loads`` gave. Requests
are decoded at the gateway and raise `ValidationError` with the field's path; answers are decoded at
the client, are read with tolerance, and raise `ProtocolError`.
"""

from overshoot.wire.answers import (
    CreatedStream,
    decode_created,
    decode_keepalive,
    encode_created,
    encode_info,
    encode_keepalive,
    encode_models,
    encode_stream_config,
)
from overshoot.wire.create import CreateStream, decode_create, encode_create
from overshoot.wire.failure import decode_error, encode_error
from overshoot.wire.feedback import decode_feedback, encode_feedback, encode_feedback_record
from overshoot.wire.json_text import from_json, to_json
from overshoot.wire.limits import Limits
from overshoot.wire.prompt import decode_prompt, encode_prompt
from overshoot.wire.questions import (
    ClipQuestion,
    ImageQuestion,
    decode_clip_question,
    decode_image_question,
    decode_schema_update,
    encode_completion,
)
from overshoot.wire.result import decode_result, encode_gap, encode_result

__all__ = [
    "ClipQuestion",
    "CreateStream",
    "CreatedStream",
    "ImageQuestion",
    "Limits",
    "decode_clip_question",
    "decode_create",
    "decode_created",
    "decode_error",
    "decode_feedback",
    "decode_image_question",
    "decode_keepalive",
    "decode_prompt",
    "decode_result",
    "decode_schema_update",
    "encode_completion",
    "encode_create",
    "encode_created",
    "encode_error",
    "encode_feedback",
    "encode_feedback_record",
    "encode_gap",
    "encode_info",
    "encode_keepalive",
    "encode_models",
    "encode_prompt",
    "encode_result",
    "encode_stream_config",
    "from_json",
    "to_json",
]
