"""What in a finished persona breaks the tree's constraints; told without the code that filled it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deeppersona_graph.model.persona import Persona, Trait, value_texts
from deeppersona_graph.model.tree import Attribute, Exclusion, Requirement, Tree, Value, normal, shown
from deeppersona_graph.personas.numbers import number_range


def violations(persona: Persona, tree: Tree) -> list[str]:
    """A sentence for each constraint that the persona breaks; none for a consistent one."""
    return list(_Examination(persona, tree).run())


class _Examination:
    def __init__(self, persona: Persona, tree: Tree) -> None:
        self._persona, self._tree = persona, tree
        self._traits: Mapping[str, Trait] = {t.attribute: t for t in (*persona.core, *persona.traits)}
        self._values = {
            identity: self._value_ids(tree.by_id[identity], trait) for identity, trait in self._traits.items()
        }

    def run(self) -> Iterator[str]:
        for trait in self._persona.traits:
            attribute = self._tree.by_id[trait.attribute]
            yield from self._of_attribute(attribute, trait)
            for value in attribute.values:
                if value.id in self._values[attribute.id]:
                    yield from self._of_value(attribute, value)

    def _of_attribute(self, attribute: Attribute, trait: Trait) -> Iterator[str]:
        name, age = shown(attribute.path), self._persona.situation.age
        above = (self._tree.by_path[attribute.path[:length]] for length in range(1, len(attribute.path) + 1))
        if attribute.core is not None or any(one.retired for one in above):
            yield f"{name} cannot be selected"
        if _outside(age, attribute.min_age, attribute.max_age):
            yield f"{name} does not apply at {age}"
        yield from (f"{name} lacks its prerequisite" for one in attribute.requires if not self._meets(one))
        if attribute.value_type == "number" and isinstance(trait.value, int | float):
            low, high = number_range(attribute, age)
            if not low <= trait.value <= high:
                yield f"{name} is {trait.value}, outside {low:g} to {high:g}"
        known = {normal(value.text) for value in attribute.values}
        closed = attribute.value_type in ("categorical", "ordinal", "list")
        if closed and not all(normal(text) in known for text in value_texts(trait.value)):
            yield f"{name} has {trait.value!r}, which its value space lacks"

    def _of_value(self, attribute: Attribute, value: Value) -> Iterator[str]:
        name, situation = f"{shown(attribute.path)} = {value.text}", self._persona.situation
        if _outside(situation.age, value.min_age, value.max_age):
            yield f"{name} does not fit the age {situation.age}"
        if value.countries and situation.country not in value.countries:
            yield f"{name} is unknown in {situation.country_name}"
        yield from (f"{name} lacks what it requires" for one in value.requires if not self._meets(one))
        yield from (
            f"{name} is contradicted" for one in self._tree.ruled_out(value) if self._contradicts(one)
        )
        if value.alone and len(self._values[attribute.id]) > 1:
            yield f"{name} stands beside others"

    def _meets(self, required: Requirement) -> bool:
        return bool(required.values & self._values.get(required.attribute, frozenset()))

    def _contradicts(self, exclusion: Exclusion) -> bool:
        trait = self._traits.get(exclusion.attribute)
        if trait is None:
            return False
        if exclusion.value is not None:
            return exclusion.value in self._values[exclusion.attribute]
        return exclusion.hits(trait.value if isinstance(trait.value, int | float) else None)

    def _value_ids(self, attribute: Attribute, trait: Trait) -> frozenset[str]:
        keys = {normal(text) for text in value_texts(trait.value)}
        return frozenset(value.id for value in attribute.values if normal(value.text) in keys)


def _outside(age: int, low: int | None, high: int | None) -> bool:
    return (low is not None and age < low) or (high is not None and age > high)


def domains(traits: Sequence[Trait]) -> set[str]:
    """The roots that the traits stand under."""
    return {trait.path[0] for trait in traits}
