"""`deeppersona server`: the private Neo4j server."""

from __future__ import annotations

import typer

app = typer.Typer(help="The private Neo4j server.", no_args_is_help=True)
