"""`deeppersona query strata | coverage`: what was near and far of a persona, what a population leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli.options import DataDir, Json, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError
from deeppersona_graph.model.persona import shown_value
from deeppersona_graph.model.tree import shown

if TYPE_CHECKING:
    from rich.table import Table

    from deeppersona_graph.api.coverage import Strata
    from deeppersona_graph.insight.coverage import Counted, Covered, Spread
    from deeppersona_graph.insight.strata import Layer
    from deeppersona_graph.personas.passed_over import Candidates

FREQUENT = 3
"""Values of an attribute that an overview names."""


def strata(
    persona: Annotated[str, typer.Argument(help="Id, beginning of an id, or full name.")],
    limit: Annotated[
        int, typer.Option("--limit", min=0, max=100_000, help="Attributes shown of each stratum.")
    ] = 20,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what was near, middle and far of a person, and what was passed over, with the reason.

    Passed over is what arrived before the last attribute taken of its stratum and was not taken. It is told
    by a selection made again, by the tree as it stands now.
    """
    with opened(uri, data_dir) as api:
        found = api.strata(persona)
    print_json(found.plain()) if json else _print_strata(found, limit)


def coverage(
    population: Annotated[str, typer.Argument(help="Name of the population.")],
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Show all values of this attribute instead.")
    ] = None,
    branch: Annotated[
        str | None, typer.Option("--branch", help="Only this branch, by name or path, one level deeper.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", min=0, max=100_000, help="Attributes shown, of those used and never used."),
    ] = 20,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what a population covers: attributes never used, how values are spread, how unlike people are.

    Uniqueness is the mean share of a person's traits that another lacks, over all pairs of people; a trait is
    a value of an attribute outside the core. Entropy is Shannon's, in bits; 100% of it is the greatest that
    the value space allows.
    """
    if attribute is not None and branch is not None:
        raise InputError("--attribute and --branch are given; give one of them")
    with opened(uri, data_dir) as api:
        if attribute is not None:
            spread = api.distribution(population, attribute)
            print_json(asdict(spread)) if json else _print_spread(spread)
        else:
            found = api.coverage(population, branch=branch, limit=limit)
            print_json(asdict(found)) if json else _print_coverage(found, limit)


def _print_strata(found: Strata, limit: int) -> None:
    one = found.persona
    out.print(f"{line(one.situation.name)} ({one.id}), {len(one.traits)} attributes", markup=False)
    for layer in found.layers:
        _print_layer(layer, found.candidates, limit)
    if found.candidates is not None:
        _print_passed_over(found.candidates, limit)
    if found.retired:
        names = "; ".join(shown(trait.path) for trait in found.retired)
        out.print(f"retired since: {line(names)}", markup=False)
    for note in found.notes:
        say(note)


def _print_layer(layer: Layer, candidates: Candidates | None, limit: int) -> None:
    among = ""
    if candidates is not None and layer.stratum is not None:
        among = f" of {candidates.by_stratum[layer.stratum]:,}"
    between = "" if layer.lowest is None else f", similarity {layer.lowest:.3f} to {layer.highest:.3f}"
    out.print(f"\n{layer.stratum or 'in no stratum'}: {len(layer.traits)}{among}{between}", markup=False)
    table = _table(("order", "similarity", "attribute", "value"), right=2)
    for trait in layer.traits[:limit]:
        similarity = "" if trait.similarity is None else f"{trait.similarity:.3f}"
        _row(table, (str(trait.order), similarity, shown(trait.path), shown_value(trait.value)))
    _print_table(table)
    _print_more(len(layer.traits), limit)


def _print_passed_over(found: Candidates, limit: int) -> None:
    left = ", ".join(f"{bar} {count:,}" for bar, count in found.barred.items())
    out.print(f"\npassed over: {len(found.passed_over)} of {found.count:,} candidates", markup=False)
    table = _table(("stratum", "similarity", "attribute", "because"))
    for one in found.passed_over[:limit]:
        _row(table, (one.stratum, f"{one.similarity:.3f}", shown(one.path), one.because))
    _print_table(table)
    _print_more(len(found.passed_over), limit)
    if left:
        out.print(f"no candidates: {left}", markup=False)


def _print_coverage(found: Covered, limit: int) -> None:
    within = f" of {line(shown(found.branch))}" if found.branch else ""
    out.print(
        f"{line(found.population)}: {found.people:,} people, {found.pairs:,} attribute-value pairs, taxonomy "
        f"{line(found.taxonomy)}, version {found.taxonomy_version}",
        markup=False,
    )
    never = found.selectable - found.used
    used = f"{found.used / found.selectable:.1%}" if found.selectable else "none"
    out.print(
        f"{found.used:,} of {found.selectable:,} selectable attributes{within} are used ({used}), "
        f"{never:,} never",
        markup=False,
    )
    if found.beyond:
        out.print(f"{found.beyond:,} more are used that nobody could be given now", markup=False)
    if found.entropy is not None:
        even = "" if found.normalised is None else f", {found.normalised:.1%} of what value spaces allow"
        out.print(f"mean entropy of values: {found.entropy:.2f} bits{even}", markup=False)
    if found.uniqueness is not None and found.distance is not None:
        drawn = f"{found.compared:,} drawn of them" if found.compared < found.people else "all pairs"
        out.print(
            f"uniqueness: {found.uniqueness:.2%} of a person's traits another lacks; Jaccard distance "
            f"{found.distance:.4f} ({drawn})",
            markup=False,
        )
    _print_branches(found)
    _print_spreads(found)
    if found.never:
        out.print(f"\nnever used: {never:,}", markup=False)
        for path in found.never[:limit]:
            out.print(f"  {line(shown(path))}", markup=False)
        _print_more(len(found.never), limit, every="--json has all")


def _print_branches(found: Covered) -> None:
    table = _table(("branch", "used", "selectable", "share"), right=3, after=1)
    for one in found.branches:
        below = shown(one.path[len(found.branch) :]) or shown(one.path)
        _row(table, (below, f"{one.used:,}", f"{one.selectable:,}", f"{one.share:.1%}"))
    _print_table(table)


def _print_spreads(found: Covered) -> None:
    table = _table(("attribute", "people", "values", "entropy", "even", "most frequent"), right=4, after=1)
    for one in found.spreads:
        space = f"{one.distinct}" + ("" if one.space is None else f" of {one.space:,}")
        frequent = ", ".join(f"{value.value} {value.share:.0%}" for value in one.values[:FREQUENT])
        _row(table, (shown(one.path), f"{one.people:,}", space, f"{one.entropy:.2f}", _even(one), frequent))
    _print_table(table)


def _print_spread(found: Spread) -> None:
    space = "" if found.space is None else f" of {found.space:,}"
    even = "" if found.normalised is None else f", {found.normalised:.1%} of what the value space allows"
    out.print(line(shown(found.path)), markup=False)
    out.print(f"  {found.people:,} people ({found.share:.1%} of all), {found.distinct:,}{space} values")
    out.print(f"  entropy {found.entropy:.2f} bits{even}")
    table = _table(("value", "people", "share", "base rate"), right=3, after=1)
    for one in found.values:
        _row(table, (one.value, f"{one.people:,}", f"{one.share:.1%}", _expected(one)))
    _print_table(table)


def _expected(one: Counted) -> str:
    return "" if one.expected is None else f"{one.expected:g}%"


def _even(one: Spread) -> str:
    return "" if one.normalised is None else f"{one.normalised:.0%}"


def _print_more(there: int, limit: int, every: str = "--limit shows more") -> None:
    if there > limit:
        out.print(f"… and {there - limit:,} more ({every})", markup=False)


def _table(columns: Sequence[str], right: int = 0, after: int = 0) -> Table:
    """A table in which so many columns after the first few stand to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(
            column, justify="right" if after <= place < after + right else "left", overflow="fold"
        )
    return table


def _row(table: Table, texts: Iterable[str]) -> None:
    from rich.text import Text

    table.add_row(*(Text(line(text)) for text in texts))


def _print_table(table: Table) -> None:
    if table.row_count:
        out.print(table, soft_wrap=False)
