"""How commands print: data to stdout, progress and messages to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from deeppersona_graph.api import DeepPersona

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """`value` as one JSON document on stdout; dataclasses and paths must be plain by now."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """A message for the person at the terminal; names in it are never markup."""
    err.print(message, style="dim", markup=False)


@contextmanager
def opened(uri: str | None, data_dir: Path | None) -> Iterator[DeepPersona]:
    """The API with the settings of a command; what takes a while is said, or shown as a bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from deeppersona_graph.api import connect

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(doing: str, done: int, total: int) -> None:
            if doing not in tasks:
                tasks[doing] = bar.add_task(doing, total=total)
            bar.update(tasks[doing], completed=done, visible=done < total)

        with connect(announce=say, progress=progress, uri=uri, data_dir=data_dir) as api:
            yield api
