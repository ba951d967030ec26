"""`deeppersona taxonomy`: the Human-Attribute Tree in the graph."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli import edits, history
from deeppersona_graph.cli.figures import show_figures
from deeppersona_graph.cli.options import BaseUrl, Budget, DataDir, Json, Model, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.model.tree import shown

if TYPE_CHECKING:
    pass

app = typer.Typer(help="The Human-Attribute Tree in the graph.", no_args_is_help=True)
for command in (
    edits.add, edits.rename, edits.move, edits.merge, edits.split, edits.retire, history.restore,
    edits.describe, edits.constrain, edits.bias, history.log, history.undo, history.diff, history.snapshot,
):  # fmt: skip
    app.command(command.__name__)(command)


class Format(StrEnum):
    """Formats of a file that a taxonomy is written to."""

    records = "records"
    json = "json"
    csv = "csv"
    graphml = "graphml"
    node_link = "node-link"
    skos = "skos"
    sunburst_html = "sunburst-html"


@app.command("import")
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSONL records, nested JSON of names, or node-link JSON; several become one tree."
        ),
    ],
    taxonomy: Annotated[str, typer.Option("--taxonomy", help="Name of the new taxonomy.")],
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Import tree files as a new taxonomy."""
    with opened(uri, data_dir) as api:
        tree = api.import_taxonomy(files, taxonomy)
    if json:
        print_json({"taxonomy": tree.name, "version": tree.version, "nodes": len(tree.attributes)})
    else:
        say(f"{len(tree.attributes):,} nodes imported as the taxonomy {tree.name}")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Format of the file; without it, what its name ends in."),
    ] = None,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a taxonomy to a file, for `taxonomy import`, for other tools, or to look at.

    Records (.jsonl) keep everything, ids included; .json has nested names, .csv a row an attribute; .graphml
    and node-link are graphs; .ttl, .rdf and .jsonld are SKOS; .html is an interactive sunburst.
    """
    with opened(uri, data_dir) as api:
        count = api.export_taxonomy(file, taxonomy, form.value if form else None)
    if json:
        print_json({"file": str(file), "nodes": count})
    else:
        say(f"{count:,} nodes written to {file}")


@app.command("tree")
def tree(
    branch: Annotated[str | None, typer.Argument(help="An attribute to start from, by name or path.")] = None,
    levels: Annotated[int, typer.Option("--levels", min=1, help="How many levels to show.")] = 2,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show the tree, or a branch of it."""
    from rich.text import Text

    with opened(uri, data_dir) as api:
        lines = api.outline(taxonomy, branch, levels)
    if json:
        print_json(
            [{"path": list(a.path), "id": a.id, "below": n, "type": a.value_type} for _, a, n in lines]
        )
        return
    for level, attribute, below in lines:
        note = f" ({below})" if below else f"  {attribute.value_type or ''}"
        marks = "".join(
            f" [{word}]"
            for word, on in (
                ("core", attribute.core),
                ("generic", attribute.generic),
                ("proposed", attribute.proposed),
                ("retired", attribute.retired),
            )
            if on
        )
        out.print(Text.assemble("  " * level, line(attribute.name), (note + marks, "dim")))


@app.command("stats")
def stats(taxonomy: Taxonomy = None, uri: Uri = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Show the figures of a taxonomy."""
    with opened(uri, data_dir) as api:
        found = api.figures(taxonomy)
    if json:
        print_json(asdict(found))
        return
    show_figures(found)


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="What to look for, in your own words.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at the most.")] = 10,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Find attributes by meaning."""
    with opened(uri, data_dir) as api:
        hits = api.search(text, taxonomy, limit)
    if json:
        print_json([{"id": h.id, "path": list(h.path), "similarity": round(h.similarity, 4)} for h in hits])
        return
    for hit in hits:
        out.print(f"{hit.similarity:6.3f}  {line(shown(hit.path))}", markup=False)


@app.command("sync")
def sync(taxonomy: Taxonomy = None, uri: Uri = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Take in what was edited by hand in the graph."""
    with opened(uri, data_dir) as api:
        report = api.sync(taxonomy)
    if json:
        print_json({**asdict(report), "changed": report.changed})
    else:
        say(report.summary)


@app.command("embed")
def embed(taxonomy: Taxonomy = None, uri: Uri = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Make all vectors of a taxonomy anew with the model of the settings."""
    with opened(uri, data_dir) as api:
        api.embed(taxonomy)
        model = api.embedder.model
    if json:
        print_json({"embedding_model": model})
    else:
        say(f"all vectors are from {model} now")


@app.command("why")
def why(
    attribute: Annotated[str, typer.Argument(help="An attribute, by name or path.")],
    limit: Annotated[int, typer.Option("--limit", min=0, max=10_000, help="Exchanges to show.")] = 10,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show why an attribute is in the tree: the exchanges behind it, and what was decided about it."""
    with opened(uri, data_dir) as api:
        found = api.why_attribute(attribute, taxonomy, limit)
    if json:
        print_json(asdict(found))
        return
    a = found.attribute
    out.print(line(shown(a.path)), markup=False)
    if a.description:
        out.print(f"  {line(a.description)}", markup=False)
    if not a.support:
        say(
            "no dialogue stands behind it" + (": a model proposed it for a thin branch" if a.proposed else "")
        )
    else:
        out.print(f"  {a.support:,} exchanges at or below it, {found.exchanges:,} of its own", markup=False)
    for one in found.proposals:
        out.print(f"  proposed {one.mentions} times as {line(shown(one.path))}: {one.state}", markup=False)
        for step in one.steps:
            out.print(f"    {line(step)}", markup=False)
    for decision in found.decisions:
        verdict = decision.answer.get("relation") or decision.answer.get("verdict") or ""
        reason = f": {decision.reason}" if decision.reason else ""
        out.print(f"  {decision.step} {line(decision.subject)} {verdict}{line(reason)}", markup=False)
    for evidence in found.evidence:
        out.print(f"\n  {line(shown(evidence.path))} = {line(evidence.value)}", markup=False)
        if evidence.question:
            out.print(f"    Q {line(evidence.question)}", markup=False)
        out.print(f"    A {line(evidence.answer)}", markup=False)
        out.print(
            f"    {line(evidence.source)} · {evidence.personalizable} · {line(evidence.category)}: "
            f"{line(evidence.reason)}",
            markup=False,
        )


@app.command("consolidate")
def consolidate(
    taxonomy: Taxonomy = None,
    sure: Annotated[
        float, typer.Option("--sure", help="Likeness of names (cosine) from which siblings are one unasked.")
    ] = 0.96,
    model: Model = None,
    base_url: BaseUrl = None,
    budget: Budget = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Merge siblings that are one, with all that hangs on them; where in doubt a model decides, if named."""
    with opened(uri, data_dir, model=model, base_url=base_url) as api:
        found, report = api.consolidate(taxonomy, sure=sure, budget=budget)
    if json:
        print_json(asdict(found))
    elif found.merged is None:
        say("no two siblings are one; the tree is as it was")
    else:
        done = found.merged
        say(
            f"{len(done.into):,} of {found.before:,} attributes became one with another, {found.moved:,} "
            f"moved below a broader one; {done.edges:,} edges of people moved, {done.superseded:,} of them "
            f"superseded; now version {found.version}"
        )
    if report is not None:
        say(report.summary())
    if found.failed:
        say(f"{found.failed} pairs found no usable answer and stay apart; run the same command again")
        raise typer.Exit(1)
