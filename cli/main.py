"""The `deeppersona` command: puts the groups together, and turns errors into one line and an exit code."""

from __future__ import annotations

import sys

import typer

from deeppersona_graph.cli import server
from deeppersona_graph.errors import DeepPersonaError

app = typer.Typer(
    name="deeppersona",
    help="Deep synthetic personas from a human-attribute taxonomy that lives in Neo4j.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(server.app, name="server")


def main() -> None:
    """Run the command line; ours are the exit codes 0, 1, 2, 3 and 130 (interrupted)."""
    try:
        app()
    except DeepPersonaError as error:
        if "--debug" in sys.argv:
            raise
        print(f"deeppersona: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
