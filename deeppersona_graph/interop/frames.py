"""Populations as pandas frames: a row a persona, a row an attribute-value pair, or a column an attribute.

Numbers stay numbers, and the members of a list a list. pandas is an extra: `deeppersona-graph[pandas]`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, get_args

from deeppersona_graph.errors import InputError, PrerequisiteError
from deeppersona_graph.model.persona import Persona, Trait, plain
from deeppersona_graph.model.tree import shown

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["people", "long", "wide"]
FORMS: tuple[Form, ...] = get_args(Form)

PEOPLE = ("population", "index", "depth", "taxonomy", "taxonomy_version")
"""Columns of a row a persona, before those of the situation and the inner core."""

LONG = (
    "persona", "name", "attribute", "path", "value", "number", "source", "order", "stratum", "similarity",
    "request",
)  # fmt: skip
"""Columns of a row a pair; `number` is the value where it is one, else missing."""


def frame(people: Iterable[Persona], form: Form = "long") -> pd.DataFrame:
    """The people as a frame: `people` (a row each, by id), `long` (a row each pair, core attributes first) or
    `wide` (a row each, by id, and a column for each attribute by path).

    Raises `PrerequisiteError` where pandas is missing, `InputError` for another form.
    """
    if form not in FORMS:
        raise InputError(f"no frame has the form {form!r}; expected one of {', '.join(FORMS)}")
    try:
        import pandas as pd
    except ImportError as error:
        raise PrerequisiteError(
            "frames need pandas; install it with: pip install 'deeppersona-graph[pandas]'"
        ) from error
    found = list(people)
    ids = pd.Index([one.id for one in found], name="persona", dtype="object")
    if form == "people":
        return _numeric(pd.DataFrame(list(map(_person, found)), index=ids))
    if form == "wide":
        return _numeric(pd.DataFrame(_wide(found), index=ids, dtype="object"))
    long = pd.DataFrame([row for one in found for row in _pairs(one)], columns=LONG, dtype="object")
    for column, kind in (("number", "float64"), ("order", "Int64"), ("similarity", "float64")):
        long[column] = pd.to_numeric(long[column]).astype(kind)
    return long


def _numeric(table: pd.DataFrame) -> pd.DataFrame:
    """The same with columns of nothing but numbers as such."""
    for column in table.columns:
        present = table[column].dropna()
        if len(present) and all(isinstance(one, int | float) for one in present):
            whole = len(present) == len(table) and all(isinstance(one, int) for one in present)
            table[column] = table[column].astype("int64" if whole else "float64")
    return table


def _person(person: Persona) -> dict[str, Any]:
    inner = {key: plain(value) for key, value in asdict(person.inner).items()}
    return {
        **{key: getattr(person, key) for key in PEOPLE},
        **asdict(person.situation),
        **inner,
        "narrative": person.narrative,
    }


def _pairs(person: Persona) -> Iterator[dict[str, Any]]:
    for trait in _traits(person):
        yield {
            "persona": person.id,
            "name": person.situation.name,
            "attribute": trait.attribute,
            "path": shown(trait.path),
            "value": plain(trait.value),
            "number": trait.value if isinstance(trait.value, int | float) else None,
            "source": trait.source,
            "order": trait.order,
            "stratum": trait.stratum,
            "similarity": trait.similarity,
            "request": trait.request,
        }


def _wide(people: Sequence[Persona]) -> dict[str, list[Any]]:
    """Columns by path, in order; attributes whose paths read alike have their ids added."""
    paths = {trait.attribute: trait.path for one in people for trait in _traits(one)}
    alike = Counter(shown(path) for path in paths.values())
    values: list[Mapping[str, Any]] = [{t.attribute: plain(t.value) for t in _traits(one)} for one in people]
    return {
        shown(path) if alike[shown(path)] == 1 else f"{shown(path)} [{identity}]": [
            of_one.get(identity) for of_one in values
        ]
        for identity, path in sorted(paths.items(), key=lambda one: (one[1], one[0]))
    }


def _traits(person: Persona) -> tuple[Trait, ...]:
    return (*person.core, *person.traits)
