"""Dialogues from files, from which the tree is mined: read as a stream, masked, each exchange once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deeppersona_graph.errors import InputError
from deeppersona_graph.lines import Malformed, storable
from deeppersona_graph.model.dialogue import Exchange, exchange_id
from deeppersona_graph.taxonomy.dialogues.files import EXPECTED, check, said
from deeppersona_graph.taxonomy.dialogues.masking import SLACK, masked

__all__ = ["Dialogues", "open_dialogues"]

LONGEST_TEXT = 20_000
"""Characters of a question or an answer; longer ones are cut."""


@dataclass
class Dialogues:
    """The exchanges in several files; what the last reading, as far as it came, passed over or changed."""

    paths: tuple[Path, ...]
    malformed: dict[Path, Malformed] = field(init=False)
    """Lines of no use, file by file; in a JSON document the numbers are those of records."""
    duplicates: int = field(default=0, init=False)
    """Exchanges that were read before, in whichever file."""
    masked: int = field(default=0, init=False)
    """Exchanges in which something was masked, duplicates left out."""

    def __post_init__(self) -> None:
        self._begin()

    def read(self) -> Iterator[Exchange]:
        """The exchanges in the order of files and lines, masked, and anew each time.

        Raises `InputError` where a file cannot be read to its end.
        """
        self._begin()
        return self._read()

    def _read(self) -> Iterator[Exchange]:
        seen: set[str] = set()
        for path in self.paths:
            name = storable(path.name)
            for one in said(path, self.malformed[path]):
                (question, asked), (answer, told) = _masked(one.question), _masked(one.answer)
                identity = exchange_id(question, answer)
                if identity in seen:
                    self.duplicates += 1
                    continue
                seen.add(identity)
                self.masked += asked or told
                yield Exchange(identity, question, answer, one.source or name, one.licence)

    def _begin(self) -> None:
        self.malformed = {path: Malformed() for path in self.paths}
        self.duplicates = self.masked = 0


def open_dialogues(paths: Sequence[Path]) -> Dialogues:
    """The dialogues in files, each in whichever format it is; `.gz` is unpacked.

    Raises `InputError` for a file that cannot be read, is no text in UTF-8 or has no usable line.
    """
    if not paths:
        raise InputError(f"no file of dialogues is given; {EXPECTED}")
    for path in paths:
        check(path)
    return Dialogues(tuple(dict.fromkeys(paths)))


def _masked(text: str) -> tuple[str, bool]:
    """The text, masked and cut, and whether something was masked."""
    whole = text[: LONGEST_TEXT + SLACK]
    safe = masked(whole)
    return safe[:LONGEST_TEXT].strip(), safe != whole
