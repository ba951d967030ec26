"""`deeppersona refresh`: what edits of the tree leave no ground for, made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deeppersona_graph.cli import options
from deeppersona_graph.cli.interrupt import patient
from deeppersona_graph.cli.making import Spending, agreed
from deeppersona_graph.cli.output import ask, at_terminal, line, opened, out, print_json, say

if TYPE_CHECKING:
    from deeppersona_graph.llm.estimate import Forecast
    from deeppersona_graph.personas.renewal.refresh import Renewed
    from deeppersona_graph.renewing.refresh import Refresh

LISTED = 20
"""People and values listed; more are counted."""


def refresh(
    population: Annotated[str, typer.Argument(help="Name of the population.")],
    values: options.ValuesFrom = options.Values.auto,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    via: options.AskedVia = options.Via.online,
    budget: options.Budget = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show whom it concerns and what it takes; change nothing.")
    ] = False,
    yes: options.Yes = False,
    uri: options.Uri = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Make those values of a population again that edits of the taxonomy left no ground for."""
    where: dict[str, Any] = {"uri": uri, "data_dir": data_dir, "model": model, "base_url": base_url}
    with patient() as stopping, opened(**where) as api:
        run = api.refresh(population, values=values.value, via=via.value, budget=budget)
        forecast = run.forecast() if run.plan.people and run.model is not None else None
        if not json:
            _show_plan(run)
        if dry_run or not run.plan.people:
            if json:
                print_json({**_plan(run), "forecast": None if forecast is None else asdict(forecast)})
            elif forecast is not None:
                say(forecast.summary())
            if dry_run:
                say("nothing was changed")
            return
        _agree(run, forecast, yes)
        made = _made(run, stopping)
    if json:
        print_json({**_plan(run), **_outcome(run, made)})
    else:
        _show(run, made)
    if run.failed:
        raise typer.Exit(1)


def _agree(run: Refresh, forecast: Forecast | None, yes: bool) -> None:
    """Ask at a terminal; where there is none, only above a dollar, as `generate` does."""
    asked = at_terminal() and not yes
    if forecast is not None:
        agreed(forecast, forecast.summary(), Spending(False, yes or asked), json=False)
    if asked:
        deed = f"make {run.plan.count:,} values of {len(run.plan.people):,} people again"
        ask(deed, otherwise="nothing was changed")


def _made(run: Refresh, stopping: Callable[[], bool]) -> list[Renewed]:
    made = []
    for one in run:
        made.append(one)
        if stopping():
            break
    if stopping() and len(made) + len(run.failed) < len(run.plan.people):
        say("interrupted; who was finished stays so, and the same command goes on")
        raise KeyboardInterrupt
    return made


def _show_plan(run: Refresh) -> None:
    from rich.table import Table

    from deeppersona_graph.personas.renewal.examine import REASONS

    plan = run.plan
    for branch in run.lost_biases:
        say(f"the bias of {branch!r} is left out: no attribute is called so any more")
    for who, fault in plan.left[:LISTED]:
        say(f"given and left as it is, {who.name} ({who.id}): {fault}")
    if len(plan.left) > LISTED:
        say(f"… and {len(plan.left) - LISTED:,} more given values that do not stand any more")
    if not plan.people:
        say(f"all {plan.examined:,} people of {run.population} stand as they are; there is nothing to do")
        return
    say(
        f"{len(plan.people):,} of {plan.examined:,} people of {run.population}, {plan.count:,} values, "
        f"made again from {run.model or 'the bank'}"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("values", justify="right")
    table.add_column("because")
    for reason, why in REASONS.items():
        if plan.values[reason]:
            table.add_row(f"{plan.values[reason]:,}", why)
    out.print(table)


def _show(run: Refresh, made: list[Renewed]) -> None:
    told = sum(one.retold for one in made)
    differing = sum(one.differing for one in made)
    kept = sum(len(one.kept) for one in made)
    out.print(
        f"{differing:,} values of {sum(bool(one.differing) for one in made):,} people are others now, "
        f"{kept:,} came out as they were, {told:,} narratives were told again"
    )
    if run.model is not None:
        say(run.report.summary())
    for name, reason in run.failed[:LISTED]:
        say(f"{line(name)} stays as it was: {reason}")
    if run.parked:
        say(
            f"{run.parked} people wait for answers to batch files; give these to the provider, bring the "
            "answers back with `deeppersona batch import`, and run this again"
        )


def _plan(run: Refresh) -> dict[str, Any]:
    plan = run.plan
    return {
        "population": run.population,
        "model": run.model,
        "examined": plan.examined,
        "people": [one.id for one in plan.people],
        "values": dict(plan.values),
        "left": [{"persona": who.id, "value": fault} for who, fault in plan.left],
    }


def _outcome(run: Refresh, made: list[Renewed]) -> dict[str, Any]:
    return {
        "made": [
            {
                "persona": one.before.id,
                "new": len(one.new),
                "changed": len(one.changed),
                "as_before": len(one.kept),
                "narrative": one.retold,
            }
            for one in made
        ],
        "failed": [{"person": name, "reason": reason} for name, reason in run.failed],
        "waiting": run.parked,
        "run": run.run,
        "report": run.report.plain() if run.model else None,
    }
