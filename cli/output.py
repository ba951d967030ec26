"""How commands print: data to stdout, progress and messages to stderr."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from deeppersona_graph.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from deeppersona_graph.api import DeepPersona

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

WORTH_A_BAR = 10
"""Steps below which no bar is shown."""

_UNPRINTED = ("Cc", "Cs", "Zl", "Zp")
"""Categories of characters that a terminal obeys, breaks lines at, or cannot be sent."""

_LEFT_BY_JSON = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Of these, what `json.dumps` writes as it is."""


def forgive_encodings() -> None:
    """Let text that the encoding of stdout or stderr lacks come out as a replacement, never as an error."""
    for stream, replacement in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=replacement)


def line(text: str) -> str:
    """`text` on one line of a terminal: line breaks and escape sequences in it are spelled out."""
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one) in _UNPRINTED else one
        for one in text
    )


def paragraphs(text: str) -> str:
    """`text` with its line breaks; what else controls a terminal is spelled out."""
    return "\n".join(line(one.expandtabs(4)) for one in text.splitlines())


def print_json(value: Any) -> None:
    """`value` as one JSON document on stdout, sets as sorted lists; all else must be plain by now."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    written = json.dumps(value, ensure_ascii=not unicode, indent=2, default=sorted)
    print(_LEFT_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", written))


def say(message: str) -> None:
    """A message for the person at the terminal; names in it are never markup."""
    err.print(line(message), style="dim", markup=False)


def at_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(deed: str, *, otherwise: str = "nothing was deleted") -> None:
    """Ask on stderr whether to do the `deed`, such as "delete the store"; returns when the answer is yes.

    Raises `InputError` where there is no terminal to ask at; any other answer ends the command, code 1.
    """
    if not at_terminal():
        raise InputError(f"no terminal to ask at whether to {deed}; give --yes to do so without being asked")
    err.print(line(f"{deed[:1].upper()}{deed[1:]}? [y/N] "), markup=False, end="")
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        say(otherwise)
        raise typer.Exit(1)


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
def opened(uri: str | None, data_dir: Path | None, **flags: Any) -> Iterator[DeepPersona]:
    """The API with the settings of a command; what takes a while is said, or shown as a bar."""
    from deeppersona_graph.api import connect

    bars = Bars()
    try:
        with connect(announce=say, progress=bars.show, uri=uri, data_dir=data_dir, **flags) as api:
            yield api
    finally:
        bars.clear()
