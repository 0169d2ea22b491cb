"""The sidecar of a kept clip, as JSON text and back."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict
from cattrs.gen import make_dict_structure_fn

from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence_record import (
    FORMAT,
    KIND,
    ClipFacts,
    EvidenceRecord,
    Question,
)
from overshoot.domain.tracking_verdict import TimedVerdict
from overshoot.errors import ProtocolError, StoreError, ValidationError
from overshoot.wire.json_text import from_json, is_object
from overshoot.wire.structuring import (
    WrongValueError,
    register_open,
    request_converter,
    structure,
)


def _flag(value: Any, _: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("true or false")
    return value


def _action(value: Any, kind: Any) -> DetectedAction:
    if not is_object(value):
        raise WrongValueError("a JSON object")
    return _structured_action(value, kind)


_converter = request_converter()
_converter.register_structure_hook(bool, _flag)
_structured_action = make_dict_structure_fn(
    DetectedAction, _converter, _cattrs_forbid_extra_keys=False
)
_converter.register_structure_hook(DetectedAction, _action)
# Parts before the whole, which takes the hooks that are there when its own is made.
register_open(_converter, ClipFacts, Question, TimedVerdict, EvidenceRecord)


def encode_record(record: EvidenceRecord) -> str:
    """The text of a sidecar; `StoreError` where the action's metadata is not JSON."""
    body: dict[str, Any] = {"kind": KIND, "format": FORMAT, **asdict(record)}
    body["action"] = record.action.to_dict()
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False, indent=1) + "\n"
    except (TypeError, ValueError, RecursionError) as cause:
        action = record.action
        message = f"evidence of {action.action!r} at {action.timestamp!r} s is not JSON: {cause}"
        raise StoreError(message) from cause


def decode_record(text: str | bytes) -> EvidenceRecord | None:
    """What a sidecar says; None for a text that is something else.

    `StoreError` for one of a later version of this package, or one that was damaged; what it says
    is to be put after the file's name.
    """
    try:
        body = from_json(text)
    except ProtocolError:
        return None
    if not is_object(body) or body.get("kind") != KIND:
        return None
    version = body.get("format")
    if version != FORMAT:
        message = (
            f"has format {version!r}, and this version of overshoot reads {FORMAT}:"
            " update overshoot to read it"
        )
        raise StoreError(message)
    try:
        return structure(body, EvidenceRecord, _converter)
    except ValidationError as fault:
        message = f"is damaged: {fault.message}"
        raise StoreError(message) from fault
