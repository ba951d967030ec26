"""Time as the executors see it, so that tests wait for nothing."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that pass, and waiting."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait, or less where `stop` is set meanwhile; returns whether it is."""
        ...


class RealClock:
    """The clock on the wall."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait, or less where `stop` is set meanwhile; returns whether it is."""
        return stop.wait(seconds)
