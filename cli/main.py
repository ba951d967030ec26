"""The `deeppersona` command: puts the groups together, and turns errors into one line and an exit code."""

from __future__ import annotations

import sys

import typer

from deeppersona_graph.cli import generate, personas, server, taxonomy
from deeppersona_graph.errors import DeepPersonaError

app = typer.Typer(
    name="deeppersona",
    help="Deep synthetic personas from a human-attribute taxonomy that lives in Neo4j.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("generate")(generate.generate)
app.command("show")(personas.show)
app.command("list")(personas.list_)
app.command("export")(personas.export)
app.command("delete")(personas.delete)
app.add_typer(taxonomy.app, name="taxonomy")
app.add_typer(server.app, name="server")


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show where an error comes from."),
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    """Deep synthetic personas from a human-attribute taxonomy that lives in Neo4j."""
    if version:
        from importlib.metadata import version as installed

        print(installed("deeppersona-graph"))
        raise typer.Exit
    _debug.append(debug)


_debug: list[bool] = []


def main() -> None:
    """Run the command line; ours are the exit codes 0, 1, 2, 3 and 130 (interrupted)."""
    try:
        app()
    except DeepPersonaError as error:
        if any(_debug):
            raise
        print(f"deeppersona: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except UnicodeEncodeError:
        print("deeppersona: an argument is no text in UTF-8; spell it another way", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
