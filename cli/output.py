"""How commands print: data to stdout, progress and messages to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from deeppersona_graph.api import DeepPersona

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


WORTH_A_BAR = 10
"""Steps below which no bar is shown."""


def print_json(value: Any) -> None:
    """`value` as one JSON document on stdout; dataclasses and paths must be plain by now."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """A message for the person at the terminal; names in it are never markup."""
    err.print(message, style="dim", markup=False)


class Bars:
    """Progress bars on stderr, one for each thing that takes a while; they leave nothing behind."""

    def __init__(self) -> None:
        self._live: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def show(self, doing: str, done: int, total: int) -> None:
        """Show that `done` of `total` is done; short work shows nothing."""
        if total < WORTH_A_BAR or not err.is_terminal:
            return
        if self._live is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._live = Progress(*columns, console=err, transient=True)
            self._live.start()
        if doing not in self._tasks:
            self._tasks[doing] = self._live.add_task(doing, total=total)
        self._live.update(self._tasks[doing], completed=done, visible=done < total)
        if done >= total:
            self.clear()

    def clear(self) -> None:
        """Take the bars away."""
        if self._live is not None:
            self._live.stop()
            self._live, self._tasks = None, {}


@contextmanager
def opened(uri: str | None, data_dir: Path | None) -> Iterator[DeepPersona]:
    """The API with the settings of a command; what takes a while is said, or shown as a bar."""
    from deeppersona_graph.api import connect

    bars = Bars()
    try:
        with connect(announce=say, progress=bars.show, uri=uri, data_dir=data_dir) as api:
            yield api
    finally:
        bars.clear()
