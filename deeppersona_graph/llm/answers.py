"""What an endpoint answered, as it came; and reading it by the answer's pydantic model.

Nothing is thrown away unread: an answer is of use, or has one of five flaws, each handled in its own way.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from deeppersona_graph.errors import shorten

Flaw = Literal["refused", "cut off", "empty", "no JSON", "wrong schema"]

COMPLAINTS = 8
"""Faults of one answer that are listed in a complaint, at most."""

TRIES = 100
"""Opening braces of a text at which an object is looked for, at most; models have been seen to stutter."""

A = TypeVar("A", bound=BaseModel)

_THOUGHT = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL)
_DECODER = json.JSONDecoder()


class AnswerModel(BaseModel):
    """Base of the models of answers: closed, as strict schemas are; no text is empty, a number may stand for
    its digits."""

    model_config = ConfigDict(
        extra="forbid",
        coerce_numbers_to_str=True,
        str_strip_whitespace=True,
        str_min_length=1,
        json_schema_extra=lambda schema: schema.pop("description", None),  # the docstring is for readers
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        for name in type(self).model_fields:
            text = getattr(self, name)
            if isinstance(text, str) and not says_something(text):
                raise ValueError(f"{name}: {shorten(text, 40)!r} says nothing")
        return self


def says_something(text: str) -> bool:
    """Whether a text has a letter, a digit or a symbol: not only marks and what nobody sees."""
    return any(unicodedata.category(one)[0] in "LNS" for one in text)


class NoCompletionError(ValueError):
    """A body that is no chat completion, whatever its status says."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one request or of many; `cached` are those of `sent` that a provider's cache held."""

    sent: int = 0
    cached: int = 0
    received: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.sent + other.sent, self.cached + other.cached, self.received + other.received)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer before anybody read it."""

    text: str
    finish: str
    """Why the model stopped: `stop`, `length`, `content_filter` or the endpoint's own word."""
    refusal: str | None
    model: str
    """The model that answered, which endpoints name more exactly than they were asked."""
    tokens: Tokens = Tokens()


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why an answer is of no use; the complaint can be shown to the model and to people."""

    flaw: Flaw
    complaint: str


def raw_from_body(body: Any) -> Raw:
    """The answer in a chat completion's JSON; raises `NoCompletionError` where it is none."""
    choices = _member(body, "choices")
    if not isinstance(choices, list) or not choices:
        raise NoCompletionError(f"no chat completion but {shorten(str(body), 120)!r}")
    message = _member(choices[0], "message")
    if not isinstance(message, Mapping):
        raise NoCompletionError(f"a choice without a message: {shorten(str(choices[0]), 120)!r}")
    usage = _member(body, "usage")
    return Raw(
        text=_text(message.get("content")),
        finish=str(_member(choices[0], "finish_reason") or "stop"),
        refusal=_text(str(message["refusal"])) if message.get("refusal") else None,
        model=str(_member(body, "model") or ""),
        tokens=Tokens(
            sent=_count(_member(usage, "prompt_tokens")),
            cached=_count(_member(_member(usage, "prompt_tokens_details"), "cached_tokens")),
            received=_count(_member(usage, "completion_tokens")),
        ),
    )


def read(answer: type[A], raw: Raw) -> A | Unusable:
    """The answer as its model has it, or why it is of no use."""
    complaint = None
    for candidate in _objects(raw.text):
        try:
            return answer.model_validate_json(candidate)
        except ValidationError as error:
            complaint = _complaint(error)
    if raw.refusal or raw.finish == "content_filter":
        return Unusable("refused", shorten(raw.refusal or raw.text or "withheld by a content filter", 200))
    if raw.finish == "length":
        return Unusable("cut off", f"cut off at the length limit after {len(raw.text)} characters")
    if not raw.text.strip():
        return Unusable("empty", "nothing was answered")
    if complaint is None:
        return Unusable("no JSON", f"no JSON object was found in {shorten(raw.text, 120)!r}")
    return Unusable("wrong schema", complaint)


def _objects(text: str) -> Iterator[str]:
    """The JSON objects in a text, in order: models wrap them in fences, thoughts and talk."""
    spoken = _THOUGHT.sub("", text)
    place, tries = spoken.find("{"), 0
    while place >= 0 and tries < TRIES:
        tries += 1
        try:
            _, end = _DECODER.raw_decode(spoken, place)
        except (json.JSONDecodeError, RecursionError):
            end = place + 1
        else:
            yield spoken[place:end]
        place = spoken.find("{", end)


def _complaint(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_url=False)[:COMPLAINTS]:
        place = ".".join(str(part) for part in fault["loc"]) or "the whole"
        found = "" if fault["type"] == "missing" else f" (found {shorten(repr(fault['input']), 60)})"
        lines.append(f"- {place}: {fault['msg']}{found}")
    if error.error_count() > COMPLAINTS:
        lines.append(f"- and {error.error_count() - COMPLAINTS} more")
    return "\n".join(lines)


def _member(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else None


def _text(content: Any) -> str:
    """Some endpoints answer in parts; half a surrogate pair, which is no text, becomes a question mark."""
    if isinstance(content, list):
        content = "".join(str(_member(part, "text") or "") for part in content)
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _count(number: Any) -> int:
    return number if isinstance(number, int) and number > 0 else 0
