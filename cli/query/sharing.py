"""`deeppersona query shared | having | nearest | compare`: who shares what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli.options import DataDir, Json, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import InputError
from deeppersona_graph.model.persona import shown_value
from deeppersona_graph.model.tree import short_path, shown

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from deeppersona_graph.insight.comparing import Comparison, Difference
    from deeppersona_graph.insight.groups import Groups
    from deeppersona_graph.insight.having import Having
    from deeppersona_graph.insight.nearest import Nearest
    from deeppersona_graph.insight.people import Person, SharedTrait
    from deeppersona_graph.insight.sharing import Shared

LONGEST = 60
"""Characters of a value in a table of several columns."""

MEANT = 10
"""Traits told of a meaning; more are counted."""

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at the most.")]


class By(StrEnum):
    """What nearness is measured by."""

    attributes = "attributes"
    embedding = "embedding"


def shared(
    persona: Annotated[
        list[str] | None, typer.Argument(help="Two people or more, by id, beginning of an id or full name.")
    ] = None,
    population: Annotated[
        str | None, typer.Option("--population", help="Find the groups of this population instead.")
    ] = None,
    min_traits: Annotated[
        int, typer.Option("--min", min=1, help="Traits that a group has in common, at the least.")
    ] = 5,
    min_people: Annotated[int, typer.Option("--people", min=2, help="People of a group, at the least.")] = 3,
    limit: Limit = 10,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show what people have in common, or which groups of a population share most; rare traits weigh more.

    A trait is a value of an attribute. It weighs -log2 of the share of people who have it, among all of the
    populations concerned: a trait of one in eight weighs 3 bits.
    """
    if bool(persona) == (population is not None):
        raise InputError("name two personas or more, or --population NAME for its groups, not both")
    with opened(uri, data_dir) as api:
        if population is None:
            found = api.shared(persona or ())
            print_json(_shared_json(found)) if json else _print_shared(found)
        else:
            groups = api.groups(population, min_traits, min_people, limit)
            print_json(_groups_json(groups)) if json else _print_groups(groups)


def having(
    expression: Annotated[
        list[str],
        typer.Argument(
            help="What must hold, such as 'Age > 40 and not (Faith = none or Disability)'; all of several."
        ),
    ],
    population: Annotated[str | None, typer.Option("--population", help="Only this population.")] = None,
    like: Annotated[
        float | None,
        typer.Option("--like", help='Cosine from which on a trait is near to ~"a text".  [default: 0.55]'),
    ] = None,
    limit: Limit = 50,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Find the people for whom an expression holds.

    An attribute alone stands for itself and all below it. Attribute = value (or !=); numbers and ordinals
    also < <= > >=. ~"plays an instrument" finds traits by meaning, Attribute ~ "…" those at or below one.
    Join with and, or, not and parentheses. Names and values that hold such words stand in quotes.
    """
    with opened(uri, data_dir) as api:
        wanted: dict[str, Any] = {} if like is None else {"like": like}
        found = api.having(expression, population=population, taxonomy=taxonomy, limit=limit, **wanted)
    print_json(asdict(found)) if json else _print_having(found)


def nearest(
    persona: Annotated[str, typer.Argument(help="Id, beginning of an id, or full name.")],
    by: Annotated[
        By, typer.Option("--by", help="Traits in common, rare ones weighing more, or likeness of profiles.")
    ] = By.attributes,
    population: Annotated[
        str | None, typer.Option("--population", help="Look in this population.  [default: the person's own]")
    ] = None,
    limit: Limit = 10,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Find the people nearest to somebody."""
    with opened(uri, data_dir) as api:
        found = api.nearest(persona, by=by.value, population=population, limit=limit)
    print_json(asdict(found)) if json else _print_nearest(found)


def compare(
    first: Annotated[str, typer.Argument(help="A population.")],
    second: Annotated[str, typer.Argument(help="Another.")],
    limit: Limit = 20,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Compare two populations: shares of attributes and values, means of numbers, and what differs for sure.

    The chi-square test, or Fisher's where few are expected; Welch's test for means; p values adjusted after
    Benjamini and Hochberg.
    """
    with opened(uri, data_dir) as api:
        found = api.compare(first, second)
    print_json(_comparison_json(found, limit)) if json else _print_comparison(found, limit)


def _shared_json(found: Shared) -> dict[str, Any]:
    names = [one.name for one in found.people]
    return {
        **asdict(found),
        "attributes": found.attributes,
        "weight": found.weight,
        "traits": [{**asdict(one), "explained": one.explained(names)} for one in found.traits],
    }


def _groups_json(found: Groups) -> dict[str, Any]:
    groups = [{**asdict(group), "weight": group.weight} for group in found.groups]
    return {**asdict(found), "groups": groups}


def _comparison_json(found: Comparison, limit: int) -> dict[str, Any]:
    differences = [
        {**asdict(one), "difference": one.difference, "significant": one.significant}
        for one in found.differences[:limit]
    ]
    return {
        "populations": found.populations,
        "sizes": found.sizes,
        "compared": len(found.differences),
        "significant": found.significant,
        "differences": differences,
    }


def _print_shared(found: Shared) -> None:
    names = [one.name for one in found.people]
    _tell(
        f"{_listed(names)} have {found.attributes} attributes and {len(found.traits)} values in common, "
        f"{found.weight:.1f} bits among {found.concerned:,} people"
    )
    for trait in found.traits:
        _tell(f"{trait.weight:6.2f}  {replace(trait, value=_cut(trait.value)).explained(names)}")
    if found.differing:
        _tell("of other attributes they have values of their own:")
    for one in found.differing:
        _tell(f"  {shown(one.path)}: {' | '.join(_cut(shown_value(value)) for value in one.values)}")


def _print_groups(found: Groups) -> None:
    if not found.groups:
        say(f"no group of {found.population} has so much in common; ask for less with --min or --people")
    for place, group in enumerate(found.groups, 1):
        _tell(f"{place}. {_listed([one.name for one in group.people])}: {group.weight:.1f} bits")
        for trait in group.traits:
            _tell(f"{trait.weight:9.2f}  {_trait(trait)} ({trait.people:,} of {found.concerned:,})")


def _print_having(found: Having) -> None:
    for meaning in found.meanings:
        count = f"{len(meaning.traits)} trait{'' if len(meaning.traits) == 1 else 's'}"
        say(f"~{meaning.text!r} stands for {count}" + (", the nearest:" if meaning.traits else ""))
        for near in meaning.traits[:MEANT]:
            value = "" if near.value is None else f" = {near.value}"
            say(f"  {near.similarity:.3f}  {shown(near.path)}{value}")
    if found.people:
        out.print(_people(found.people), soft_wrap=False)
    more = "" if len(found.people) == found.count else f", of whom {len(found.people):,} are shown"
    say(f"{found.count:,} people{more}")


def _print_nearest(found: Nearest) -> None:
    measures = [
        f"{one.similarity:.3f}"
        if one.similarity is not None
        else f"{one.weight:.1f} bits, {one.shared} values"
        for one in found.neighbours
    ]
    if found.neighbours:
        out.print(_people([one.person for one in found.neighbours], measures), soft_wrap=False)
    else:
        say(f"nobody else in {found.population} is to be compared with")


def _print_comparison(found: Comparison, limit: int) -> None:
    (first, second), (size, other) = found.populations, found.sizes
    table = _table("trait", first, second, "differ by", "p", "adjusted", wide="trait")
    for one in found.differences[:limit]:
        shares = (_share(one, one.first), _share(one, one.second), _share(one, one.difference, "+"))
        value = f" = {_cut(one.value)}" if one.value else " (mean)" if one.test == "Welch" else ""
        table.add_row(
            *map(_cell, (short_path(one.path) + value, *shares, f"{one.p:.2g}", f"{one.adjusted:.2g}"))
        )
    out.print(table, soft_wrap=False)
    say(
        f"{size:,} and {other:,} people; {found.significant:,} of {len(found.differences):,} differences are "
        "significant (adjusted p below 0.05)"
    )


def _share(one: Difference, value: float, sign: str = "") -> str:
    return f"{value:{sign}.3g}" if one.test == "Welch" else f"{value:{sign}.1%}"


def _people(people: Sequence[Person], measures: Sequence[str] = ()) -> Table:
    several = len({one.population for one in people}) > 1
    first, last = ["measure"] if measures else [], ["population"] if several else []
    table = _table(*first, "id", "name", "age", "sex", "place", "work", *last)
    for place, one in enumerate(people):
        row = (one.id, one.name, str(one.age), one.sex, f"{one.city}, {one.country}", one.occupation or "")
        told = (*measures[place : place + 1], *row, *([one.population] if several else []))
        table.add_row(*map(_cell, told))
    return table


def _table(*columns: str, wide: str | None = None) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(_cell(column), overflow="fold", no_wrap=column == "id" or wide not in (None, column))
    return table


def _cell(text: str) -> Text:
    from rich.text import Text

    return Text(line(text))


def _trait(trait: SharedTrait) -> str:
    return f"{shown(trait.path)} = {_cut(trait.value)}"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _tell(text: str) -> None:
    out.print(line(text), markup=False)
