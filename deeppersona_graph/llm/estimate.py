"""Tokens and money before they are spent: from the length of what is sent, and from earlier answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deeppersona_graph.llm.answers import Tokens
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore, Experience

CHARACTERS_A_TOKEN = 4.0
"""Of English prose, where nothing is known of the model yet."""

TOKENS_A_MESSAGE = 4
"""What the protocol wraps a message in."""

RECEIVED = 600
"""Tokens of an answer to a prompt that says nothing of its length and was never answered yet."""

WORST = 4096
"""Tokens of an answer without a limit that a budget reckons with, where no experience says more."""

SHARE_OF_LIMIT = 0.5
"""Of a prompt's limit that an answer is taken to fill, where nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A request to expect, and about how many characters its answer has.

    `counted`: these were counted for this request, and say more than earlier answers to other requests of the
    same prompt.
    """

    request: Request[Any]
    answer: int
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. `cost` in USD; None: the model's price is not known."""

    people: int
    requests: int
    tokens: Tokens
    cost: float | None
    waves: int
    """Batch files one after another, as each wave needs the answers to the one before."""

    def summary(self) -> str:
        """One line for the person at the terminal."""
        money = "no price is known, so tokens only" if self.cost is None else f"about {self.cost:.2f} USD"
        return (
            f"{self.people:,} people will take about {self.requests:,} requests (or {self.waves} waves of "
            f"batch files), {self.tokens.sent:,} tokens sent and {self.tokens.received:,} received: {money}"
        )


@dataclass(frozen=True, slots=True)
class Estimator:
    """Estimates for one model, calibrated by the answers to it that the store has."""

    experience: Mapping[str, Experience]

    @classmethod
    def of(cls, store: AnswerStore, model: str) -> Estimator:
        """The estimator for a model; raises `AnswerStoreError`."""
        return cls(store.experience(model))

    @property
    def characters_a_token(self) -> float:
        """Characters of a request, its schema included, for each token that was billed."""
        sent = sum(known.tokens.sent for known in self.experience.values())
        characters = sum(known.characters for known in self.experience.values())
        return characters / sent if sent and characters else CHARACTERS_A_TOKEN

    def expect(self, expected: Expected) -> Tokens:
        """The tokens to expect of a request about whose answer something is known."""
        tokens = self.tokens(expected.request)
        if expected.request.prompt in self.experience and not expected.counted:
            return tokens
        return replace(tokens, received=round(expected.answer / self.characters_a_token))

    def tokens(self, request: Request[Any]) -> Tokens:
        """The tokens to expect; nothing is taken to be cached where earlier requests were not."""
        sent = round(request.characters / self.characters_a_token) + TOKENS_A_MESSAGE * len(request.messages)
        known = self.experience.get(request.prompt)
        if known is not None:
            cached = round(sent * known.tokens.cached / known.tokens.sent)
            return Tokens(sent, cached, round(known.tokens.received / known.answers))
        limit = request.max_tokens
        return Tokens(sent, 0, RECEIVED if limit is None else round(limit * SHARE_OF_LIMIT))

    def most(self, request: Request[Any]) -> Tokens:
        """The tokens to reckon with at worst, for a budget."""
        expected = self.tokens(request)
        received = request.max_tokens or max(WORST, 3 * expected.received)
        return Tokens(round(1.2 * expected.sent), 0, received)


def forecast(
    sample: Sequence[Sequence[Expected]], people: int, estimator: Estimator, prices: Prices, *, batch: bool
) -> Forecast:
    """What `people` will take, of whom the requests of a sample are known."""
    requests = {one.request.key: one for of_one in sample for one in of_one}
    asked_by = Counter(one.request.key for of_one in sample for one in of_one)
    found, count = Tokens(), 0.0
    for key, one in requests.items():
        shared = asked_by[key] == len(sample) > 1  # what all ask alike is asked once
        share = 1.0 if shared else asked_by[key] * people / len(sample)
        tokens = estimator.expect(one)
        found += Tokens(*(round(n * share) for n in (tokens.sent, tokens.cached, tokens.received)))
        count += share
    model = next((one.request.model for one in requests.values()), "")
    cost = prices.cost(model, found, batch=batch) if requests else 0.0
    waves = max((len(of_one) for of_one in sample), default=0)
    return Forecast(people, round(count), found, cost, waves)
