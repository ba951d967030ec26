"""A limit on money: no request is sent that could lead beyond it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deeppersona_graph.errors import BudgetError, InputError
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.gate import StoppedError
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request


class Budget:
    """USD that a run may spend, with what requests in flight may cost at worst set apart.

    Raises `InputError` where the price of the model is not known: such a budget would hold nothing.
    """

    def __init__(self, limit: float, model: str, estimator: Estimator, report: Report) -> None:
        if report.prices.of(model) is None:
            raise InputError(
                f"a budget needs prices, and none is known for {model!r}; give them in a file "
                "(setting prices) or leave --budget away"
            )
        self.limit = limit
        self._estimator, self._report = estimator, report
        self._changed = threading.Condition()
        self._reserved, self._holders = 0.0, 0

    @contextmanager
    def reserved(self, request: Request[Any], stopped: threading.Event) -> Iterator[None]:
        """A request goes inside, its worst cost set apart until it is done; waits while others may leave
        enough.

        Raises `BudgetError` where nothing is in flight and the request could still exceed the limit.
        """
        worst = self._report.prices.cost(request.model, self._estimator.most(request))
        if worst is None:
            raise BudgetError(
                f"{request} goes to {request.model!r}, whose price is not known; give it in a file "
                "(setting prices)"
            )
        with self._changed:
            while self._spent + self._reserved + worst > self.limit:
                if stopped.is_set():
                    raise StoppedError
                if not self._holders:
                    raise BudgetError(
                        f"{self._spent:.4f} of {self.limit:g} USD are spent and the next request, {request}, "
                        f"may cost {worst:.4f}; what was finished is kept; raise --budget, or run again, "
                        "to go on"
                    )
                self._changed.wait()
            self._reserved += worst
            self._holders += 1
        try:
            yield
        finally:
            with self._changed:
                self._holders -= 1
                self._reserved = self._reserved - worst if self._holders else 0.0
                self._changed.notify_all()

    @property
    def _spent(self) -> float:
        return self._report.cost or 0.0
