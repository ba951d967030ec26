"""Cypher statements live in files, one a file; the comment at the top is their contract.

    // What the statement answers, in a sentence.
    // access: read | write | schema
    // params: taxonomy, rows          (or: none)
    // returns: attribute, support     (or: none)
    CYPHER 5
    MATCH …

Declared parameters are compared with those used when a statement is loaded, returned columns when it runs.
The idea is aiosql's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, cast, get_args

Access = Literal["read", "write", "schema"]

_HEADER = re.compile(r"^//\s*(access|params|returns):\s*(.*)$")
_NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


class StatementError(Exception):
    """A statement file that breaks its contract: a fault of the program, never of its user."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Cypher statement: `name` is `topic/file`, `text` what is sent to the server."""

    name: str
    text: str
    summary: str
    access: Access
    params: frozenset[str]
    returns: tuple[str, ...]


@cache
def statement(name: str) -> Statement:
    """The statement `topic/file`; raises `StatementError` where file and contract disagree."""
    topic, _, file = name.partition("/")
    source = files("deeppersona_graph").joinpath("cypher", topic, f"{file}.cypher")
    if not source.is_file():
        raise StatementError(f"there is no statement {name!r}")
    return parse(name, source.read_text(encoding="utf-8"))


def statements() -> Iterator[Statement]:
    """All statements of the product, by name."""
    root = files("deeppersona_graph").joinpath("cypher")
    for topic in sorted(_folders(root), key=lambda folder: folder.name):
        for source in sorted(topic.iterdir(), key=lambda file: file.name):
            if source.name.endswith(".cypher"):
                yield statement(f"{topic.name}/{source.name.removesuffix('.cypher')}")


def parse(name: str, source: str) -> Statement:
    """The statement written in `source`, checked against its header."""
    summary: list[str] = []
    declared: dict[str, str] = {}
    for line in source.splitlines():
        if not line.startswith("//"):
            break
        if match := _HEADER.match(line):
            declared[match[1]] = match[2].strip()
        elif not declared:
            summary.append(line.removeprefix("//").strip())
    missing = {"access", "params", "returns"} - declared.keys()
    if missing or not summary:
        raise StatementError(f"{name}: the header lacks {', '.join(sorted(missing)) or 'a summary'}")
    if declared["access"] not in get_args(Access):
        raise StatementError(f"{name}: access is {declared['access']!r}")
    params, used = frozenset(_names(declared["params"])), _used(source)
    if params != used:
        raise StatementError(
            f"{name}: declares {sorted(params - used)} without use, uses {sorted(used - params)} undeclared"
        )
    if "CYPHER 5\n" not in source:
        raise StatementError(f"{name}: does not begin with CYPHER 5")
    return Statement(
        name=name,
        text=source[source.index("CYPHER 5\n") :],
        summary=" ".join(summary),
        access=cast(Access, declared["access"]),
        params=params,
        returns=tuple(_names(declared["returns"])),
    )


def _folders(root: Traversable) -> list[Traversable]:
    return [entry for entry in root.iterdir() if entry.is_dir()]


def _names(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.split(",")]


def _used(source: str) -> frozenset[str]:
    return frozenset(_PARAMETER.findall(_NOISE.sub(" ", source)))
