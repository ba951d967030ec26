"""A tree as CSV, a row an attribute, for spreadsheets and data frames.

Names stand whole in the columns root, level_2, level_3 and so on, beside the path as people read it. Values
and aliases are joined with "|"; within one, "|" is written "\\|" and a backslash twice. A text that a
spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"); numbers do not.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from deeppersona_graph.model.tree import Attribute, Tree, shown

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_AFTER = (
    "depth", "description", "value_type", "values", "minimum", "maximum", "unit", "support", "proposed",
    "retired", "aliases",
)  # fmt: skip


def write_table(tree: Tree, path: Path) -> None:
    """Write the rows to a file in UTF-8, parents before children."""
    deepest = max(len(attribute.path) for attribute in tree.attributes)
    levels = ["root", *(f"level_{level}" for level in range(2, deepest + 1))]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["id", "path", *levels, *_AFTER])
        writer.writeheader()
        for attribute in tree.attributes:
            names = dict(zip(levels, attribute.path, strict=False))
            writer.writerow({**{level: _text(name) for level, name in names.items()}, **_cells(attribute)})


def _cells(attribute: Attribute) -> Mapping[str, str | int | float | None]:
    return {
        "id": _text(attribute.id),
        "path": _text(shown(attribute.path)),
        "depth": len(attribute.path),
        "description": _text(attribute.description),
        "value_type": attribute.value_type,
        "values": _text(_joined(value.text for value in attribute.values)),
        "minimum": attribute.minimum,
        "maximum": attribute.maximum,
        "unit": _text(attribute.unit or ""),
        "support": attribute.support,
        "proposed": _truth(attribute.proposed),
        "retired": _truth(attribute.retired),
        "aliases": _text(_joined(attribute.aliases)),
    }


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _joined(texts: Iterable[str]) -> str:
    return "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def _truth(truth: bool) -> str:
    return "true" if truth else "false"
