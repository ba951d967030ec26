"""Two populations compared: the figures of the people themselves, and the numbers of scipy."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from insight_crowd import FIRST, SECOND, Crowd, traits, values
from scipy import stats

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.insight.comparing import (
    EXPECTED,
    LEAST,
    SIGNIFICANT,
    Comparison,
    adjust,
    proportions,
    welch,
)
from deeppersona_graph.model.tree import normal


@pytest.fixture
def comparison(api: DeepPersona, crowd: Crowd) -> Comparison:
    assert crowd.people
    return api.compare(FIRST, SECOND)


@pytest.mark.live
def test_shares_are_those_of_the_people(crowd: Crowd, comparison: Comparison) -> None:
    first, second = crowd.people[FIRST], crowd.people[SECOND]
    numbers = {one.id for one in crowd.tree.attributes if one.value_type == "number"}
    counts = [
        Counter(trait for person in people for trait in traits(person) if trait[0] not in numbers)
        for people in (first, second)
    ]
    had = [
        Counter(attribute for person in people for attribute in values(person)) for people in (first, second)
    ]
    expected = {
        (attribute, key): (counts[0][attribute, key], counts[1][attribute, key])
        for attribute, key in counts[0] | counts[1]
        if counts[0][attribute, key] + counts[1][attribute, key] >= LEAST
    } | {
        (attribute, None): (had[0][attribute], had[1][attribute])
        for attribute in had[0] | had[1]
        if had[0][attribute] + had[1][attribute] >= LEAST
    }
    told = [one for one in comparison.differences if one.test != "Welch"]
    assert {
        (one.attribute, None if one.value is None else normal(one.value)): one.counts for one in told
    } == expected
    assert len(told) == len(expected)
    for one in told:
        assert (one.first, one.second) == (one.counts[0] / len(first), one.counts[1] / len(second))


@pytest.mark.live
def test_means_are_those_of_the_people_with_the_p_of_the_library(
    crowd: Crowd, comparison: Comparison
) -> None:
    told = {one.attribute: one for one in comparison.differences if one.test == "Welch"}
    expected = {}
    for attribute in crowd.tree.attributes:
        if attribute.value_type != "number":
            continue
        samples = [
            [float(str(had[attribute.id])) for had in map(values, crowd.people[name]) if attribute.id in had]
            for name in (FIRST, SECOND)
        ]
        if min(map(len, samples)) >= 2 and any(np.ptp(sample) for sample in samples):
            expected[attribute.id] = samples
    assert told.keys() == expected.keys()
    assert len(expected) >= 3
    for attribute_id, (one, other) in expected.items():
        found = told[attribute_id]
        assert (found.first, found.second) == pytest.approx((np.mean(one), np.mean(other)))
        assert found.counts == (len(one), len(other))
        assert found.p == pytest.approx(stats.ttest_ind(one, other, equal_var=False).pvalue)


@pytest.mark.live
def test_what_was_given_to_all_of_one_population_differs_for_sure(
    crowd: Crowd, comparison: Comparison
) -> None:
    diet = crowd.tree.by_path["Food", "Diet"].id
    (vegan,) = (one for one in comparison.differences if (one.attribute, one.value) == (diet, "vegan"))
    assert vegan.second == 1.0
    assert vegan.significant
    assert vegan.difference > 0.5
    assert comparison.significant == sum(one.adjusted < SIGNIFICANT for one in comparison.differences)
    assert [one.p for one in comparison.differences] == sorted(one.p for one in comparison.differences)


@pytest.mark.live
def test_p_values_are_adjusted_together(comparison: Comparison) -> None:
    p = [one.p for one in comparison.differences]
    assert [one.adjusted for one in comparison.differences] == pytest.approx(
        stats.false_discovery_control(p).tolist()
    )


@given(
    st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1)
)  # fmt: skip
def test_proportions_are_tested_as_the_library_does(size: int, other: int, share: float, rest: float) -> None:
    first, second = round(share * size), round(rest * other)
    test, p = proportions(first, second, (size, other))
    table = np.array([[first, size - first], [second, other - second]])
    if table.sum(axis=0).min() == 0:
        assert (test, p) == ("Fisher", pytest.approx(1.0))
        return
    expected = stats.contingency.expected_freq(table)
    assert (test == "Fisher") == bool(expected.min() < EXPECTED - 1e-12)
    library = (
        stats.fisher_exact(table) if test == "Fisher" else stats.chi2_contingency(table, correction=False)
    )
    assert p == pytest.approx(library.pvalue, rel=1e-6, abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_p_values_are_adjusted_as_the_library_does(p: list[float]) -> None:
    found = adjust(np.array(p))
    assert found.tolist() == pytest.approx(stats.false_discovery_control(p).tolist())


def test_means_that_cannot_be_tested_are_not() -> None:
    assert welch((1.0, 2.0), (0.0, 0.0), (5, 5)) is None
    assert welch((1.0, 2.0), (0.0, 1.0), (1, 5)) is None


@pytest.mark.live
def test_a_population_is_not_compared_with_itself_or_with_nothing(api: DeepPersona, crowd: Crowd) -> None:
    assert crowd.people
    with pytest.raises(InputError, match=f"'{FIRST}' is named twice; compare two populations"):
        api.compare(FIRST, FIRST)
    with pytest.raises(UnknownNameError, match=f"nearest: .*{SECOND}"):
        api.compare(FIRST, f"{SECOND}x")
