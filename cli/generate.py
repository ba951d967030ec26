"""`deeppersona generate`: new people."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli.interrupt import patient
from deeppersona_graph.cli.options import DataDir, Json, Taxonomy, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json, say
from deeppersona_graph.errors import ConflictError, InputError, InterruptedRunError
from deeppersona_graph.model.specification import BATCH_CHUNK, CHUNK
from deeppersona_graph.model.tree import normal

if TYPE_CHECKING:
    from deeppersona_graph.generation import Generation
    from deeppersona_graph.model.persona import Persona

CARDS = 3
"""Personas shown as whole cards; more are listed."""

LISTED = 20
"""Personas listed; more are counted."""


class Values(StrEnum):
    """Where values come from."""

    auto = "auto"
    bank = "bank"
    model = "model"


class Via(StrEnum):
    """How a language model is asked."""

    online = "online"
    batch = "batch"
    replay = "replay"


class Narrative(StrEnum):
    """What is told of a person."""

    none = "none"
    concise = "concise"
    rich = "rich"
    biography = "biography"


class Fill(StrEnum):
    """How a language model fills attributes."""

    progressive = "progressive"
    all_at_once = "all-at-once"


class Origin(StrEnum):
    """Who names the attributes."""

    tree = "tree"
    model = "model"


class Sampling(StrEnum):
    """How situations are drawn."""

    population = "population"
    uniform = "uniform"


def generate(
    count: Annotated[
        int, typer.Option("--count", "-n", help="How many people the population shall have.")
    ] = 1,
    depth: Annotated[
        int, typer.Option("--depth", help="Attributes of each person, core attributes aside.")
    ] = 200,
    country: Annotated[
        list[str] | None,
        typer.Option("--country", help="Country by name or code; may be given several times."),
    ] = None,
    age: Annotated[str | None, typer.Option("--age", help="An age, or a range such as 30:45.")] = None,
    gender: Annotated[
        list[str] | None,
        typer.Option("--gender", help="female, male or non-binary; may be given several times."),
    ] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="Attribute=value, for any attribute by name or path; several times."),
    ] = None,
    bio: Annotated[str | None, typer.Option("--bio", help="A short biography, kept to the letter.")] = None,
    bio_unread: Annotated[
        bool, typer.Option("--bio-unread", help="Accept that nothing reads the biography.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed gives the same people.")] = None,
    population: Annotated[str | None, typer.Option("--population", help="Name of the population.")] = None,
    values: Annotated[Values, typer.Option("--values", help="Where values come from.")] = Values.auto,
    sampling: Annotated[
        Sampling, typer.Option("--sampling", help="Situations after published figures, or flat.")
    ] = Sampling.population,
    strata: Annotated[
        str, typer.Option("--strata", help="Shares of near, middle and far attributes.")
    ] = "5:3:2",
    bias: Annotated[
        list[str] | None,
        typer.Option(
            "--bias", help="Branch=factor: more (2) or less (0.5) of a branch, 0 for none; several times."
        ),
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="How strongly rare attributes are favoured.")] = 0.5,
    beta: Annotated[
        float, typer.Option("--beta", help="How strongly attributes the population lacks are favoured.")
    ] = 0.0,
    model: Annotated[
        str | None, typer.Option("--model", help="Language model that infers values; none: nothing is spent.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Address of an endpoint that speaks the OpenAI protocol.")
    ] = None,
    via: Annotated[
        Via,
        typer.Option(
            "--via", help="Ask the model live, through batch files, or replay stored answers alone."
        ),
    ] = Via.online,
    chunk: Annotated[
        int | None,
        typer.Option(
            "--chunk",
            help="Attributes the model fills at a time; 1 as in the paper.  [default: 16, in batches 64]",
        ),
    ] = None,
    fill: Annotated[
        Fill,
        typer.Option("--fill", help="Fill attributes on the grounds of those before, or in one request."),
    ] = Fill.progressive,
    core: Annotated[
        bool, typer.Option("--core/--no-core", help="Infer a core profile first and tell the model of it.")
    ] = True,
    attributes: Annotated[
        Origin, typer.Option("--attributes", help="Attributes from the tree, or named by the model.")
    ] = Origin.tree,
    check: Annotated[
        bool, typer.Option("--check", help="Have finished records proofread for contradictions.")
    ] = False,
    narrative: Annotated[
        Narrative,
        typer.Option(
            "--narrative", help="A self-portrait of 150 to 400 words, a rich one, a life in chapters."
        ),
    ] = Narrative.concise,
    budget: Annotated[
        float | None, typer.Option("--budget", help="USD that the run may spend; it stops before more.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="Write the population to a .jsonl, .json, .csv or .parquet file."),
    ] = None,
    taxonomy: Taxonomy = None,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Generate people from the live taxonomy and keep them in the graph."""
    from deeppersona_graph.personas.anchors import age_range
    from deeppersona_graph.personas.export import check_target

    if file is not None:
        check_target(file)
    with patient() as stopping, opened(uri, data_dir, model=model, base_url=base_url) as api:
        run = api.generate(
            count,
            population=population,
            seed=seed,
            values=values.value,
            via=via.value,
            budget=budget,
            chunk=chunk or (BATCH_CHUNK if via is Via.batch else CHUNK),
            fill=fill.value,
            core=core,
            attributes=attributes.value,
            check=check,
            narrative=narrative.value,
            country=country or (),
            age=None if age is None else age_range(age),
            gender=gender or (),
            anchors=anchor or (),
            bio=bio,
            bias=_biases(bias or ()),
            depth=depth,
            strata=_strata(strata),
            alpha=alpha,
            beta=beta,
            sampling=sampling.value,
            biography_unread=bio_unread,
            taxonomy=taxonomy or api.settings.taxonomy,
        )
        _announce(run)
        with _naming_the_seed(run):
            made, shown = _made(run, stopping)
            if file is not None:
                written = api.export(run.population, file)
                say(f"{written} personas written to {file}")
            if not made and not json and run.count <= CARDS:
                shown = [api.persona(one) for one in run.ids]
        if json:
            print_json(_summary(run, made))
        else:
            _show(run, made, shown)
    _tell(run)
    if run.failed:
        raise typer.Exit(1)


def _announce(run: Generation) -> None:
    if run.outdated:
        say("the taxonomy changed since people of this population were made; they stay as they are")
    if run.sync.changed:
        say(run.sync.summary)
    say(
        f"population {run.population}, seed {run.seed}: values from {run.model or 'the bank'}"
        + (f", {len(run.ids)} of {run.count} people there already" if run.ids and run.missing else "")
    )


@contextmanager
def _naming_the_seed(run: Generation) -> Iterator[None]:
    """Without the seed, which may have been drawn, the same command would start with other people."""
    try:
        yield
    except (ConflictError, InterruptedRunError) as error:
        raise type(error)(f"{error} (with --seed {run.seed})") from error


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
        say(f"interrupted; what was finished is kept, and --seed {run.seed} goes on with it")
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
    elif not run.missing:
        say(f"the population {run.population} has its {run.count} people already; nothing was left to do")
        if not people:
            say(f"see them with: {every}; see one with: deeppersona show {run.ids[0]}")


def _tell(run: Generation) -> None:
    """What a language model took, who came to nothing, and who waits."""
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


def _summary(run: Generation, made: list[str]) -> dict[str, object]:
    return {
        "population": run.population,
        "seed": run.seed,
        "count": run.count,
        "made": made,
        "there_already": list(run.ids),
        "model": run.model,
        "failed": [{"person": name, "reason": reason} for name, reason in run.failed],
        "waiting": run.parked,
        "files": [str(file) for file in run.files],
        "report": run.report.plain() if run.model else None,
    }


def _strata(text: str) -> tuple[int, int, int]:
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise InputError(f"--strata is {text!r}; expected three whole numbers such as 5:3:2")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _biases(texts: Sequence[str]) -> dict[str, float]:
    factors: dict[str, float] = {}
    for branch, factor in map(_factor, texts):
        if normal(branch) in map(normal, factors):
            raise InputError(f"--bias is given twice for {branch!r}; give one factor for each branch")
        factors[branch] = factor
    return factors


def _factor(text: str) -> tuple[str, float]:
    branch, equals, factor = text.rpartition("=")
    try:
        return branch.strip(), float(factor if equals else "none")
    except ValueError:
        raise InputError(f'--bias is {text!r}; expected Branch=factor, such as "Learning=2"') from None
