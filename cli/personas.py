"""`deeppersona show | list | export | delete`: the people in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli.options import DataDir, Json, Uri, Yes
from deeppersona_graph.cli.output import ask, line, opened, out, print_json, say
from deeppersona_graph.errors import InputError

if TYPE_CHECKING:
    from deeppersona_graph.api import DeepPersona
    from deeppersona_graph.model.persona import Persona

NAMED = 5
"""People named in a question; more are counted."""


class Format(StrEnum):
    """Forms of a file of personas."""

    jsonl = "jsonl"
    json = "json"
    csv = "csv"
    parquet = "parquet"


def show(
    persona: Annotated[str, typer.Argument(help="Id, beginning of an id, or full name.")],
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show one person as a card."""
    from deeppersona_graph.cli.cards import card
    from deeppersona_graph.personas.records import record

    with opened(uri, data_dir) as api:
        found = api.persona(persona)
    if json:
        print_json(record(found))
    else:
        out.print(card(found), soft_wrap=False)


def list_(
    population: Annotated[str | None, typer.Option("--population", help="Only this population.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at the most.")] = 50,
    skip: Annotated[int, typer.Option("--skip", min=0, help="How many to pass over.")] = 0,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List populations, or the people of one."""
    from deeppersona_graph.cli.cards import brief_table, work

    with opened(uri, data_dir) as api:
        populations = [dict(row) for row in api.populations()] if population is None else []
        people = [dict(row) for row in api.list(population, limit, skip)]
    if json:
        print_json(people if population else {"populations": populations, "personas": people})
        return
    for row in populations:
        size = f"{row['size']} people, seed {row['seed']}"
        out.print(f"{line(row['name'])}  {size}", markup=False, emoji=False)
    if people:
        several = len({p["population"] for p in people}) > 1
        out.print(
            brief_table(
                ((p["id"], p["name"], str(p["age"]), p["sex"], f"{p['city']}, {p['country']}",
                  work(p["employment"], p["occupation"]), *([p["population"]] if several else []))
                 for p in people),
                populations=several,
            ),
            soft_wrap=False,
        )  # fmt: skip
    elif not populations:
        say("there are no personas yet; make some with: deeppersona generate --count 3")


def export(
    population: Annotated[str, typer.Argument(help="Name of the population.")],
    file: Annotated[Path, typer.Argument(help="File to write.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="Form of the file; without it, what its name ends in.")
    ] = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a population to a file: JSONL, JSON as in the paper's Figure 7, CSV or Parquet."""
    with opened(uri, data_dir) as api:
        count = api.export(population, file, form.value if form else None)
    if json:
        print_json({"population": population, "file": str(file), "personas": count})
    else:
        say(f"{count} personas written to {file}")


def delete(
    persona: Annotated[list[str] | None, typer.Argument(help="Ids or names of single people.")] = None,
    population: Annotated[str | None, typer.Option("--population", help="A whole population.")] = None,
    yes: Yes = False,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Delete people, or a whole population."""
    if bool(persona) == (population is not None):
        raise InputError("say whom to delete: ids or names, or --population NAME, not both")
    with opened(uri, data_dir) as api:
        if not yes:
            found = [api.persona(text) for text in persona or ()]
            ask(f"delete {_sized(api, population) if population is not None else _named(found)}")
            persona = [one.id for one in found]
        count = api.delete(population, persona or ())
    if json:
        print_json({"deleted": count})
    else:
        say(f"{count} personas deleted")


def _sized(api: DeepPersona, population: str) -> str:
    api.list(population, limit=1)  # tells the nearest names where there is none
    size = next(row["size"] for row in api.populations() if row["name"] == population)
    return f"the population {population} with its {size} people"


def _named(people: Sequence[Persona]) -> str:
    named = [f"{one.situation.name} ({one.id}, of {one.population})" for one in people[:NAMED]]
    return ", ".join(named) + (f" and {len(people) - NAMED} more" if len(people) > NAMED else "")
