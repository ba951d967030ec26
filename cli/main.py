"""The `deeppersona` command: puts the groups together, and turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from deeppersona_graph.cli import (
    batch,
    enrich,
    generate,
    mine,
    personas,
    query,
    refresh,
    server,
    taxonomy,
    twin,
    why,
)
from deeppersona_graph.cli.options import Flags
from deeppersona_graph.cli.output import forgive_encodings, line
from deeppersona_graph.errors import DeepPersonaError, InputError

app = typer.Typer(
    name="deeppersona",
    help="Deep synthetic personas from a human-attribute taxonomy that lives in Neo4j.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("generate")(generate.generate)
app.command("enrich")(enrich.enrich)
app.command("show")(personas.show)
app.command("list")(personas.list_)
app.command("export")(personas.export)
app.command("delete")(personas.delete)
app.command("why")(why.why)
app.command("refresh")(refresh.refresh)
app.command("twin")(twin.twin)
app.command("mine")(mine.mine)
app.add_typer(taxonomy.app, name="taxonomy")
app.add_typer(query.app, name="query")
app.add_typer(batch.app, name="batch")
app.add_typer(server.app, name="server")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("deeppersona-graph"))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Deep synthetic personas from a human-attribute taxonomy that lives in Neo4j."""
    context.ensure_object(Flags).debug = debug


def main() -> None:
    """Run the command line; ours are the exit codes 0, 1, 2, 3 and 130 (interrupted)."""
    forgive_encodings()
    flags = Flags()
    try:
        for place in _undecoded():
            raise InputError(f"{place} is no text in {sys.getfilesystemencoding()}; spell it another way")
        app(obj=flags)
    except DeepPersonaError as error:
        if flags.debug:
            raise
        print(f"deeppersona: {line(str(error))}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def _undecoded() -> Iterator[str]:
    """Arguments and settings with bytes that are no text, which Python hands over as lone surrogates."""
    named = [(f"the argument {argument!r}", argument) for argument in sys.argv[1:]]
    named += [(name, value) for name, value in os.environ.items() if name.upper().startswith(_SETTINGS)]
    for place, text in named:
        if any("\ud800" <= one <= "\udfff" for one in text):
            yield place


_SETTINGS = ("NEO4J_", "DEEPPERSONA_")


if __name__ == "__main__":
    main()
