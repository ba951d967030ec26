"""`deeppersona query`: questions to the graph."""

from __future__ import annotations

import typer

app = typer.Typer(help="Questions to the graph.", no_args_is_help=True)
