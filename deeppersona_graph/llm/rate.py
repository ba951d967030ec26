"""How many requests may be in flight: additive increase, multiplicative decrease, as TCP does it.

Each answer raises the limit by 1/limit, so by one a round; a 429 halves it. Requests that were under way when
the limit fell say nothing about the new limit, so their 429 does not halve it again.
"""

from __future__ import annotations


class AdaptiveRate:
    """The limit, between 1 and `most`; begins at `most`. Not for several threads: `Gate` guards it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._fell = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    def answered(self) -> None:
        """A request got through."""
        self._limit = min(self._most, self._limit + 1 / self._limit)

    def throttled(self, began: float, now: float) -> None:
        """A request that began at `began` was answered with 429."""
        if began >= self._fell:
            self._limit = max(1.0, self._limit / 2)
            self._fell = now
