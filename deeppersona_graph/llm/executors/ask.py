"""Asks one request until it is answered, and puts the answer into the store before anybody uses it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from deeppersona_graph.errors import ModelAccessError, ModelUnavailableError
from deeppersona_graph.llm.answers import Raw
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.clock import Clock
from deeppersona_graph.llm.faults import Fault, verdict
from deeppersona_graph.llm.gate import Gate
from deeppersona_graph.llm.providers import Provider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore

ATTEMPTS = 8
"""How often a request is sent before it is given up."""

ATTEMPTS_THROTTLED = 30
"""How often where the endpoint answers 429: it lives, there is only too much for it."""

LONGEST_BACKOFF = 60.0
"""Seconds between two attempts, at most, where the endpoint names no time."""

_jitter = wait_random_exponential(multiplier=1.0, max=LONGEST_BACKOFF)


class Asking:
    """What the threads of one run share."""

    def __init__(
        self,
        provider: Provider,
        store: AnswerStore,
        report: Report,
        gate: Gate,
        clock: Clock,
        budget: Budget | None,
    ) -> None:
        self._provider, self._store, self._report = provider, store, report
        self._gate, self._clock, self._budget = gate, clock, budget

    def ask(self, request: Request[Any]) -> ModelUnavailableError | None:
        """See to it that the answer is in the store; returns why this request cannot be answered.

        Raises what ends the whole run: `ModelAccessError`, `BudgetError`, `AnswerStoreError`,
        `ModelUnavailableError` where the endpoint is given up, `StoppedError`.
        """
        if self._store.get(request.key) is not None:
            self._report.count("from the store")  # another process was faster
            return None
        budget = self._budget
        with budget.reserved(request, self._gate.stopped) if budget else nullcontext():
            try:
                raw = self._retrying()(self._send, request)
            except Fault as fault:
                return _unanswerable(request, fault)
            self._store.put(request, raw, "online")
            self._report.spend(request.prompt, request.model, raw.tokens)
        return None

    def _send(self, request: Request[Any]) -> Raw:
        with self._gate.slot():
            try:
                return self._provider.complete(request)
            except Fault as fault:
                self._report.count(fault.kind)
                raise

    def _sleep(self, seconds: float) -> None:
        self._clock.wait(seconds, self._gate.stopped)

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Fault) and verdict(error) == "retry"),
            wait=_backoff,
            stop=_has_had_enough,
            sleep=self._sleep,
            reraise=True,
        )


def _backoff(state: RetryCallState) -> float:
    """What Retry-After asks for; else exponential, with full jitter."""
    asked = _fault(state).retry_after
    return _jitter(state) if asked is None else asked


def _has_had_enough(state: RetryCallState) -> bool:
    throttled = _fault(state).kind == "rate limit"
    return state.attempt_number >= (ATTEMPTS_THROTTLED if throttled else ATTEMPTS)


def _fault(state: RetryCallState) -> Fault:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Fault)
    return error


def _unanswerable(request: Request[Any], fault: Fault) -> ModelUnavailableError:
    if verdict(fault) == "stop":
        raise ModelAccessError(
            f"the endpoint lets nobody in ({fault}); check the key, the address, the name of the model and "
            "the account"
        ) from None
    if verdict(fault) == "retry":
        said = f"got no answer, however often it was asked ({fault}); check --base-url, or run again later"
    else:
        said = f"was rejected ({fault}); the endpoint does not take this question"
    return ModelUnavailableError(f"{request} {said}")
