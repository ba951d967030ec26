"""An event loop that counts what its connections receive, so that no answer outgrows a budget.

A driver hands a value over when all of it has arrived; one value can be as long as a server's patience. The
bytes are counted where they come in, before anything is made of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class MeteredLoop(asyncio.SelectorEventLoop):
    """Counts the bytes received since `meter` was called; tells once when they are more than the budget."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self._budget: float = float("inf")
        self._exceeded: Callable[[], object] = lambda: None

    def meter(self, budget: float, exceeded: Callable[[], object]) -> None:
        """Count anew, and call `exceeded` when more than `budget` bytes have come."""
        self.received, self._budget, self._exceeded = 0, budget, exceeded

    async def create_connection(self, protocol_factory: Any, *args: Any, **more: Any) -> Any:
        """A connection as asyncio makes it, its bytes counted."""

        def counted() -> Any:
            protocol = protocol_factory()
            take = protocol.data_received

            def data_received(some: bytes) -> None:
                self._count(len(some))
                take(some)

            protocol.data_received = data_received
            return protocol

        return await super().create_connection(counted, *args, **more)

    def _count(self, size: int) -> None:
        self.received += size
        if self.received > self._budget:
            self._budget = float("inf")
            self._exceeded()
