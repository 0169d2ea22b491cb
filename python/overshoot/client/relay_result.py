"""What a relay's callback gets: a mapping that ``json.dumps`` takes, and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult


class RelayResult(dict[str, Any]):
    """The fields of an `InferenceResult` as a dict; ``r["result"]`` reads as ``r.result`` too.

    ``type`` is ``"inference"``, or ``"error"`` with the cause in ``error``; ``timestamp`` is the
    pushed timestamp of the newest frame it is about. ``parsed`` is there where it is plain JSON.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            message = f"a relay result has no {name!r}; it has: {', '.join(self)}"
            raise AttributeError(message) from None


def relay_result(result: InferenceResult[Any]) -> RelayResult:
    """A result in the form that relays hand out."""
    fields = asdict(result, recurse=False)
    fields["unsupported"] = [asdict(item) for item in result.unsupported]
    fields["detected"] = dict(result.detected)
    if not isinstance(result.parsed, (Mapping, list, str, int, float, bool, type(None))):
        del fields["parsed"]
    return RelayResult(fields)
