"""What `overshoot.ports.action_format` promises, sentence by sentence; run on every format."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overshoot.domain.action import DetectedAction
from overshoot.errors import ConfigurationError
from overshoot.ports.action_format import ActionFormat
from overshoot.testing.strategies import actions

NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)
SECONDS = st.floats(0, 1e15) | st.sampled_from([0.0, -0.0, 5e-324, 0.1 + 0.2, 1e9, 1e15])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(["a;=1", ";=1;", "=1", "\r\n", "\u2028", "</b>"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=6,
)
AWKWARD_NAMES: Final = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1", "'", "''", "＝1"),  # noqa: RUF001 - meant
    *(
        " led and followed ",
        'a "quote"',
        "it's",
        "a,b;c\td|e",
        "two\nlines\r\nthree\rfour",
        "\ufeff",
    ),
    *("waving 👋🏽", "a\u2028b\x85c", "a;=1+1", '"', '""', "null", "[1]", "{}", "#", "\\", "\\N"),
)
anything: st.SearchStrategy[list[DetectedAction]] = st.lists(
    st.builds(
        DetectedAction,
        NAMES.filter(str.strip) | st.sampled_from(AWKWARD_NAMES),
        timestamp=SECONDS,
        frame_number=st.integers(0, 2**63 - 1),
        confidence=st.floats(0, 1) | st.sampled_from([0.0, -0.0, 5e-324, 1.0]),
        duration=st.none() | SECONDS,
        metadata=st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=3),
    )
    | actions,
    max_size=6,
)

WAVE: Final = DetectedAction("waving", 1.5, 45, 0.92, None, {"who": "Jürgen"})
AWKWARD: Final = [DetectedAction(name, 1.0, 0, 0.5) for name in AWKWARD_NAMES]


class Counted(str):
    """A name that tells how many of its kind are held."""

    held: int = 0
    most: int = 0

    def __init__(self, _: str) -> None:
        Counted.held += 1
        Counted.most = max(Counted.most, Counted.held)

    def __del__(self) -> None:
        Counted.held -= 1


def written(format: ActionFormat, kept: Any) -> bytes:
    file = io.BytesIO()
    format.write(kept, file)
    assert not file.closed
    return file.getvalue()


def read(format: ActionFormat, data: bytes) -> list[DetectedAction]:
    return list(format.read(io.BytesIO(data)))


def endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(100_000):
        inner = {"in": inner}
    return inner


NOT_JSON: Final[dict[str, Any]] = {
    "object": {"at": object()},
    "nan": {"x": float("nan")},
    "set": {"x": {1, 2}},
    "key": {"x": {1: 2}},
    "surrogate": {"x": "\ud800"},
    "long": {"x": 10**5000},
    "endless": endless(),
    "deep": deep(),
}


class ActionFormatContract:
    """Subclass it and give `format`, and how many actions it may hold."""

    format: ActionFormat
    most_held = 2

    def test_what_was_written_is_read(self) -> None:
        # Inside, so that each subclass has a test of its own for Hypothesis.
        @settings(deadline=None)
        @given(kept=anything)
        @example(kept=AWKWARD)
        def law(kept: list[DetectedAction]) -> None:
            assert read(self.format, written(self.format, kept)) == kept

        law()

    def test_nothing_is_nothing(self) -> None:
        assert read(self.format, written(self.format, [])) == []

    def test_a_bounded_number_is_held(self) -> None:
        def many() -> Iterator[DetectedAction]:
            for number in range(count):
                yield DetectedAction(Counted(f"wave {number}"), 1.0, number, 0.5)

        count = self.most_held * 2 + 500
        Counted.most = 0
        written(self.format, many())
        assert 0 < Counted.most <= self.most_held

    @pytest.mark.parametrize("metadata", NOT_JSON.values(), ids=NOT_JSON)
    def test_metadata_that_is_not_json_names_the_action(self, metadata: dict[str, Any]) -> None:
        bad = DetectedAction("nodding", 7.25, 0, 1.0, metadata=metadata)
        with pytest.raises(ConfigurationError, match=r"'nodding' at 7\.25 s") as caught:
            written(self.format, [WAVE, bad])
        assert caught.value.details["field"] == "metadata"

    def test_what_the_actions_raise_goes_through(self) -> None:
        def failing() -> Iterator[DetectedAction]:
            yield WAVE
            raise LookupError("a store")

        with pytest.raises(LookupError, match="a store"):
            written(self.format, failing())
