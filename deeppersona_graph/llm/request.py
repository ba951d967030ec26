"""A request to a language model is a value: all that decides its answer, and a key that is a hash of it.

A step of a program *yields* a request and receives the validated answer; who asks, and when, is no matter
of the step (DESIGN §7). In the same way it yields a chore of this machine.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel

from deeppersona_graph.llm.chores import Chore, Worker
from deeppersona_graph.llm.prompts import Message, Prompts, Scalar
from deeppersona_graph.llm.schema import schema_text
from deeppersona_graph.model.seeds import digest

T = TypeVar("T")
X = TypeVar("X")
Y = TypeVar("Y")
A = TypeVar("A", bound=BaseModel)

Turn = Literal["first", "again", "repair", "repair again"]
"""Whether a request is the question itself, or is put after an answer of no use."""


@dataclass(frozen=True)
class Request(Generic[A]):
    """One question, complete. Raises `TypeError` where the answer model allows extra fields."""

    prompt: str
    version: int
    messages: tuple[Message, ...]
    answer: type[A]
    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    sample: int = 0
    """Tells apart questions of equal words: a persona's seed, so that equals do not share a story."""
    turn: Turn = "first"

    def __post_init__(self) -> None:
        schema_text(self.answer)

    @cached_property
    def key(self) -> str:
        """40 hexadecimal digits; equal for equal content, on any machine. Batch files allow up to 64."""
        return digest(
            "request",
            self.prompt,
            self.version,
            *(part for message in self.messages for part in (message.role, message.text)),
            schema_text(self.answer),
            self.model,
            repr(self.temperature),
            repr(self.max_tokens),
            self.sample,
            self.turn,
        ).hex()[:40]

    @cached_property
    def characters(self) -> int:
        """Length of all that is sent, the schema included: what tokens are estimated from."""
        return sum(len(message.text) for message in self.messages) + len(schema_text(self.answer))

    def with_room_for(self, tokens: int) -> Request[A]:
        """The same with a limit of at least so many tokens for the answer."""
        enough = self.max_tokens is None or self.max_tokens >= tokens
        return self if enough else replace(self, max_tokens=tokens)

    def __str__(self) -> str:
        return f"{self.prompt}/{self.version} [{self.key[:12]}]"


@dataclass(frozen=True, slots=True)
class Answered(Generic[A]):
    """What a program is sent for a request: the validated answer, and the request it came from."""

    value: A
    key: str
    """Of the request whose answer was of use, which may be a repair: what provenance names."""


Program: TypeAlias = Generator["Request[Any] | Chore[Any, Any]", Any, T]
"""Yields requests and is sent `Answered`, yields chores and is sent what came of them; returns its result.

`ModelAnswerError` is thrown in where a question found no usable answer, so that a program may go another way.
"""


def have_done(worker: Worker[X, Y], wanted: X) -> Program[Y]:
    """`yield from` this inside a program to have a chore done; raises what the worker gives as an error."""
    came: Y = yield Chore(worker, wanted)
    return came


@dataclass(frozen=True)
class Asker:
    """What all requests of a program have in common: prompts, model, sample."""

    prompts: Prompts
    model: str
    sample: int = 0
    temperature: float | None = None
    """In place of the temperatures that the prompts declare."""

    def for_sample(self, sample: int) -> Asker:
        """The same for another sample, such as a persona's seed."""
        return replace(self, sample=sample)

    def request(
        self, prompt: str, answer: type[A], /, version: int | None = None, **inputs: Scalar
    ) -> Request[A]:
        """The request of a prompt (its newest version) with these inputs.

        Raises `PromptError` where there is no such prompt or the inputs are not those it declares.
        """
        found = self.prompts.load(prompt, version)
        return Request(
            prompt=found.name,
            version=found.version,
            messages=found.render(inputs),
            answer=answer,
            model=self.model,
            temperature=found.temperature if self.temperature is None else self.temperature,
            max_tokens=found.max_tokens,
            sample=self.sample,
        )

    def ask(
        self, prompt: str, answer: type[A], /, version: int | None = None, **inputs: Scalar
    ) -> Program[Answered[A]]:
        """`yield from` this inside a program to get the validated answer."""
        return (yield from put(self.request(prompt, answer, version=version, **inputs)))


def put(request: Request[A]) -> Program[Answered[A]]:
    """`yield from` this inside a program to get the answer of a request."""
    answered: Answered[A] = yield request
    return answered
