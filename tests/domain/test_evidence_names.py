"""Names of kept files: none leads out of the folder, whatever an action is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.evidence_names import action_stem, is_session, is_stem, session_folder
from overshoot.errors import ConfigurationError


def test_a_name_can_be_read() -> None:
    assert action_stem(12, "Waving Hand") == "000012-waving-hand"
    assert action_stem(1, "../../etc/passwd") == "000001-etc-passwd"
    assert action_stem(1, "握手") == "000001-action"


@given(st.integers(1, 10**9), st.text(max_size=80))
def test_every_action_has_a_name_of_ours(number: int, action: str) -> None:
    stem = action_stem(number, action)
    assert is_stem(stem)
    assert stem.isascii()
    assert len(stem) <= 60


@given(st.integers(1, 999_999), st.text(), st.text())
def test_names_rise_with_the_number(number: int, one: str, other: str) -> None:
    assert action_stem(number, one) < action_stem(number + 1, other) or number == 999_999


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "a\\b", "a b", "ü", "x" * 65, "a\n", 3])
def test_a_session_that_could_be_a_path_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="session_id"):
        session_folder(wrong)


def test_what_a_person_puts_there_is_none_of_ours() -> None:
    assert not is_stem("notes")
    assert not is_stem("12-waving")
    assert not is_session("my clips")
