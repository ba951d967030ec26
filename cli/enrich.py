"""`deeppersona enrich`: a person of each biography in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deeppersona_graph.cli import options
from deeppersona_graph.cli.making import Spending, from_model, make, whom


def enrich(
    file: Annotated[Path, typer.Argument(help="Biographies, one a line: JSON objects (JSONL) or text.")],
    field: options.FieldName = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Read this many lines.  [default: all]")
    ] = None,
    depth: options.Depth = 200,
    country: options.Country = None,
    age: options.Age = None,
    gender: options.Gender = None,
    anchor: options.Anchor = None,
    bio_unread: options.BioUnread = False,
    seed: options.Seed = None,
    population: options.Population = None,
    values: options.ValuesFrom = options.Values.auto,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    via: options.AskedVia = options.Via.online,
    chunk: options.Chunk = None,
    check: options.Check = False,
    narrative: options.Told = options.Narrative.concise,
    budget: options.Budget = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    out: options.Out = None,
    taxonomy: options.Taxonomy = None,
    uri: options.Uri = None,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Make deep personas of the biographies in a file; run again, it goes on where it stopped."""
    wanted = {
        **whom(country, age, gender, anchor, bio_unread),
        **from_model(values, via, chunk, narrative, check, budget),
        "depth": depth,
        "population": population,
        "seed": seed,
    }
    make(
        lambda api: api.enrich(
            file, field, limit=limit, taxonomy=taxonomy or api.settings.taxonomy, **wanted
        ),
        out, Spending(dry_run, yes), json=json, uri=uri, data_dir=data_dir, model=model, base_url=base_url,
    )  # fmt: skip
