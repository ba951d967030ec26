"""Prompt files and their contracts; what is put into them means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import PROMPTS

from deeppersona_graph.llm.prompts import Message, PromptError, Prompts, parse

HEADER = "<!--\nA prompt.\ninputs: a\n-->\n"


def test_the_prompts_of_the_package_keep_their_contracts() -> None:
    assert {prompt.name for prompt in Prompts()} >= {"repair-answer", "answer-cut", "answer-format"}


def test_the_newest_version_is_taken_where_none_is_named() -> None:
    newest = PROMPTS.load("greeting")
    assert (newest.version, newest.temperature, newest.max_tokens) == (2, 0.5, 50)
    assert newest.summary == "A greeting with an example of one, over two lines."
    assert PROMPTS.load("greeting", 1).inputs == {"name"}


def test_parts_become_messages_with_the_inputs_in_their_places() -> None:
    assert PROMPTS.load("greeting").render({"name": "Bo", "place": "Oslo"}) == (
        Message("system", "You greet people."),
        Message("user", "Ann"),
        Message("assistant", "Good day, Ann."),
        Message("user", "Bo of Oslo, that is Bo"),
    )


@given(
    name=st.text(),
    place=st.sampled_from(["{{name}}", "$name {name} %s {}", "<!-- system -->\n", "\\1\\g<0>"]),
)
def test_an_input_is_put_in_as_it_is(name: str, place: str) -> None:
    rendered = PROMPTS.load("greeting").render({"name": name, "place": place})
    assert rendered[-1].text == f"{name} of {place}, that is {name}"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("No header", "does not begin with a comment"),
        ("<!--\ninputs: a\n-->\n<!-- user -->\n{{a}}", "lacks a summary"),
        ("<!--\nA prompt.\n-->\n<!-- user -->\nx", "lacks inputs"),
        (HEADER + "<!-- user -->\nx", r"declares \['a'\] without use"),
        (HEADER + "<!-- user -->\n{{a}} {{b}}", r"uses \['b'\] undeclared"),
        (HEADER + "<!-- system -->\n{{a}}\n<!-- user -->\nx", "the same for all inputs"),
        (HEADER + "<!-- user -->\n{{a}}\n<!-- system -->\nx", "comes first"),
        (HEADER + "<!-- user -->\n{{a}}\n<!-- assistant -->\nx", "the last part is the user's"),
        (HEADER + "{{a}}", "text outside of a part"),
        (HEADER + "stray\n<!-- user -->\n{{a}}", "text outside of a part"),
        (HEADER + "<!-- user -->\n{{a}}{{ b }}", "is written like"),
        (HEADER + "<!-- system -->\n\n<!-- user -->\n{{a}}", "empty system part"),
        (HEADER.replace("inputs", "temperature: warm\ninputs") + "<!-- user -->\n{{a}}", "warm"),
    ],
)
def test_a_prompt_that_breaks_its_contract_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(PromptError, match=complaint):
        parse("one", 1, source)


def test_wrong_inputs_and_unknown_prompts_are_refused() -> None:
    with pytest.raises(PromptError, match=r"takes \['name', 'place'\], was given \['name'\]"):
        PROMPTS.load("greeting").render({"name": "Bo"})
    for name, version in (("absent", None), ("greeting", 9)):
        with pytest.raises(PromptError, match="there is no prompt"):
            PROMPTS.load(name, version)
