"""Requests are values: what changes their key, and what their answers must look like."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any, Literal

import pytest
from programs import ASKER, Word
from pydantic import BaseModel, ConfigDict, Field

from deeppersona_graph.llm.answers import Raw, Unusable, read
from deeppersona_graph.llm.prompts import Message
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.schema import answer_schema
from deeppersona_graph.llm.settle import Exhausted, Settled, settle


class Loose(BaseModel):
    word: str


class OtherWord(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str
    number: float


REQUEST = ASKER.request("next-word", Word, name="Ann", step=0, before="")


def raw(text: str, finish: str = "stop", refusal: str | None = None) -> Raw:
    return Raw(text, finish, refusal, "model")


def test_equal_content_has_an_equal_key_and_it_is_the_same_on_any_machine() -> None:
    assert ASKER.request("next-word", Word, name="Ann", step=0, before="").key == REQUEST.key
    assert REQUEST.key == "2db519e8b40d4825631cbb142a1936b4c2612ccb"


def test_whatever_decides_the_answer_decides_the_key() -> None:
    changes: list[dict[str, Any]] = [
        {"prompt": "other"},
        {"version": 2},
        {"messages": (*REQUEST.messages, Message("user", ""))},
        {"messages": tuple(Message("user", message.text) for message in REQUEST.messages)},
        {"answer": OtherWord},
        {"model": "gpt-4o"},
        {"temperature": None},
        {"temperature": 0.8},
        {"max_tokens": 201},
        {"sample": 1},
        {"turn": "again"},
    ]
    keys = {replace(REQUEST, **change).key for change in changes}
    assert len(keys | {REQUEST.key}) == len(changes) + 1


def test_a_request_cannot_be_changed_and_its_answer_must_be_closed() -> None:
    with pytest.raises(FrozenInstanceError):
        REQUEST.sample = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match="must forbid extra fields"):
        replace(REQUEST, answer=Loose)  # type: ignore[arg-type]


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    default: str = Field("x", description="A property that is called default.")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["a", "b"] = "a"
    inner: Inner = Field(description="Described here.")
    many: list[Inner] = []
    maybe: Inner | None = None


def test_the_schema_is_strict_all_the_way_down() -> None:
    schema = answer_schema(Outer)
    inner = schema["$defs"]["Inner"]
    assert schema["required"] == ["kind", "inner", "many", "maybe"]
    assert schema["additionalProperties"] is inner["additionalProperties"] is False
    assert inner["required"] == ["default"]
    assert "default" not in schema["properties"]["kind"]
    assert "$ref" not in schema["properties"]["inner"]
    assert schema["properties"]["inner"]["description"] == "Described here."


@pytest.mark.parametrize(
    "text",
    [
        '{"word": "a{b", "number": 1}',
        '```json\n{"word": "a{b", "number": 1}\n```',
        'Certainly! {"word": "a{b", "number": 1} I hope {this} helps.',
        '<think>{"word": "no", "number": 0} or so</think>{"word": "a{b", "number": 1}',
        'First {"word": "x"}, no: {"word": "a{b", "number": 1}',
        '{ {"word": "a{b", "number": 1}',
    ],
)
def test_the_object_is_found_in_whatever_surrounds_it(text: str) -> None:
    assert read(Word, raw(text)) == Word(word="a{b", number=1)


@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        (raw("", refusal="I cannot."), "refused"),
        (raw("", "content_filter"), "refused"),
        (raw('{"word": "a', "length"), "cut off"),
        (raw("  "), "empty"),
        (raw("No."), "no JSON"),
        (raw("[1, 2]"), "no JSON"),
        (raw('{"word": "a"}'), "wrong schema"),
        (raw('{"word": "a", "number": 1, "more": 2}'), "wrong schema"),
        (raw("{" * 100_000), "no JSON"),
    ],
)
def test_every_answer_of_no_use_has_its_flaw(answer: Raw, flaw: str) -> None:
    found = read(Word, answer)
    assert isinstance(found, Unusable)
    assert found.flaw == flaw


def test_a_whole_answer_counts_even_where_the_endpoint_calls_it_cut_off() -> None:
    assert read(Word, raw('{"word": "a", "number": 1}', "length")) == Word(word="a", number=1)


def _conversation(*answers: Raw) -> tuple[list[Request[Word]], object]:
    """What is asked one after another where these answers come."""
    known: dict[str, Raw] = {}
    asked = []
    for answer in answers:
        step = settle(REQUEST, known.get)
        assert isinstance(step, Request)
        asked.append(step)
        known[step.key] = answer
    return asked, settle(REQUEST, known.get)


def test_a_wrong_answer_is_quoted_and_repaired_once() -> None:
    asked, end = _conversation(raw('{"word": 5}'), raw('{"word": "five", "number": 5}'))
    assert isinstance(end, Settled)
    assert (end.value, end.key) == (Word(word="five", number=5), asked[1].key)
    assert [message.role for message in asked[1].messages] == ["system", "user", "assistant", "user"]
    assert asked[1].messages[2].text == '{"word": 5}'
    assert "word: Input should be a valid string (found 5)" in asked[1].messages[3].text
    assert '"additionalProperties": false' in asked[1].messages[3].text
    _, end = _conversation(raw("no"), raw("no"))
    assert isinstance(end, Exhausted)
    assert len(end.error.keys) == 2


def test_an_answer_cut_off_is_asked_again_with_more_room() -> None:
    asked, _ = _conversation(raw('{"word": "a', "length"))
    again = settle(REQUEST, {REQUEST.key: raw('{"word": "a', "length")}.get)
    assert isinstance(again, Request)
    assert (asked[0].max_tokens, again.max_tokens) == (200, 400)
    assert "broke off" in again.messages[-1].text
    assert [message.role for message in again.messages] == ["system", "user"]


def test_a_refusal_or_nothing_is_asked_again_once_and_repaired_once() -> None:
    asked, end = _conversation(raw("", refusal="no"), raw("no JSON"), raw('{"word": "a", "number": 1}'))
    assert isinstance(end, Settled)
    assert [request.turn for request in asked] == ["first", "again", "repair again"]
    asked, end = _conversation(raw("no JSON"), raw(""), raw(""))
    assert isinstance(end, Exhausted)
    assert [request.turn for request in asked] == ["first", "repair", "repair again"]
