"""`deeppersona taxonomy`: the Human-Attribute Tree in the graph."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deeppersona_graph.cli.options import DataDir, Json, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.model.tree import shown

app = typer.Typer(help="The Human-Attribute Tree in the graph.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="JSONL records, nested JSON of names, or node-link JSON.")],
    taxonomy: Annotated[str, typer.Option("--taxonomy", help="Name of the new taxonomy.")],
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Import a tree file as a new taxonomy."""
    with opened(uri, data_dir) as api:
        tree = api.import_taxonomy(file, taxonomy)
    if json:
        print_json({"taxonomy": tree.name, "version": tree.version, "nodes": len(tree.attributes)})
    else:
        say(f"{len(tree.attributes):,} nodes imported as the taxonomy {tree.name}")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="JSONL file to write.")],
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a taxonomy as JSONL records, ids kept."""
    with opened(uri, data_dir) as api:
        count = api.export_taxonomy(file, taxonomy)
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
    out.print(f"taxonomy {line(found.name)}, version {found.version}", markup=False)
    out.print(
        f"{found.nodes:,} nodes, {found.leaves:,} leaves, {found.core} of the core, {found.retired} retired"
    )
    out.print(
        f"{found.values:,} values, {found.requirements:,} required values, {found.exclusions:,} exclusions"
    )
    out.print("by depth: " + ", ".join(f"{depth}: {count:,}" for depth, count in found.by_depth.items()))
    out.print("by type: " + ", ".join(f"{kind} {count:,}" for kind, count in found.by_type.items()))
    for domain, count in found.by_domain.items():
        out.print(f"  {count:6,}  {line(domain)}", markup=False)


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
