"""The tables: complete, each assumption with its reason, values as the taxonomy has them."""

from __future__ import annotations

from importlib.resources import files

import pytest

from deeppersona_graph.data.demographics.derive import faith_shares
from deeppersona_graph.data.demographics.derive_occupations import readable, singular
from deeppersona_graph.personas.situation import countries, occupations, recognise
from deeppersona_graph.personas.situation.tables import read

ASSUMPTIONS = sorted(
    entry.name
    for entry in files("deeppersona_graph.data.demographics").joinpath("assumptions").iterdir()
    if entry.name.endswith(".csv")
)


@pytest.mark.parametrize("name", ASSUMPTIONS)
def test_every_assumption_has_a_reason(name: str) -> None:
    rows = read(f"assumptions/{name}")
    assert rows
    assert all(row["reason"] for row in rows)


@pytest.mark.parametrize("name", ["population.csv", "schooling.csv", "faith.csv"])
def test_every_country_has_figures(name: str) -> None:
    assert {row["code"] for row in read(name)} == set(countries())


def test_every_country_has_names() -> None:
    assert {code for row in read("name_sources.csv") for code in row["codes"].split()} == set(countries())


def test_shares_add_up() -> None:
    for name in ("schooling.csv", "faith.csv"):
        for row in read(name):
            shares = [float(value) for key, value in row.items() if key not in ("code", "from_age")]
            assert sum(shares) == pytest.approx(100, abs=1), row


def test_faith_shares_of_a_factbook_line() -> None:
    line = (
        "Christian 53.3% (Catholic 29.9%, other 23.4%), Muslim 4.9%, Sikh 2.1%, Jewish <1%, none 34.6% (2021)"
    )
    shares = faith_shares(line)
    assert shares is not None
    none, christian, muslim, _, _, jewish, other = shares
    assert christian > none > muslim > other > jewish > 0
    assert sum(shares) == pytest.approx(100)
    assert faith_shares("Sunni Muslim (official)") is None


def test_titles_read_as_people_say_them() -> None:
    assert readable("Driver, bus") == "bus driver"
    assert readable("Programmer, computer: internet") == "internet computer programmer"
    assert singular("Actuaries") == "actuary"
    assert singular("Claims adjusters, appraisers, examiners, and investigators") is None
    assert len(occupations()) > 800
    assert not any("," in title or "(" in title for title in occupations())


def test_a_title_is_recognised_by_its_end() -> None:
    for text, code in (("Nurse", "2221"), ("school bus driver", "8331"), ("history teacher", "2330")):
        found = recognise(text)
        assert found is not None
        assert found.code == code
    assert recognise("dragon tamer") is None
