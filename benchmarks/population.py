"""Whether a population looks like people: shares beside base rates, age and sex beside the UN's.

    python benchmarks/population.py [--people 2000] [--country Canada]

The share of a value is compared with its base rate only where nothing but chance and the tilt towards the
profile decide it: the attribute and all its values apply to everybody, no constraint touches them, and at
least 30 of the people have it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt

from deeppersona_graph.api import connect
from deeppersona_graph.model.persona import Persona, value_texts
from deeppersona_graph.model.tree import Attribute, Tree, shown
from deeppersona_graph.personas.draw import MOST_MEMBERS
from deeppersona_graph.personas.situation.countries import ages_between, cells
from deeppersona_graph.personas.violations import domains, violations

ENOUGH = 30
SHOWN = 15
POPULATION = "benchmark-people"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--country", default="Canada")
    given = parser.parse_args()
    with connect() as dp:
        tree = dp.tree("human")
        if POPULATION in {row["name"] for row in dp.populations()}:
            dp.delete(population=POPULATION)
        people = list(dp.generate(given.people, seed=1, population=POPULATION, country=given.country))
        dp.delete(population=POPULATION)
    print(f"{len(people)} people of {given.country}, depth 200\n")
    broken = [found for persona in people for found in violations(persona, tree)]
    print(f"constraints broken: {len(broken)}")
    print(f"domains a persona: {dict(sorted(Counter(len(domains(p.traits)) for p in people).items()))}")
    print(f"full names that occur twice: {len(people) - len({p.situation.name for p in people})}")
    print(f"age and sex beside the UN's, total variation distance: {distance(people):.4f}")
    shares(people, tree)


def distance(people: Sequence[Persona]) -> float:
    """Total variation distance of age band and sex from the UN's figures, non-binary people aside."""
    binary = [p.situation for p in people if p.situation.sex in ("female", "male")]
    counted = Counter((s.age // 5, s.sex) for s in binary)
    found = cells((binary[0].country,), ("female", "male"), ages_between(0, 100), "population")
    assert found is not None
    expected: Counter[tuple[int, str]] = Counter()
    for (_, sex, age), until, since in zip(found.keys, found.sums, (0.0, *found.sums), strict=False):
        expected[age // 5, sex] += (until - since) / found.sums[-1]
    return sum(abs(counted[cell] / len(binary) - expected[cell]) for cell in counted | expected) / 2


def shares(people: Sequence[Persona], tree: Tree) -> None:
    """Prints the values whose share deviates most from the base rate."""
    having: dict[str, list[frozenset[str]]] = {}
    for persona in people:
        for trait in persona.traits:
            having.setdefault(trait.attribute, []).append(frozenset(value_texts(trait.value)))
    rows = [row for a in free_attributes(tree) for row in _rows(a, having.get(a.id, ()))]
    rows.sort(key=lambda row: -abs(row[0]))
    spread = sqrt(sum(row[0] ** 2 for row in rows) / len(rows))
    print(
        f"\nvalues compared: {len(rows)}; root mean square of z: {spread:.2f} (1 where chance alone decides)"
    )
    print(f"mean absolute deviation: {sum(abs(r[2] - r[1]) for r in rows) / len(rows):.4f}\n")
    print("| attribute | value | base rate | share | of people | z |\n|---|---|---|---|---|---|")
    handedness = [row for row in rows if row[4].endswith("Handedness")]
    for z, base, share, count, name, text in [*rows[:SHOWN], *handedness]:
        print(f"| {name} | {text} | {base:.3f} | {share:.3f} | {count} | {z:+.1f} |")


def free_attributes(tree: Tree) -> Iterator[Attribute]:
    """Attributes whose values nothing but their shares decides."""
    touched = {e.value for a in tree.attributes for v in a.values for e in v.excludes}
    needed = {r.attribute for a in tree.attributes for r in a.requires}
    for attribute in tree.attributes:
        if attribute.core or not attribute.values or attribute.id in needed:
            continue
        if all(
            v.id not in touched and not (v.requires or v.excludes or v.countries or v.min_age or v.max_age)
            for v in attribute.values
        ):
            yield attribute


def _rows(
    attribute: Attribute, having: Sequence[frozenset[str]]
) -> Iterator[tuple[float, float, float, int, str, str]]:
    if len(having) < ENOUGH:
        return
    total = sum(value.weight for value in attribute.values)
    several = attribute.value_type == "list"
    scale = min(max(total / 100.0, 1.0), MOST_MEMBERS) if several else 1.0
    if several and any(value.alone for value in attribute.values):
        return
    for value in attribute.values:
        base = min(scale * value.weight / total, 0.999)
        share = sum(value.text in found for found in having) / len(having)
        z = (share - base) / sqrt(base * (1 - base) / len(having)) if base else 0.0
        yield z, base, share, len(having), shown(attribute.path), value.text


if __name__ == "__main__":
    main()
