"""The versions of prompts, and which of them an answer is to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.prompt_history import REMEMBERED, PromptHistory


def test_the_first_prompt_is_version_0_and_each_update_one_more() -> None:
    prompts = PromptHistory("a")
    assert (prompts.current, prompts.version) == ("a", 0)
    prompts.begin_with("b")
    assert (prompts.current, prompts.version) == ("b", 0)
    prompts.update("c")
    assert (prompts.current, prompts.version) == ("c", 1)


def test_a_prompt_that_is_refused_afterwards_is_taken_back() -> None:
    prompts = PromptHistory("a")
    prompts.update("rude")
    prompts.take_back("rude")
    assert (prompts.current, prompts.version) == ("a", 0)
    prompts.take_back("a")
    assert prompts.current == "a"
    prompts.update("b")
    prompts.take_back("rude")
    assert prompts.current == "b"


def test_the_gateways_number_is_believed_where_the_text_allows_it() -> None:
    prompts = PromptHistory("a")
    prompts.update("b")
    prompts.update("a")
    assert prompts.version_of("a", 0) == 0
    assert prompts.version_of("a", 2) == 2
    assert prompts.version_of("a", None) == 2


def test_the_text_decides_where_the_gateway_counts_otherwise() -> None:
    prompts = PromptHistory("a")
    prompts.update("b")
    prompts.update("c")
    assert prompts.version_of("c (answer in JSON)", 1) == 2
    assert prompts.version_of("b", None) == 1


def test_the_longest_of_prompts_that_begin_alike() -> None:
    prompts = PromptHistory("count people and dogs")
    prompts.update("count people")
    assert prompts.version_of("count people and dogs", None) == 0
    assert prompts.version_of("count people.", None) == 1


def test_what_cannot_be_told_is_not_told() -> None:
    prompts = PromptHistory("a")
    assert prompts.version_of("something else", None) is None
    assert prompts.version_of("", None) is None
    assert prompts.version_of("", 0) == 0
    assert prompts.version_of("something else", 7) is None


@given(st.lists(st.text(min_size=1), min_size=1, max_size=40), st.data())
def test_an_exact_text_with_its_own_number_gives_that_number(
    texts: list[str], data: st.DataObject
) -> None:
    prompts = PromptHistory(texts[0])
    for text in texts[1:]:
        prompts.update(text)
    version = data.draw(st.integers(0, len(texts) - 1))
    assert prompts.version_of(texts[version], version) == version


def test_memory_is_bounded_and_versions_go_on() -> None:
    prompts = PromptHistory("0")
    for number in range(1, 3 * REMEMBERED):
        prompts.update(f"{number}.")
    last = 3 * REMEMBERED - 1
    assert prompts.version == last
    assert prompts.version_of(f"{last}.", None) == last
    assert prompts.version_of("0", None) is None
