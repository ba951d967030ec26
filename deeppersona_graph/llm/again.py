"""Puts a question again whose answer has the right form and cannot stand for its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from deeppersona_graph.llm.prompts import Message
from deeppersona_graph.llm.request import Answered, Program, Request, put
from deeppersona_graph.llm.settle import fragment

A = TypeVar("A", bound=BaseModel)

QUOTED = 20_000
"""Characters of an answer that are quoted back, at most."""

TRIES = 3
"""Times a question is put in all, where an answer's content cannot stand."""


def again(request: Request[A], answered: Answered[A], complaint: str) -> Request[A]:
    """The request that follows an answer: the conversation so far, and what is wrong with it.

    What was sent before stays in front, so that a provider's prompt cache holds it.
    """
    said = Message("assistant", answered.value.model_dump_json()[:QUOTED])
    return replace(request, messages=(*request.messages, said, Message("user", complaint)))


def put_until(
    request: Request[A], fault: Callable[[A], str | None], tries: int = TRIES
) -> Program[Answered[A]]:
    """The first answer that `fault` has no complaint about; after so many `tries`, the last one as it is."""
    answered = yield from put(request)
    for _ in range(tries - 1):
        complaint = fault(answered.value)
        if complaint is None:
            break
        request = again(request, answered, fragment("ask-again", complaint=complaint))
        answered = yield from put(request)
    return answered
