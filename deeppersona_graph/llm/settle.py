"""From stored answers to a value: read the answer, and where it is of no use, put the question once more.

What is asked next is decided by the request and the answers alone, so every executor, and every later run,
decides alike. A refusal, nothing at all, or an answer cut off is asked again; JSON that is wrong or missing
is repaired by quoting what was wrong. Each of the two happens once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel

from deeppersona_graph.errors import ModelAnswerError, ModelRefusedError, shorten
from deeppersona_graph.llm.answers import Raw, Unusable, read
from deeppersona_graph.llm.prompts import Message, Prompts
from deeppersona_graph.llm.request import Request, Turn
from deeppersona_graph.llm.schema import schema_text

QUOTED = 8000
"""Characters of a wrong answer that are quoted back, at most."""

A = TypeVar("A", bound=BaseModel)

Flaws: TypeAlias = tuple[tuple[str, Unusable], ...]
"""Keys of requests and what was wrong with their answers."""


@dataclass(frozen=True, slots=True)
class Settled(Generic[A]):
    """The value of a request."""

    value: A
    key: str
    """The request whose answer was of use: what provenance names."""
    flaws: Flaws
    """The answers on the way to it that were of no use."""


@dataclass(frozen=True, slots=True)
class Exhausted:
    """All answers are there and none is of use."""

    error: ModelAnswerError
    flaws: Flaws


def settle(request: Request[A], lookup: Callable[[str], Raw | None]) -> Settled[A] | Exhausted | Request[A]:
    """The value of a request, or the request that has to be asked next, or why there is neither."""
    flaws: list[tuple[str, Unusable]] = []
    current: Request[A] = request
    while (raw := lookup(current.key)) is not None:
        reading = read(request.answer, raw)
        if not isinstance(reading, Unusable):
            return Settled(reading, current.key, tuple(flaws))
        flaws.append((current.key, reading))
        following = follow_up(current, raw, reading)
        if following is None:
            return Exhausted(_error(request, flaws), tuple(flaws))
        current = following
    return current


def follow_up(request: Request[A], raw: Raw, flaw: Unusable) -> Request[A] | None:
    """The request to put after an answer of no use; None where it has had its second chance."""
    if flaw.flaw in ("no JSON", "wrong schema"):
        return _repair(request, raw, flaw)
    turn: Turn
    if request.turn == "first":
        turn = "again"
    elif request.turn == "repair":
        turn = "repair again"
    else:
        return None
    if flaw.flaw != "cut off":
        return replace(request, turn=turn)
    *before, last = request.messages
    note = fragment("answer-cut")
    return replace(
        request,
        turn=turn,
        messages=(*before, Message(last.role, f"{last.text}\n\n{note}")),
        max_tokens=None if request.max_tokens is None else 2 * request.max_tokens,
    )


def fragment(name: str, **inputs: str) -> str:
    """The text of one of this room's own prompts, which are parts of messages."""
    return _prompts().load(name).render(inputs)[0].text


def _repair(request: Request[A], raw: Raw, flaw: Unusable) -> Request[A] | None:
    if request.turn not in ("first", "again"):
        return None
    asked = fragment("repair-answer", complaint=flaw.complaint, schema=schema_text(request.answer))
    messages = (*request.messages, Message("assistant", raw.text[:QUOTED]), Message("user", asked))
    return replace(request, turn="repair" if request.turn == "first" else "repair again", messages=messages)


def _error(request: Request[Any], flaws: list[tuple[str, Unusable]]) -> ModelAnswerError:
    last = flaws[-1][1]
    kind = ModelRefusedError if last.flaw == "refused" else ModelAnswerError
    times = f"{len(flaws)} times" if len(flaws) > 1 else "once"
    return kind(
        f"{request} was answered {times}, and the answer is of no use, {last.flaw}: "
        f"{shorten(last.complaint, 200)}; run again to ask anew, or try another model",
        (key for key, _ in flaws),
    )


@cache
def _prompts() -> Prompts:
    return Prompts()
