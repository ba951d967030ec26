"""What a language model is asked while a tree is mined: kinds of questions, and the form of answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import Field

from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.packs import Kind, Numbered
from deeppersona_graph.model.dialogue import Exchange
from deeppersona_graph.model.tree import Path, ValueType

Personal = Literal["Non-personalizable", "Partially Personalizable", "Personalizable"]
PERSONAL: tuple[Personal, ...] = get_args(Personal)

Relation = Literal["same", "a is broader", "b is broader", "different"]

LONGEST_TEXT = 1500
"""Characters of a question or an answer that are shown; disclosures stand at the beginning, if anywhere."""


class Classified(Numbered):
    """Whether an exchange reveals what kind of person somebody is (Figure 6)."""

    category: str
    personalizable: Personal
    reason: str


class Mention(AnswerModel):
    """An attribute that an exchange speaks of, as a path from its domain down, and the value revealed."""

    path: list[str]
    value: str


class Extracted(Numbered):
    """The attributes that an exchange speaks of."""

    attributes: list[Mention]


class Aligned(Numbered):
    """The domain that an invented root stands for; none: no side of a life."""

    domain: str | None
    reason: str


class JudgedName(AnswerModel):
    """One name of a path: whether it is an attribute, whether it stands rightly, and a better one."""

    name: str
    valid: bool
    fits: bool
    better: str | None


class Judged(Numbered):
    """The names of a path below its root, in order."""

    names: list[JudgedName]
    reason: str


class Compared(Numbered):
    """How two attributes relate."""

    relation: Relation
    name: str | None
    reason: str


class Reviewed(Numbered):
    """Whether an attribute stands where it belongs."""

    verdict: Literal["right", "elsewhere", "drop"]
    parent: list[str] | None
    reason: str


class SharedValue(AnswerModel):
    """An admissible value and its share among people, in percent."""

    text: str
    share: float


class Need(AnswerModel):
    """Values of a core attribute, one of which somebody must have."""

    key: str
    values: list[str]


class Described(Numbered):
    """What an attribute asks, and of whom."""

    description: str
    value_type: ValueType | None
    values: list[SharedValue] = Field(default_factory=list)
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    typical_low: float | None = None
    typical_high: float | None = None
    min_age: int | None = None
    max_age: int | None = None
    needs: list[Need] = Field(default_factory=list)


class Expanded(Numbered):
    """Names of attributes that a thin branch lacks."""

    names: list[str]


class Classifications(AnswerModel):
    """Answer to `classify-exchanges`."""

    answers: list[Classified]


class Extractions(AnswerModel):
    """Answer to `extract-attributes`."""

    answers: list[Extracted]


class Alignments(AnswerModel):
    """Answer to `align-roots`."""

    answers: list[Aligned]


class Judgements(AnswerModel):
    """Answer to `validate-paths`."""

    answers: list[Judged]


class Comparisons(AnswerModel):
    """Answer to `compare-attributes`."""

    answers: list[Compared]


class Reviews(AnswerModel):
    """Answer to `review-places`."""

    answers: list[Reviewed]


class Descriptions(AnswerModel):
    """Answer to `describe-attributes`."""

    answers: list[Described]


class Expansions(AnswerModel):
    """Answer to `expand-branches`."""

    answers: list[Expanded]


def _names_all(text: str, judged: Judged) -> str | None:
    below = len(json.loads(text)) - 1
    found = len(judged.names)
    return None if found == below else f"{found} names are judged, the path has {below} below its domain"


CLASSIFY = Kind[Classified]("classify-exchanges", Classifications, size=20, tokens=60)
EXTRACT = Kind[Extracted]("extract-attributes", Extractions, size=10, tokens=160)
ALIGN = Kind[Aligned]("align-roots", Alignments, size=25, tokens=40)
JUDGE = Kind[Judged]("validate-paths", Judgements, size=25, tokens=130, fault=_names_all)
COMPARE = Kind[Compared]("compare-attributes", Comparisons, size=25, tokens=50)
REVIEW = Kind[Reviewed]("review-places", Reviews, size=30, tokens=50)
DESCRIBE = Kind[Described]("describe-attributes", Descriptions, size=10, tokens=320)
EXPAND = Kind[Expanded]("expand-branches", Expansions, size=12, tokens=60)


def exchange_text(exchange: Exchange) -> str:
    """An exchange as it is shown: one line of JSON, so that nothing in it can pass for another question."""
    shown = {"question": exchange.question[:LONGEST_TEXT], "answer": exchange.answer[:LONGEST_TEXT]}
    return _line({name: text for name, text in shown.items() if text})


def path_text(path: Path) -> str:
    """A path as it is shown."""
    return _line(list(path))


def pair_text(one: Path, other: Path) -> str:
    """Two paths as they are shown, whichever comes first."""
    first, second = sorted((one, other))
    return _line({"a": list(first), "b": list(second)})


def attribute_text(path: Path, group: bool, values: Sequence[str]) -> str:
    """An attribute to be described, as it is shown."""
    return _line({"path": list(path), "group": group, "values": list(values)})


def branch_text(path: Path, children: Sequence[str]) -> str:
    """A branch to be expanded, as it is shown."""
    return _line({"area": list(path), "below": list(children)})


def _line(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
