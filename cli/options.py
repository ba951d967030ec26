"""Options that many commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

Uri = Annotated[
    str | None,
    typer.Option("--uri", help="Bolt address of a Neo4j server; without it the private server is used."),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the private server and the caches.")
]
Taxonomy = Annotated[str | None, typer.Option("--taxonomy", help="Name of the taxonomy.  [default: human]")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass
class Flags:
    """What is said before the command; the context of a run carries it."""

    debug: bool = False
