"""The one way to the endpoint: holds requests back by rate, by what Retry-After asks, and by the circuit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from deeppersona_graph.errors import ModelUnavailableError
from deeppersona_graph.llm.circuit import Circuit
from deeppersona_graph.llm.clock import Clock
from deeppersona_graph.llm.faults import Fault, verdict
from deeppersona_graph.llm.rate import AdaptiveRate

LONGEST_WAIT = 600.0
"""Seconds a Retry-After may ask for; an endpoint that asks for more is done for today."""


class StoppedError(Exception):
    """The run is being stopped; nothing more is asked."""


class Gate:
    """Shared by the threads that ask; `stop()` lets nobody through any more."""

    def __init__(self, slots: int, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._rate, self._circuit = AdaptiveRate(slots), Circuit()
        self._in_flight = 0
        self._paused_until = float("-inf")
        self._given_up = ""

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._rate.limit

    @property
    def stopped(self) -> threading.Event:
        """Set when the run is being stopped."""
        return self._stopped

    def stop(self) -> None:
        """Let nobody through any more; those waiting get `StoppedError`."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A request goes inside; a `Fault` that it raises is learnt from.

        Raises `ModelUnavailableError` where the endpoint has been given up, `StoppedError` after `stop()`.
        """
        began = self._enter()
        fault: Fault | None = None
        answered = False
        try:
            yield
            answered = True
        except Fault as found:
            fault = found
            raise
        finally:
            self._leave(began, fault, answered)

    def _enter(self) -> float:
        """The moment at which the request may go; waits for it."""
        while True:
            with self._changed:
                if self._stopped.is_set():
                    raise StoppedError
                if self._given_up:
                    raise ModelUnavailableError(self._given_up)
                delay = self._delay(self._clock.now())
                if delay == 0.0:
                    self._in_flight += 1
                    return self._clock.now()
                if delay is None:
                    self._changed.wait()
                    continue
            self._clock.wait(delay, self._stopped)

    def _delay(self, now: float) -> float | None:
        """Seconds to wait; 0: go; None: until another request is done."""
        if self._circuit.probing or self._in_flight >= self._rate.limit:
            return None
        due = self._circuit.open_until
        if now < (until := max(self._paused_until, due or self._paused_until)):
            return until - now
        if due is not None:
            self._circuit.probe()
        return 0.0

    def _leave(self, began: float, fault: Fault | None, answered: bool) -> None:
        now = self._clock.now()
        with self._changed:
            self._in_flight -= 1
            if fault is None:
                if answered:
                    self._rate.answered()
                    self._circuit.answered()
                else:
                    self._circuit.abandoned()
            elif fault.kind in ("rate limit", "rejected"):
                self._circuit.answered()
                if fault.kind == "rate limit":
                    self._rate.throttled(began, now)
            else:
                self._circuit.failed(now)
                if self._circuit.given_up:
                    self._given_up = (
                        f"the endpoint does not answer ({fault}); what was finished is kept: "
                        "check --base-url, or run again later"
                    )
            if fault is not None and verdict(fault) == "stop":
                self._stopped.set()
            if fault is not None and fault.retry_after is not None:
                self._heed(fault.retry_after, now)
            self._changed.notify_all()

    def _heed(self, seconds: float, now: float) -> None:
        self._paused_until = max(self._paused_until, now + seconds)
        if seconds > LONGEST_WAIT:
            self._given_up = (
                f"the endpoint asks to be left alone for {seconds:.0f} s; what was finished is kept, "
                "run again then"
            )
