"""`Cursor`: a place in a list, as a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor, Order, sort_key
from overshoot.domain.stored import StoredAction
from overshoot.testing.strategies import actions

STORED = StoredAction(4, DetectedAction("wave", 0.1, 0, 0.5), 99.0)
stored_actions = st.builds(StoredAction, st.integers(1, 3), actions, st.just(0.0))


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("timestamp", "timestamp~0.1~4"),
        ("-timestamp", "-timestamp~0.1~4"),
        ("added", "added~4.0~4"),
        ("-added", "-added~4.0~4"),
        ("confidence", "confidence~0.5~4"),
        ("-confidence", "-confidence~0.5~4"),
    ],
)
def test_its_text(order: Order, text: str) -> None:
    assert str(Cursor.of(order, STORED)) == text
    assert Cursor.parse(text) == Cursor.of(order, STORED)


@given(stored=stored_actions, order=st.sampled_from(ORDERS))
def test_its_text_reads_back(stored: StoredAction, order: Order) -> None:
    cursor = Cursor.of(order, stored)
    assert Cursor.parse(str(cursor)) == cursor
    assert not cursor.is_before(stored)


@given(one=stored_actions, other=stored_actions, order=st.sampled_from(ORDERS))
def test_positions_are_the_order(one: StoredAction, other: StoredAction, order: Order) -> None:
    key = sort_key(order)
    before = (key(one), one.seq) < (key(other), other.seq)
    after = (key(one), one.seq) > (key(other), other.seq)
    assert Cursor.of(order, one).is_before(other) is (after if order.startswith("-") else before)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "timestamp",
        "timestamp~1.0",
        "timestamp~1.0~",
        "timestamp~~1",
        "timestamp~nan~1",
        "timestamp~1.0~1.5",
        "timestamp~1.0~1~2",
        "time~1.0~1",
        "--added~1.0~1",
        "timestamp~" + "9" * 5000 + "x~1",
        "added~1~" + "9" * 5000,
        "added~1.0~-1",
        f"added~1.0~{2**63}",
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="after must be the cursor") as caught:
        Cursor.parse(text)
    assert caught.value.details["field"] == "after"
    assert len(caught.value.message) < 200
