"""`deeppersona query`: questions to the graph."""

from __future__ import annotations

import typer

from deeppersona_graph.cli.query import coverage, cypher, sharing

app = typer.Typer(help="Questions to the graph.", no_args_is_help=True)
app.command("shared")(sharing.shared)
app.command("having")(sharing.having)
app.command("nearest")(sharing.nearest)
app.command("compare")(sharing.compare)
app.command("strata")(coverage.strata)
app.command("coverage")(coverage.coverage)
app.command("cypher")(cypher.cypher)
app.command("schema")(cypher.schema)
