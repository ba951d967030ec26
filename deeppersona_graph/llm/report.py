"""What a run asked, what came of it, and the tokens it took: by step (prompt) and model."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

from deeppersona_graph.llm.answers import Flaw, Tokens
from deeppersona_graph.llm.faults import Kind
from deeppersona_graph.llm.prices import Prices

Event = Literal["asked", "from the store", "shared", "given up"] | Flaw | Kind
"""`shared`: a question that another program was asking already."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests of one step to one model. `cost` in USD; None: the model's price is not known."""

    prompt: str
    model: str
    requests: int
    tokens: Tokens
    cost: float | None


class Report:
    """Counts of one run; shared by threads."""

    def __init__(self, prices: Prices, *, batch: bool = False) -> None:
        self.prices = prices
        self._batch = batch
        self._lock = threading.Lock()
        self._events: Counter[Event] = Counter()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._tokens: dict[tuple[str, str], Tokens] = {}

    def count(self, event: Event) -> None:
        """One more of these."""
        with self._lock:
            self._events[event] += 1

    def spend(self, prompt: str, model: str, tokens: Tokens) -> None:
        """A request was answered and has to be paid."""
        place = (prompt, model)
        with self._lock:
            self._events["asked"] += 1
            self._requests[place] += 1
            self._tokens[place] = self._tokens.get(place, Tokens()) + tokens

    @property
    def events(self) -> dict[Event, int]:
        """How often what happened; what never happened is left away."""
        with self._lock:
            return dict(self._events)

    @property
    def usage(self) -> list[Usage]:
        """Requests, tokens and money by step and model."""
        with self._lock:
            places = sorted(self._requests)
            return [
                Usage(
                    prompt=prompt,
                    model=model,
                    requests=self._requests[prompt, model],
                    tokens=self._tokens[prompt, model],
                    cost=self.prices.cost(model, self._tokens[prompt, model], batch=self._batch),
                )
                for prompt, model in places
            ]

    @property
    def tokens(self) -> Tokens:
        """All tokens of the run."""
        return sum((one.tokens for one in self.usage), Tokens())

    @property
    def cost(self) -> float | None:
        """USD of the run; None where the price of a model is not known."""
        costs = [one.cost for one in self.usage]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def unpriced(self) -> list[str]:
        """Models that were used and whose price is not known."""
        return sorted({one.model for one in self.usage if one.cost is None})

    def summary(self) -> str:
        """One line for the person at the terminal."""
        tokens, events = self.tokens, self.events
        line = (
            f"{events.get('asked', 0):,} requests, {events.get('from the store', 0):,} answers from the store"
        )
        line += f"; {tokens.sent:,} tokens sent ({tokens.cached:,} cached), {tokens.received:,} received"
        if self.unpriced:
            line += (
                f"; no price is known for {', '.join(self.unpriced)}, so tokens only (see the setting prices)"
            )
        elif self.cost is not None:
            line += f"; {self.cost:.4f} USD"
        troubles = {
            event: n for event, n in events.items() if event not in ("asked", "from the store", "shared")
        }
        if troubles:
            line += "; " + ", ".join(f"{event}: {n}" for event, n in sorted(troubles.items()))
        return line

    def spent(self) -> dict[str, Any]:
        """What the record of a run keeps of it, as `record/close_run` takes it."""
        tokens = self.tokens
        return {
            "sent": tokens.sent,
            "received": tokens.received,
            "cost": self.cost,
            "report": json.dumps(self.plain(), sort_keys=True) if self.usage else None,
        }

    def plain(self) -> dict[str, Any]:
        """As JSON has it, for `--json` and the record of the run."""
        return {
            "events": dict(sorted(self.events.items())),
            "usage": [asdict(one) for one in self.usage],
            "tokens": asdict(self.tokens),
            "cost": self.cost,
            "unpriced": self.unpriced,
        }
