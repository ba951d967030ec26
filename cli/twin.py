"""`deeppersona twin`: the same person with something otherwise."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli import options
from deeppersona_graph.cli.making import Spending, agreed
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.model.persona import plain, shown_value

if TYPE_CHECKING:
    from deeppersona_graph.personas.renewal.twin import Difference, Twin
    from deeppersona_graph.renewing.twin import TwinRun


def twin(
    persona: Annotated[str, typer.Argument(help="Id, beginning of an id, or full name.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Attribute=value, what is otherwise; several times."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="An attribute that stays although it may follow; several times."),
    ] = None,
    population: Annotated[
        str | None,
        typer.Option("--population", help="Where the twin goes.  [default: the person's, with (twins)]"),
    ] = None,
    values: options.ValuesFrom = options.Values.auto,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    via: options.AskedVia = options.Via.online,
    budget: options.Budget = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the difference, or what a model would take; make nobody."),
    ] = False,
    yes: options.Yes = False,
    uri: options.Uri = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Make somebody's counterfactual twin, with what follows from the change, and list the difference."""
    where: dict[str, Any] = {"uri": uri, "data_dir": data_dir, "model": model, "base_url": base_url}
    with opened(**where) as api:
        run = api.twin(
            persona, set_ or (), keep=keep or (), population=population, values=values.value, via=via.value,
            budget=budget,
        )  # fmt: skip
        if run.model is not None and (dry_run or (run.priced and via is not options.Via.replay)):
            forecast = run.forecast()
            if not agreed(forecast, forecast.summary(), Spending(dry_run, yes), json):
                return
        made = run.make(store=not dry_run)
    if made is None:
        files = ", ".join(map(str, run.files)) or "batch files"
        say(
            f"the twin waits for answers to the requests in {files}; give these to the provider, bring the "
            "answers back with `deeppersona batch import`, and run this again"
        )
    elif json:
        print_json(_summary(run, made, dry_run))
    else:
        _show(run, made, dry_run)


def _show(run: TwinRun, made: Twin, dry_run: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("attribute", run.of.situation.name, "twin", "why"):
        table.add_column(line(column), overflow="fold")
    for one in made.differences:
        table.add_row(*(line(text) for text in _told(one)))
    out.print(table, soft_wrap=False, markup=False)
    if run.model is not None:
        say(run.report.summary())
    if dry_run:
        say("nobody was made")
    else:
        twin = made.case.persona
        say(f"{twin.situation.name} is in {twin.population}; see the twin with: deeppersona show {twin.id}")


def _told(one: Difference) -> tuple[str, str, str, str]:
    before = "–" if one.before is None else shown_value(one.before)
    after = "–" if one.after is None else shown_value(one.after)
    return one.attribute, before, after, one.why


def _summary(run: TwinRun, made: Twin, dry_run: bool) -> dict[str, Any]:
    return {
        "twin_of": run.of.id,
        "id": made.case.persona.id,
        "population": run.population,
        "stored": not dry_run,
        "differences": [
            {key: plain(value) for key, value in asdict(one).items()} for one in made.differences
        ],
        "report": run.report.plain() if run.model else None,
    }
