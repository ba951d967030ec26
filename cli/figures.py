"""The figures of a taxonomy, as a terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deeppersona_graph.cli.output import line, out

if TYPE_CHECKING:
    from rich.table import Table

    from deeppersona_graph.taxonomy.figures import Figures


def show_figures(found: Figures) -> None:
    """Print the figures, and a table of the roots."""
    out.print(f"taxonomy {line(found.name)}, version {found.version}", markup=False)
    out.print(
        f"{found.nodes:,} nodes, {found.leaves:,} leaves, {found.core} of the core, {found.retired} retired"
    )
    out.print(
        f"{found.values:,} values, {found.requirements:,} required values, {found.exclusions:,} exclusions"
    )
    out.print(
        f"{found.exchanges:,} exchanges evidence {found.evidenced:,} nodes; "
        f"{found.proposed:,} proposed without evidence"
    )
    out.print("by depth: " + ", ".join(f"{depth}: {count:,}" for depth, count in found.by_depth.items()))
    out.print("by type: " + ", ".join(f"{kind} {count:,}" for kind, count in found.by_type.items()))
    for name, figure, meaning in (
        ("balance of nodes", found.balance, "1 is even over the roots"),
        ("balance of evidence", found.evidence_balance, "1 is even over the roots"),
        ("Gini of evidence", found.support_gini, "0 is even over the nodes, near 1 a long tail"),
        ("Gini among leaves", found.leaf_support_gini, "the same over leaves alone"),
    ):
        if figure is not None:
            out.print(f"{name}: {figure:.3f} ({meaning})")
    out.print(_domains(found), soft_wrap=False)


def _domains(found: Figures) -> Table:
    """The roots with their nodes and, where there is any, their evidence."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("root", overflow="fold")
    table.add_column("nodes", justify="right")
    if found.exchanges:
        table.add_column("exchanges", justify="right")
    for root, one in found.by_root.items():
        table.add_row(Text(line(root)), f"{one.nodes:,}", *([f"{one.support:,}"] if found.exchanges else []))
    return table
