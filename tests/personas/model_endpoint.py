"""A language model at the test endpoint that knows the prompts of Stage 2, and one that fails as told.

What it says of a person depends on the person and the question alone, not on how the question is put: asked
again, in other chunks, or after faults, it says the same. So runs that differ in these can be compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from endpoint import DROP, Call, Reply, error, page, said

from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.personas.biography import CLOSED_KEYS, OPEN_KEYS, PlacedFacts, ReadBiography
from deeppersona_graph.personas.core_profile import Attitude, CoreValues, Interests, Stories
from deeppersona_graph.personas.portrait import Portrait
from deeppersona_graph.personas.progressive import AttributeValues

Script: TypeAlias = Callable[[Call], Reply]

_WORDS = [
    *("river", "market", "ladder", "kettle", "bicycle", "ledger", "orchard", "tram", "whistle", "cellar"),
    *("bread", "winter", "ferry", "window", "engine", "brother", "letter", "quarry", "violin", "pepper"),
    *("harbour", "blanket", "bakery", "mountain", "lantern", "station", "garden", "clinic", "bridge"),
]
_LINE = re.compile(
    r"^(?P<id>\d+)\. (?P<attribute>.+) "
    r"(?:one of: (?P<one>.+)|up to three of: (?P<several>.+)|number(?: (?P<unit>.*?))? "
    r"from (?P<low>\S+) to (?P<high>\S+)|(?P<words>own words))$"
)
_LENGTH = re.compile(r"(\d[\d,]*) to (\d[\d,]*) words")


@dataclass(frozen=True)
class Asked:
    """One attribute that is to be filled, as its line says."""

    id: int
    attribute: str
    """Path below the root, and what is asked."""
    one: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    number: tuple[float, float] | None = None

    @property
    def options(self) -> tuple[str, ...]:
        return self.one or self.several


def schema_name(call: Call) -> str:
    """Which answer is wanted; an endpoint that takes no schemas is shown them in the first message."""
    wanted = call.body.get("response_format", {}).get("json_schema")
    if wanted is not None:
        return str(wanted["name"])
    schema = json.loads(call.body["messages"][0]["content"].splitlines()[-1])
    return _BY_MEMBERS[frozenset(schema["properties"])]


def question(call: Call) -> str:
    """The question itself, whatever was said about answers to it since."""
    asked = str(next(one["content"] for one in call.body["messages"] if one["role"] == "user"))
    return asked.removesuffix("\n\n" + fragment("answer-cut"))


def draw(*about: object, below: int) -> int:
    """A number that is the same for the same words, on any machine and in any run."""
    return int.from_bytes(hashlib.sha256(json.dumps(about).encode()).digest()[:8]) % below


def phrase(count: int, *about: object) -> str:
    """So many words, of which no two questions get the same."""
    return " ".join(_WORDS[draw(*about, place, below=len(_WORDS))] for place in range(count))


def person_of(call: Call) -> str:
    """What stands before the record in a request for attributes: who the person is."""
    return question(call).partition("\n\nOn record so far:\n")[0]


def record_of(call: Call) -> str:
    """The record in a request for attributes."""
    return question(call).partition("\n\nOn record so far:\n")[2].rpartition("\n\nFill in now")[0]


def asked_lines(call: Call) -> list[Asked]:
    """The attributes that a request for attributes asks for, those of the first question."""
    asked, _, _ = question(call).rpartition("\nFill in now")[2].partition("\n\nWhat stood there before")
    lines = asked.splitlines()[1:]
    return [_asked(line) for line in lines if line]


def open_lines(call: Call) -> list[Asked]:
    """Of these, those that are asked for now: all, or those complained of last."""
    complaints = [
        one["content"] for one in call.body["messages"] if one["content"].startswith("These cannot")
    ]
    lines = asked_lines(call)
    if not complaints:
        return lines
    wanted = {int(number) for number in re.findall(r"^(\d+): ", complaints[-1], re.MULTILINE)}
    return [one for one in lines if one.id in wanted]


def _asked(line: str) -> Asked:
    found = _LINE.match(line)
    assert found is not None, f"no line of an attribute: {line!r}"
    return Asked(
        id=int(found["id"]),
        attribute=found["attribute"],
        one=tuple((found["one"] or "").split(" | ")) if found["one"] else (),
        several=tuple(found["several"].split(" | ")) if found["several"] else (),
        number=(float(found["low"]), float(found["high"])) if found["low"] else None,
    )


def value_for(asked: Asked, *about: object) -> list[str]:
    """A good value: within the space, and the same for the same person and attribute."""
    about = (*about, asked.attribute)
    if asked.options:
        return [asked.options[draw(*about, below=len(asked.options))]]
    if asked.number is not None:
        low, high = asked.number
        if low.is_integer() and high.is_integer():
            return [str(int(low) + draw(*about, below=int(high - low) + 1))]
        return [f"{low + (high - low) * draw(*about, below=101) / 100:.2f}"]
    return [phrase(4, *about)]


def _read_biography(call: Call) -> dict[str, Any]:
    """Texts like `age=34; occupation=nurse; interests=chess; Tea=green`: what is no field is a fact."""
    fields = dict.fromkeys((*CLOSED_KEYS, *OPEN_KEYS))
    read: dict[str, Any] = {**fields, "interests": [], "facts": []}
    for part in question(call).rpartition("\nText:\n")[2].split(";"):
        key, _, value = (one.strip() for one in part.partition("="))
        if key in fields:
            read[key] = value
        elif key == "interests":
            read["interests"].append(value)
        elif value:
            read["facts"].append({"about": key, "value": value})
    return read


def _place_facts(call: Call) -> dict[str, Any]:
    """A fact goes to the attribute that is called what it is about, if that is among those offered."""
    placed: list[dict[str, Any]] = []
    for line in question(call).splitlines():
        fact = re.match(r"^(\d+)\. (.+?): (.+)$", line)
        offered = re.match(r"^ +([a-z])\. (.+)$", line)
        if fact:
            placed.append({"fact": int(fact[1]), "attribute": None, "values": None})
            about, value = fact[2], fact[3]
        elif offered and placed and placed[-1]["attribute"] is None:
            name = _asked(f"0. {offered[2]}").attribute.split(" (")[0].rpartition(" > ")[2]
            if name.casefold() == about.casefold():
                placed[-1] |= {"attribute": offered[1], "values": value.split(" and ")}
    return {"facts": placed}


def _core_values(call: Call) -> dict[str, Any]:
    return {"values": f"Holds by {phrase(8, question(call))}"}


def _attitude(call: Call) -> dict[str, Any]:
    given = question(call).rpartition("Given attitude: ")[2].strip()
    stance = f"Meets life like a {phrase(5, question(call), 'stance')}" if given == "none" else given
    return {
        "attitude": stance,
        "attitude_details": f"Begins the day with {phrase(16, question(call), 'details')}",
        "coping_mechanism": f"Turns to {phrase(6, question(call), 'coping')}",
    }


def _stories(call: Call) -> dict[str, Any]:
    plan = question(call).rpartition("Stories to write, in this order:\n")[2].splitlines()
    return {"stories": [f"I was {phrase(158, question(call), line)}." for line in plan]}


def _interests(call: Call) -> dict[str, Any]:
    wanted = re.search(r"Name (\d+) interests", question(call))
    assert wanted is not None
    return {"interests": [phrase(3, question(call), n) for n in range(int(wanted[1]))]}


def _attribute_values(call: Call) -> dict[str, Any]:
    """A contradiction among the values of one answer is settled when it is complained of."""
    turn = len([one for one in call.body["messages"] if one["content"].startswith("These cannot")])
    return {
        "attributes": [
            {"id": one.id, "values": value_for(one, person_of(call), turn)} for one in open_lines(call)
        ]
    }


def _portrait(call: Call) -> dict[str, Any]:
    """As long as the prompt asks for, in two paragraphs."""
    wanted = _LENGTH.search(call.body["messages"][0]["content"])
    assert wanted is not None
    half = (int(wanted[1].replace(",", "")) + 30) // 2
    return {"text": f"{phrase(half, question(call), 1)}.\n\n{phrase(half, question(call), 2)}."}


def _contradictions(_: Call) -> dict[str, Any]:
    return {"contradictions": []}


def _named_attributes(call: Call) -> dict[str, Any]:
    """Names that no record has yet."""
    wanted = re.search(r"Name (\d+) further attributes", question(call))
    assert wanted is not None
    asked = question(call)
    return {
        "attributes": [
            {"path": ["Life", phrase(2, asked, n), phrase(3, asked, n, "leaf")], "value": phrase(4, asked, n)}
            for n in range(int(wanted[1]))
        ]
    }


ANSWERS: Mapping[str, Callable[[Call], dict[str, Any]]] = {
    "ReadBiography": _read_biography,
    "PlacedFacts": _place_facts,
    "CoreValues": _core_values,
    "Attitude": _attitude,
    "Stories": _stories,
    "Interests": _interests,
    "AttributeValues": _attribute_values,
    "Portrait": _portrait,
    "Contradictions": _contradictions,
    "NamedAttributes": _named_attributes,
}


def person_answer(call: Call) -> dict[str, Any]:
    """A good answer to any question of Stage 2, as JSON has it."""
    return ANSWERS[schema_name(call)](call)


def person_script(call: Call) -> Reply:
    """The good model."""
    return said(json.dumps(person_answer(call), ensure_ascii=False))


def counting_script(call: Call) -> Reply:
    """The good model, at an endpoint that counts a token for every four characters."""
    reply = person_script(call)
    body = json.loads(reply.content)
    sent = sum(len(one["content"]) for one in call.body["messages"]) // 4
    received = len(body["choices"][0]["message"]["content"]) // 4
    body["usage"] = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
    return replace(reply, content=json.dumps(body).encode())


def answering(
    change: Callable[[Call, dict[str, Any]], dict[str, Any]], *schemas: str, script: Script = person_script
) -> Script:
    """A model whose answers of these schemas are changed before they go out."""

    def changed(call: Call) -> Reply:
        if schema_name(call) not in schemas:
            return script(call)
        return said(json.dumps(change(call, person_answer(call)), ensure_ascii=False))

    return changed


class Provider:
    """Answers a file of requests as a provider's Batch API does, in an order of its own."""

    def __init__(self, script: Callable[[Call], Reply] = person_script) -> None:
        self._script, self._chance = script, Random(7)
        self.failed = 0

    def answer(self, requests: Path, target: Path, *, failing: int = 0) -> list[str]:
        """Write the responses, the first `failing` of them failures; the keys of those."""
        lines = [json.loads(line) for line in requests.read_text("utf-8").splitlines()]
        responses = [self._response(line, fails=place < failing) for place, line in enumerate(lines)]
        self._chance.shuffle(responses)
        target.write_text("".join(json.dumps(one) + "\n" for one in responses), "utf-8")
        return [line["custom_id"] for line in lines[:failing]]

    def _response(self, line: dict[str, Any], *, fails: bool) -> dict[str, Any]:
        found = {"id": "batch_req_1", "custom_id": line["custom_id"], "response": None, "error": None}
        if fails:
            self.failed += 1
            if self.failed % 2:
                return {**found, "error": {"code": "batch_expired", "message": "it took too long"}}
            return {**found, "response": {"status_code": 500, "body": {"error": {"message": "crashed"}}}}
        reply = self._script(Call(line["body"], 1, ""))
        return {**found, "response": {"status_code": 200, "body": json.loads(reply.content)}}


_BY_MEMBERS = {
    frozenset(answer.model_fields): answer.__name__
    for answer in (
        *(ReadBiography, PlacedFacts, CoreValues, Attitude, Stories, Interests, AttributeValues, Portrait),
    )
}

# Faults

SILENCE = 1.0
"""Seconds; clients that are to notice it wait for less."""


def _half_a_body(call: Call) -> Reply:
    whole = person_script(call)
    return replace(whole, content=whole.content[: len(whole.content) // 2])


def _half_an_answer(call: Call) -> Reply:
    whole = json.dumps(person_answer(call))
    return said(whole[: len(whole) // 2], finish="length")


TROUBLES: Mapping[str, Script] = {
    "429 with Retry-After": lambda _: error(429, "slow down", {"Retry-After": "1"}),
    "429": lambda _: error(429, "slow down"),
    "500": lambda _: error(500, "crashed"),
    "503": lambda _: error(503, "overloaded"),
    "dropped connection": lambda _: DROP,
    "silence": lambda call: replace(person_script(call), after=SILENCE),
    "half a body": _half_a_body,
    "HTML": lambda _: page(200),
    "HTML 502": lambda _: page(502),
}
"""Ways to bring no answer."""

FLAWS: Mapping[str, Script] = {
    "cut off": _half_an_answer,
    "wrong schema": lambda _: said('{"answer": 42, "values": {"a": []}}'),
    "no JSON": lambda _: said("As a language model I had rather talk about it."),
    "refusal": lambda _: said(None, refusal="I cannot write about this person."),
    "content filter": lambda _: said("", finish="content_filter"),
    "nothing": lambda _: said(""),
}
"""Ways to bring an answer of no use."""


def with_faults(troubles: float = 0.0, flaws: float = 0.0, script: Script = person_script) -> Script:
    """A model with `troubles` and `flaws` in these shares of all cases. The words of a request decide which,
    for troubles together with how often the words arrived."""

    def failing(call: Call) -> Reply:
        about = (call.body["messages"], call.body["seed"])
        for share, kinds, when in ((troubles, TROUBLES, call.number), (flaws, FLAWS, 0)):
            if draw(*about, when, "whether", below=10_000) < share * 10_000:
                return list(kinds.values())[draw(*about, when, "how", below=len(kinds))](call)
        return script(call)

    return failing
