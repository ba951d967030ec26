"""Ctrl-C that lets a step end: the first asks to stop, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from deeppersona_graph.cli.output import say


@contextmanager
def patient() -> Iterator[Callable[[], bool]]:
    """Yields a question: whether somebody pressed Ctrl-C. A transaction is never cut off by the first one."""
    asked = False

    def first(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)
        say("stopping when the next person is finished; press Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
