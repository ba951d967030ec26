"""Options that many commands share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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


Uri = Annotated[
    str | None,
    typer.Option("--uri", help="Bolt address of a Neo4j server; without it the private server is used."),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the private server and the caches.")
]
Taxonomy = Annotated[str | None, typer.Option("--taxonomy", help="Name of the taxonomy.  [default: human]")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Estimate requests, tokens and money; ask and spend nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

Depth = Annotated[int, typer.Option("--depth", help="Attributes of each person, core attributes aside.")]
Country = Annotated[
    list[str] | None,
    typer.Option("--country", help="Country by name or code; may be given several times."),
]
Age = Annotated[str | None, typer.Option("--age", help="An age, or a range such as 30:45.")]
Gender = Annotated[
    list[str] | None,
    typer.Option("--gender", help="female, male or non-binary; may be given several times."),
]
Anchor = Annotated[
    list[str] | None,
    typer.Option("--anchor", help="Attribute=value, for any attribute by name or path; several times."),
]
FieldName = Annotated[
    str | None,
    typer.Option("--field", help="Field of a JSONL file that holds the biography; without it, it is found."),
]
BioUnread = Annotated[bool, typer.Option("--bio-unread", help="Accept that nothing reads the biography.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed gives the same people.")]
Population = Annotated[str | None, typer.Option("--population", help="Name of the population.")]
ValuesFrom = Annotated[Values, typer.Option("--values", help="Where values come from.")]
Model = Annotated[
    str | None, typer.Option("--model", help="Language model that infers values; none: nothing is spent.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="Address of an endpoint that speaks the OpenAI protocol.")
]
AskedVia = Annotated[
    Via,
    typer.Option("--via", help="Ask the model live, through batch files, or replay stored answers alone."),
]
Chunk = Annotated[
    int | None,
    typer.Option(
        "--chunk",
        help="Attributes the model fills at a time; 1 as in the paper.  [default: 16, in batches 64]",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Have finished records proofread for contradictions.")]
Told = Annotated[
    Narrative,
    typer.Option("--narrative", help="A self-portrait of 150 to 400 words, a rich one, a life in chapters."),
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", help="USD that may be spent from now on; the run stops before more."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write the population to a .jsonl, .json, .csv or .parquet file."),
]


@dataclass
class Flags:
    """What is said before the command; the context of a run carries it."""

    debug: bool = False
