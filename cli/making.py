"""What the commands that make people have in common: what is asked for, and how it is told."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deeppersona_graph.cli.interrupt import patient
from deeppersona_graph.cli.options import Narrative, Values, Via
from deeppersona_graph.cli.output import ask, line, opened, out, print_json, say
from deeppersona_graph.errors import ConflictError, InterruptedRunError, ModelAccessError, ModelError

if TYPE_CHECKING:
    from deeppersona_graph.api import DeepPersona
    from deeppersona_graph.generation import Generation
    from deeppersona_graph.llm.estimate import Forecast
    from deeppersona_graph.mining import MiningForecast
    from deeppersona_graph.model.persona import Persona

ASKED_ABOVE = 1.0
"""USD that a run may be expected to cost before it is asked about."""

CARDS = 3
"""Personas shown as whole cards; more are listed."""

LISTED = 20
"""Personas listed; more are counted."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Whether a run is only estimated, and whether what it costs was agreed to."""

    dry: bool
    agreed: bool


def whom(
    country: list[str] | None,
    age: str | None,
    gender: list[str] | None,
    anchor: list[str] | None,
    bio_unread: bool,
) -> dict[str, Any]:
    """What is given about all people, as `DeepPersona.generate` takes it."""
    from deeppersona_graph.personas.anchors import age_range

    return {
        "country": country or (),
        "age": None if age is None else age_range(age),
        "gender": gender or (),
        "anchors": anchor or (),
        "biography_unread": bio_unread,
    }


def from_model(
    values: Values, via: Via, chunk: int | None, narrative: Narrative, check: bool, budget: float | None
) -> dict[str, Any]:
    """What a language model is to do, as `DeepPersona.generate` takes it."""
    return {
        "values": values.value,
        "via": via.value,
        "chunk": chunk,
        "narrative": narrative.value,
        "check": check,
        "budget": budget,
    }


def make(
    opening: Callable[[DeepPersona], Generation],
    file: Path | None,
    spending: Spending,
    *,
    json: bool,
    **where: Any,
) -> None:
    """Open a run, make its people, show them, and write the population to `file`; `where` is as `opened`
    takes it.

    Ends the command with code 1 where somebody came to nothing, or a line of the biographies is of no use.
    """
    from deeppersona_graph.personas.export import check_target

    if file is not None:
        check_target(file)
    with patient() as stopping, opened(**where) as api:
        run = opening(api)
        _announce(run)
        if not _agreed(run, spending, json):
            return
        with _naming_the_seed(run), _told_however_it_ends(run):
            made, shown = _made(run, stopping)
            if file is not None:
                written = api.export(run.population, file)
                say(f"{written} personas written to {file}")
            if not made and not json and len(run.ids) <= CARDS:
                shown = [api.persona(one) for one in run.ids]
        if json:
            print_json(_summary(run, made))
        else:
            _show(run, made, shown)
    _tell(run)
    if run.failed or run.malformed.count:
        raise typer.Exit(1)


def _agreed(run: Generation, spending: Spending, json: bool) -> bool:
    """Whether the run is to go on: what it will cost is told where that is known, and asked about above a
    dollar."""
    if not spending.dry and (not run.priced or run.via == "replay" or not run.missing):
        return True
    forecast = run.forecast()
    told = forecast.summary() + (", what was answered before being free" if run.resumed else "")
    return agreed(forecast, told, replace(spending, agreed=spending.agreed or run.resumed), json)


def agreed(forecast: Forecast | MiningForecast, told: str | None, spending: Spending, json: bool) -> bool:
    """Whether a run goes on that will take what is forecast: a dry one does not, and one above a dollar is
    asked about."""
    if json and spending.dry:
        print_json(asdict(forecast))
    elif told is not None:
        say(told)
    if spending.dry:
        say("nothing was asked and nothing spent")
        return False
    if (forecast.cost or 0.0) > ASKED_ABOVE and not spending.agreed:
        ask(f"spend about {forecast.cost:.2f} USD", otherwise="nothing was spent")
    return True


def _announce(run: Generation) -> None:
    if run.outdated:
        say("the taxonomy changed since people of this population were made; they stay as they are")
    if run.sync.changed:
        say(run.sync.summary)
    say(
        f"population {run.population}, seed {run.seed}: values from {run.model or 'the bank'}"
        + (f", {run.there} of {run.count} {_counted(run)} there already" if run.there and run.missing else "")
    )


def _counted(run: Generation) -> str:
    return "lines" if run.own_biographies else "people"


@contextmanager
def _naming_the_seed(run: Generation) -> Iterator[None]:
    """Without the seed, which may have been drawn, the same command would start with other people."""
    try:
        yield
    except (ConflictError, InterruptedRunError) as error:
        raise type(error)(f"{error} (with --seed {run.seed})") from error


@contextmanager
def _told_however_it_ends(run: Generation) -> Iterator[None]:
    """A run that a budget, a refused key or a dead endpoint ends tells what it took before it ends."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted; what was finished is kept, and --seed {run.seed} goes on with it")
        _tell(run)
        raise
    except (ModelError, ModelAccessError, ConflictError):
        _tell(run)
        raise


def _made(run: Generation, stopping: Callable[[], bool]) -> tuple[list[str], list[Persona]]:
    """The ids of those made, and the first of them, who are shown."""
    ids: list[str] = []
    people: list[Persona] = []
    for persona in run:
        ids.append(persona.id)
        if len(people) < LISTED:
            people.append(persona)
        if stopping():
            break
    if stopping() and len(ids) < run.missing:
        raise KeyboardInterrupt
    return ids, people


def _show(run: Generation, made: Sequence[str], people: Sequence[Persona]) -> None:
    from deeppersona_graph.cli.cards import card, roster

    every = f"deeppersona list --population {shlex.quote(run.population)}"
    if len(people) <= CARDS:
        for persona in people:
            out.print(card(persona), soft_wrap=False)
    else:
        out.print(roster(people), soft_wrap=False)
        if len(made) > len(people):
            more = f"… and {len(made) - len(people)} more: {every}"
            out.print(line(more), markup=False, emoji=False)
    if made:
        say(f"{len(made)} personas in the graph; see one again with: deeppersona show {made[0]}")
    elif run.own_biographies and not run.failed and not run.parked:
        say(f"the population {run.population} has {run.there} people of the file; nothing was left to do")
        say(f"see them with: {every}")
    elif not run.missing:
        say(f"the population {run.population} has its {run.count} people already; nothing was left to do")
        if not people:
            say(f"see them with: {every}; see one with: deeppersona show {run.ids[0]}")


def _tell(run: Generation) -> None:
    """What a language model took, who came to nothing, who waits, and which lines were of no use."""
    if run.model is not None:
        say(run.report.summary())
    for name, reason in run.failed[:LISTED]:
        say(f"{name} came to nothing: {reason}")
    if run.failed:
        more = f", {len(run.failed) - LISTED} more than are named here" if len(run.failed) > LISTED else ""
        say(f"{len(run.failed)} people came to nothing{more}; --seed {run.seed} tries them again")
    if run.parked:
        files = (
            ", ".join(str(file) for file in run.files) or "files written before (deeppersona batch status)"
        )
        say(
            f"{run.parked} people wait for answers to the requests in {files}; give these to the provider, "
            f"bring the answers back with `deeppersona batch import`, and run this again, --seed {run.seed}"
        )
    for number, reason in run.malformed.first:
        say(f"line {number} {reason}")
    if run.malformed.count:
        say(
            f"{run.malformed.count} lines were of no use; mend them where they stand and run this again, "
            f"--seed {run.seed}, or go on without them"
        )


def _summary(run: Generation, made: list[str]) -> dict[str, object]:
    return {
        "population": run.population,
        "seed": run.seed,
        "count": run.count,
        "made": made,
        **(_of_file(run) if run.own_biographies else {"there_already": list(run.ids)}),
        "model": run.model,
        "failed": [{"person": name, "reason": reason} for name, reason in run.failed],
        "waiting": run.parked,
        "files": [str(file) for file in run.files],
        "report": run.report.plain() if run.model else None,
    }


def _of_file(run: Generation) -> dict[str, object]:
    first = [{"line": number, "reason": reason} for number, reason in run.malformed.first]
    return {"there": run.there, "malformed": {"count": run.malformed.count, "first": first}}
