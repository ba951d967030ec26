"""A circuit breaker: an endpoint that fails again and again is left alone for a while, then probed.

After M. Nygard, *Release It!*. The libraries for it read the system's clock and fail calls instead of
holding them back, so this one is our own.
"""

from __future__ import annotations

THRESHOLD = 8
"""Failures in a row, of whichever requests, that open the circuit."""

COOLING = (5.0, 10.0, 20.0, 40.0, 60.0, 60.0)
"""Seconds that the circuit stays open, the first time and after each probe that failed."""

NEVER_ANSWERED = 2
"""Openings after which an endpoint that never said anything at all is given up."""


class Circuit:
    """Closed, open until a time, or probing. Not for several threads: `Gate` guards it."""

    def __init__(self) -> None:
        self._failures = 0
        self._openings = 0
        self._ever_answered = False
        self._probing = False
        self.open_until: float | None = None
        """When the next probe is due; None: closed."""

    @property
    def given_up(self) -> bool:
        """Whether the endpoint has had all its chances."""
        chances = len(COOLING) if self._ever_answered else NEVER_ANSWERED
        return self._openings > chances

    @property
    def probing(self) -> bool:
        """Whether a probe is under way, which the others wait for."""
        return self._probing

    def probe(self) -> None:
        """The request that now begins is the probe."""
        self._probing = True

    def answered(self) -> None:
        """The endpoint answered, if only to say no: it lives."""
        self._ever_answered = True
        self._failures = self._openings = 0
        self._probing = False
        self.open_until = None

    def abandoned(self) -> None:
        """A request ended without a word on the endpoint; if it was the probe, another may go."""
        self._probing = False

    def failed(self, now: float) -> None:
        """A request failed for a reason that lies with the endpoint."""
        self._failures += 1
        if self.open_until is not None and not self._probing:
            return  # it was under way when the circuit opened
        if self._probing or self._failures >= THRESHOLD:
            self._probing = False
            self.open_until = now + COOLING[min(self._openings, len(COOLING) - 1)]
            self._openings += 1
