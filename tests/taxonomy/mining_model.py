"""A language model at the test endpoint that knows the questions of mining, and dialogues it understands.

A dialogue of the tests spells what it reveals: `Domain / Area / Attribute = value; …`. What the model says of
a question depends on that question alone, not on those it comes with, so that runs can be compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from endpoint import Call, Reply, said

HEALTH = "Physical and Health Characteristics"
HOBBIES = "Hobbies, Interests, and Lifestyle"
ROUTINE = "Lifestyle and Daily Routine"

_ITEM = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


@dataclass
class MiningModel:
    """The model: what it thinks of names, settable by a test. `asked` are all questions, by kind."""

    roots: dict[str, str] = field(default_factory=lambda: {"Wellness": HEALTH})
    """Domains that invented roots stand for."""
    invalid: dict[str, str | None] = field(default_factory=dict)
    """Names that are no attributes, with better ones."""
    misplaced: set[str] = field(default_factory=set)
    """Names that do not belong where they stand."""
    same: list[set[str]] = field(default_factory=list)
    """Names that are one attribute."""
    broader: list[tuple[str, str]] = field(default_factory=list)
    """Names, the first of which is broader than the second."""
    reviews: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Verdicts of the second filter by name, where they are not "right"."""
    extra: dict[str, list[str]] = field(default_factory=dict)
    """What branches lack, by their last name."""
    twist: Callable[[str, list[dict[str, Any]]], object] = lambda _kind, _answers: None
    """Spoils answers of a kind in place."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        kind, answers = self.answers(call)
        self.twist(kind, answers)
        return said(json.dumps({"answers": answers}, ensure_ascii=False))

    def answers(self, call: Call) -> tuple[str, list[dict[str, Any]]]:
        """The kind of the question, and a good answer to each item that is open."""
        kind = call.body["response_format"]["json_schema"]["name"]
        items = _items(call)
        self.asked += [(kind, text) for _, text in items]
        answer = getattr(self, f"_{kind.lower()}")
        return kind, [{"number": number, **answer(json.loads(text))} for number, text in items]

    def _classifications(self, exchange: Mapping[str, str]) -> dict[str, Any]:
        personal = "Personalizable" if "=" in exchange.get("answer", "") else "Non-personalizable"
        return {"category": "test", "personalizable": personal, "reason": "as it says"}

    def _extractions(self, exchange: Mapping[str, str]) -> dict[str, Any]:
        found = []
        for part in exchange["answer"].split(";"):
            path, _, value = part.partition("=")
            if value:
                found.append({"path": [name.strip() for name in path.split("/")], "value": value.strip()})
        return {"attributes": found}

    def _alignments(self, root: Sequence[str]) -> dict[str, Any]:
        return {"domain": self.roots.get(root[0]), "reason": "a matter of taste"}

    def _judgements(self, path: Sequence[str]) -> dict[str, Any]:
        names = [
            {
                "name": name,
                "valid": name not in self.invalid,
                "fits": name not in self.misplaced,
                "better": self.invalid.get(name),
            }
            for name in path[1:]
        ]
        return {"names": names, "reason": "looked at it"}

    def _comparisons(self, pair: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        one, other = pair["a"][-1], pair["b"][-1]
        relation = "different"
        if any({one, other} <= names for names in self.same):
            relation = "same"
        elif (one, other) in self.broader:
            relation = "a is broader"
        elif (other, one) in self.broader:
            relation = "b is broader"
        return {"relation": relation, "name": None, "reason": "compared"}

    def _reviews(self, path: Sequence[str]) -> dict[str, Any]:
        usual = {"verdict": "right", "parent": None, "reason": "stands well"}
        return {**usual, **self.reviews.get(path[-1], {})}

    def _descriptions(self, attribute: Mapping[str, Any]) -> dict[str, Any]:
        values = [] if attribute["group"] else [*attribute["values"], "none of these"]
        return {
            "description": f"What of {attribute['path'][-1].casefold()}?",
            "value_type": "categorical" if values else None,
            "values": [{"text": text, "share": 10.0} for text in values],
            **dict.fromkeys(("minimum", "maximum", "unit", "typical_low", "typical_high")),
            "min_age": None,
            "max_age": None,
            "needs": [],
        }

    def _expansions(self, branch: Mapping[str, Any]) -> dict[str, Any]:
        return {"names": self.extra.get(branch["area"][-1], [])}


def _items(call: Call) -> list[tuple[int, str]]:
    """The numbered questions of a call; after a complaint, those that are complained of."""
    users = [one["content"] for one in call.body["messages"] if one["role"] == "user"]
    items = [(int(number), text) for number, text in _ITEM.findall(users[0])]
    if len(users) > 1:
        wanted = {int(number) for number in re.findall(r"^(\d+): ", users[-1], re.MULTILINE)}
        items = [(number, text) for number, text in items if number in wanted]
    return items


def dialogue(*revealed: str, about: str = "How are things?") -> str:
    """A line of a file: a question, and an answer that reveals what it is told."""
    return json.dumps({"question": about, "answer": "; ".join(revealed)})
