"""`deeppersona why`: the chain from a persona's value back to where it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from deeppersona_graph.cli.options import DataDir, Json, Uri
from deeppersona_graph.cli.output import line, opened, out, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deeppersona_graph.api.provenance import Why


def why(
    persona: Annotated[str, typer.Argument(help="Id, beginning of an id, or full name.")],
    attribute: Annotated[str, typer.Argument(help="An attribute, by name or path.")],
    evidence: Annotated[
        int, typer.Option("--evidence", min=0, max=10_000, help="Exchanges to show behind the attribute.")
    ] = 5,
    uri: Uri = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show why a person has a value: who gave or drew it, in which run, from which answer, on which evidence.

    Where the person lacks the attribute, it is said how near it was and what there is instead.
    """
    with opened(uri, data_dir) as api:
        found = api.why(persona, attribute, evidence=evidence)
    if json:
        print_json(found.plain())
        return
    for text in _lines(found):
        out.print(line(text), markup=False)


def _lines(found: Why) -> Iterator[str]:
    from deeppersona_graph.model.persona import shown_value
    from deeppersona_graph.model.seeds import persona_seed
    from deeppersona_graph.model.tree import shown

    person, pair = found.persona, found.pair
    unit = f" {found.attribute.unit}" if found.attribute.unit else ""
    yield f"{shown(found.attribute.path)} = {shown_value(pair.value)}{unit}"
    yield f"  {found.words}"
    if found.share is not None:
        yield f"  base rate: {found.share:g} % of those to whom it applies"
    for other in found.superseded:
        yield f"  beside it, superseded: {shown_value(other.value)} (from {other.was}, place {other.order})"
    yield (
        f"persona: {person.situation.name} ({person.id}), number {person.index} of {person.population}, "
        f"seed {person.seed}, own seed {persona_seed(person.seed, person.index)}"
    )
    if pair.run is not None:
        run = pair.run
        by = f", {run.model} via {run.via}" if run.model else ", without a language model"
        yield f"run: {run.id} ({run.kind}, {run.state}), started {run.started}{by}"
    yield f"taxonomy: {person.taxonomy}, version {pair.version} then, {found.taxonomy_version} now"
    yield from _selection(found)
    yield from _answer(found)
    yield from _evidence(found)
    for edit in found.edits:
        when = f"{edit.time}, taken back" if edit.undone else edit.time
        yield f"since then: version {edit.version}, {edit.operation}: {edit.summary} ({when})"
    for name, note in found.notes.items():
        yield f"{name}: {note}"


def _selection(found: Why) -> Iterator[str]:
    pair, place = found.pair, found.place
    if pair.order is None:
        yield "selection: none; every persona has the core attributes"
        return
    similarity = "" if pair.similarity is None else f", similarity {pair.similarity:.4f}"
    yield f"selection: place {pair.order}, {pair.stratum or 'no stratum'}{similarity}"
    if place is not None:
        yield (
            f"  arrival {place.arrival:.4f}, number {place.rank:,} of {place.among:,} {place.stratum} "
            "attributes to arrive"
        )


def _answer(found: Why) -> Iterator[str]:
    from json import dumps

    if found.answer is None:
        return
    one = found.answer
    when = datetime.fromtimestamp(one.time, UTC).isoformat(timespec="seconds")
    yield f"answer: {one.prompt} version {one.version}, {one.model or one.asked} ({one.source}), {when}"
    yield f"  request {one.request}"
    yield f"  {one.text if one.part is None else dumps(one.part, ensure_ascii=False)}"


def _evidence(found: Why) -> Iterator[str]:
    from deeppersona_graph.model.tree import shown

    support = found.attribute.support
    if not support:
        yield "evidence: no dialogue stands behind the attribute"
        return
    yield f"evidence: {support:,} exchanges at or below the attribute, {found.behind.exchanges:,} of its own"
    for one in found.behind.evidence:
        yield f"  {shown(one.path)} = {one.value} ({one.source})"
        if one.question:
            yield f"    Q {one.question}"
        yield f"    A {one.answer}"
