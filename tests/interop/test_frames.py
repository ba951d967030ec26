"""Populations as pandas frames: what the personas hold, no more and no less, and numbers as numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.interop.frames import frame
from deeppersona_graph.model.persona import Persona, plain
from deeppersona_graph.model.tree import Tree, shown

pytestmark = pytest.mark.live

LINES = [
    json.dumps(record)
    for record in (
        {"path": ["Body", "Height"], "value_type": "number", "values": {"min": 140, "max": 210}},
        {"path": ["Body", "Sleep"], "value_type": "number", "values": {"min": 4.5, "max": 11, "unit": "h"}},
        {"path": ["Body", "Fears"], "value_type": "list", "values": ["dark", "dogs", "storms"]},
        *(
            {"path": ["Home", f"Room {n}"], "value_type": "ordinal", "values": ["small", "large"]}
            for n in range(6)
        ),
    )
]  # fmt: skip


@pytest.fixture
def people(api: DeepPersona, imported: Callable[[Sequence[str]], Tree], population: str) -> list[Persona]:
    """Six people with seven of nine attributes each, in order of index."""
    tree = imported(LINES)
    found = list(api.generate(6, population=population, taxonomy=tree.name, depth=7, seed=3))
    return sorted(found, key=lambda person: person.index)


def test_the_long_frame_has_a_row_for_every_pair(
    api: DeepPersona, people: list[Persona], population: str
) -> None:
    long = api.frame(population)
    expected = [
        (p.id, t.attribute, shown(t.path), plain(t.value), t.source, t.order, t.stratum, t.similarity)
        for p in people
        for t in (*p.core, *p.traits)
    ]
    columns = ["persona", "attribute", "path", "value", "source", "order", "stratum", "similarity"]
    found = [
        tuple(None if not isinstance(one, list) and pd.isna(one) else one for one in row)
        for row in long[columns].itertuples(index=False)
    ]
    assert found == expected
    assert (long["number"].dtype, str(long["order"].dtype)) == ("float64", "Int64")
    numbers = long.dropna(subset="number")
    assert set(numbers["path"]) >= {"Body > Height"}
    assert all(row.value == row.number for row in numbers.itertuples())


def test_the_wide_frame_has_a_column_for_every_attribute(
    api: DeepPersona, people: list[Persona], population: str
) -> None:
    wide = api.frame(population, form="wide")
    assert list(wide.index) == [person.id for person in people]
    for person in people:
        row = wide.loc[person.id]
        held = {shown(t.path): plain(t.value) for t in (*person.core, *person.traits)}
        assert {path: row[path] for path in held} == held
        assert all(pd.isna(row[path]) for path in set(wide.columns) - set(held))
    assert pd.api.types.is_numeric_dtype(wide["Body > Height"])
    assert set(wide.columns) == {shown(t.path) for p in people for t in (*p.core, *p.traits)}


def test_the_frame_of_people_has_a_row_each_with_the_core(
    api: DeepPersona, people: list[Persona], population: str
) -> None:
    table = api.frame(population, form="people")
    assert list(table.index) == [person.id for person in people]
    assert list(table["age"]) == [person.situation.age for person in people]
    assert list(table["values"]) == [person.inner.values for person in people]
    assert list(table["interests"]) == [list(person.inner.interests) for person in people]
    assert table["age"].dtype == "int64"
    assert table["age"].mean() == pytest.approx(sum(p.situation.age for p in people) / 6)


@pytest.mark.parametrize("form", ["people", "long", "wide"])
def test_a_frame_of_nobody_is_empty(form: str) -> None:
    assert len(frame([], form)) == 0  # type: ignore[arg-type]


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(InputError, match="no frame has the form 'tall'; expected one of people, long, wide"):
        frame([], "tall")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("library", "line"),
    [
        ("pandas", "from deeppersona_graph.interop.frames import frame; frame([])"),
        ("py2neo", "import deeppersona_graph.interop.ogm"),
    ],
)
def test_a_missing_extra_is_named(library: str, line: str) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from deeppersona_graph.errors import PrerequisiteError\n"
        f"try:\n    {line}\nexcept PrerequisiteError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"pip install 'deeppersona-graph[{library}]'" in done.stdout
