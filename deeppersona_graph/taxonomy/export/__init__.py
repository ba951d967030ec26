"""A taxonomy as a file: one module a format, all of them from the tree alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

from deeppersona_graph.errors import InputError
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.export.graphml import write_graphml
from deeppersona_graph.taxonomy.export.nested import write_nested
from deeppersona_graph.taxonomy.export.node_link import write_node_link
from deeppersona_graph.taxonomy.export.records import export_records, write_records
from deeppersona_graph.taxonomy.export.skos import write_json_ld, write_rdf_xml, write_turtle
from deeppersona_graph.taxonomy.export.sunburst import write_sunburst
from deeppersona_graph.taxonomy.export.table import write_table

__all__ = ["FORMATS", "Format", "export_records", "form_of", "write_tree"]

Format = Literal["records", "json", "csv", "graphml", "node-link", "skos", "sunburst-html"]
FORMATS: tuple[Format, ...] = get_args(Format)

Writer = Callable[[Tree, Path], None]

_ENDINGS: Mapping[str, Format] = {
    ".jsonl": "records",
    ".json": "json",
    ".csv": "csv",
    ".graphml": "graphml",
    ".ttl": "skos",
    ".rdf": "skos",
    ".jsonld": "skos",
    ".html": "sunburst-html",
}

_WRITERS: Mapping[Format, Writer] = {
    "records": write_records,
    "json": write_nested,
    "csv": write_table,
    "graphml": write_graphml,
    "node-link": write_node_link,
    "skos": write_turtle,
    "sunburst-html": write_sunburst,
}

_SKOS: Mapping[str, Writer] = {".rdf": write_rdf_xml, ".jsonld": write_json_ld}
"""The syntaxes of SKOS beside Turtle, by what the file's name ends in."""


def form_of(target: Path) -> Format:
    """The format that a file name ends in; raises `InputError` where it is none of them."""
    form = _ENDINGS.get(target.suffix.lower())
    if form is None:
        raise InputError(
            f"{target} ends in {target.suffix or 'nothing'!r}; expected one of {', '.join(_ENDINGS)}, "
            f"or say which with --format: {', '.join(FORMATS)}"
        )
    return form


def write_tree(tree: Tree, path: Path, form: Format, ending: str) -> None:
    """Write `tree` in `form` to `path`, which may be a draft of the file whose name ends in `ending`."""
    write = _SKOS.get(ending.lower(), write_turtle) if form == "skos" else _WRITERS[form]
    write(tree, path)
