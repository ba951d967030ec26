"""`deeppersona generate`: new people."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli import options
from deeppersona_graph.cli.making import Spending, from_model, make, whom
from deeppersona_graph.errors import InputError
from deeppersona_graph.model.tree import normal

if TYPE_CHECKING:
    from deeppersona_graph.api import DeepPersona
    from deeppersona_graph.generation import Generation


BESIDE_RESUME = {"resume", "base_url", "via", "budget", "dry_run", "yes", "file", "uri", "data_dir", "json"}
"""What may be said of a run that is resumed."""


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
    context: typer.Context,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            "-n",
            help="How many people the population shall have; with --bios, how many lines are read."
            "  [default: 1, or all]",
        ),
    ] = None,
    depth: options.Depth = 200,
    country: options.Country = None,
    age: options.Age = None,
    gender: options.Gender = None,
    anchor: options.Anchor = None,
    bio: Annotated[str | None, typer.Option("--bio", help="A short biography, kept to the letter.")] = None,
    bios: Annotated[
        Path | None,
        typer.Option("--bios", help="File of biographies, a person each; see `deeppersona enrich`."),
    ] = None,
    field: options.FieldName = None,
    bio_unread: options.BioUnread = False,
    seed: options.Seed = None,
    population: options.Population = None,
    values: options.ValuesFrom = options.Values.auto,
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
    cover: Annotated[
        bool,
        typer.Option("--cover", help="Prefer what the population, as it stands, lacks or has least of."),
    ] = False,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    via: options.AskedVia = options.Via.online,
    chunk: options.Chunk = None,
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
    check: options.Check = False,
    narrative: options.Told = options.Narrative.concise,
    budget: options.Budget = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run as it was asked for: last, the beginning of its id, or its population.",
        ),
    ] = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    file: options.Out = None,
    taxonomy: options.Taxonomy = None,
    uri: options.Uri = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Generate people from the live taxonomy and keep them in the graph."""
    if resume is not None:
        _check_alone(context)
        make(
            lambda api: api.resume(resume, via=via.value if _asked(context, "via") else None, budget=budget),
            file, Spending(dry_run, yes), json=json, uri=uri, data_dir=data_dir, base_url=base_url,
        )  # fmt: skip
        return
    if field is not None and bios is None:
        raise InputError("--field names a field of the file of --bios, and none is given")
    wanted = {
        **whom(country, age, gender, anchor, bio_unread),
        **from_model(values, via, chunk, narrative, check, budget),
        "fill": fill.value,
        "core": core,
        "attributes": attributes.value,
        "bio": bio,
        "bias": _biases(bias or ()),
        "depth": depth,
        "strata": _strata(strata),
        "alpha": alpha,
        "beta": beta,
        "cover": cover,
        "sampling": sampling.value,
    }

    def opened(api: DeepPersona) -> Generation:
        own = {**wanted, "taxonomy": taxonomy or api.settings.taxonomy}
        if bios is not None:
            return api.enrich(bios, field, limit=count, population=population, seed=seed, **own)
        return api.generate(1 if count is None else count, population=population, seed=seed, **own)

    make(
        opened,
        file,
        Spending(dry_run, yes),
        json=json,
        uri=uri,
        data_dir=data_dir,
        model=model,
        base_url=base_url,
    )


def _asked(context: typer.Context, name: str) -> bool:
    """Whether the option was given on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check_alone(context: typer.Context) -> None:
    """Raise `InputError` where something is asked for that the run to be resumed has decided."""
    given = [name for name in context.params if _asked(context, name) and name not in BESIDE_RESUME]
    if given:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"--resume goes on with a run as it was asked for; leave out {named}")


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
