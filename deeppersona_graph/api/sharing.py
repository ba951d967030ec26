"""The part of the API about who shares what: traits in common, nearness, populations compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.insight.comparing import Comparison, compare
from deeppersona_graph.insight.groups import Groups, groups
from deeppersona_graph.insight.having import LIKE, Having, having
from deeppersona_graph.insight.nearest import By, Nearest, nearest
from deeppersona_graph.insight.people import taxonomy_of, taxonomy_of_population
from deeppersona_graph.insight.sharing import Shared, check_several, shared
from deeppersona_graph.insight.traits import Traits, read_traits
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.store import find_persona, population_ids

REMEMBERED = 4
"""Populations whose traits are kept in memory: some 4 MB a thousand people."""


class Sharing(Connected):
    """Who shares what."""

    def shared(self, personas: Sequence[str]) -> Shared:
        """What people have in common, named by id, beginning of an id or full name.

        A trait weighs -log2 of the share of people who have it, in the populations of those named. Raises
        `InputError` for fewer than two people, for one named twice, and for people of several taxonomies.
        """
        ids = [find_persona(self.graph, text) for text in personas]
        check_several(self.graph, ids)
        self._in_step(taxonomy_of(self.graph, ids))
        return shared(self.graph, ids)

    def groups(self, population: str, min_traits: int = 5, min_people: int = 3, limit: int = 10) -> Groups:
        """The groups of people of a population who share most: at least so many people, and traits that all
        of them have; the heaviest first. See `insight.groups` for what is found."""
        traits, tree = self._traits(population)
        return groups(self.graph, tree, traits, min_traits, min_people, limit)

    def having(
        self,
        expressions: Sequence[str],
        *,
        population: str | None = None,
        taxonomy: str | None = None,
        like: float = LIKE,
        limit: int = 50,
    ) -> Having:
        """The people for whom all expressions hold, such as `["Diet = vegan", "not Age > 40"]`.

        See `insight.expression` for how they are written. `like` is the cosine from which on `~"a text"` is
        met. Without a taxonomy it is that of the population, or of the settings.
        """
        if population is not None:
            own, _ = self._inhabited(population)
            taxonomy = taxonomy or own
        tree = self._in_step(taxonomy)
        return having(
            self.graph, tree, self.embedder, expressions, population=population, like=like, limit=limit
        )

    def nearest(
        self, persona: str, *, by: By = "attributes", population: str | None = None, limit: int = 10
    ) -> Nearest:
        """The people nearest to somebody, in the own population or another: by the weight of shared traits,
        or by the cosine of embeddings."""
        identity = find_persona(self.graph, persona)
        taxonomy = taxonomy_of(self.graph, [identity])
        if population is not None:
            other, _ = self._inhabited(population)
            if other != taxonomy:
                raise InputError(
                    f"{persona!r} is of the taxonomy {taxonomy!r}, the population {population!r} of "
                    f"{other!r}; compare people of one taxonomy"
                )
        self._in_step(taxonomy)
        return nearest(self.graph, identity, by, population, limit)

    def compare(self, first: str, second: str) -> Comparison:
        """Two populations beside each other: shares of attributes and values and means of numbers, each with
        its test, the surest differences first."""
        if first == second:
            raise InputError(f"{first!r} is named twice; compare two populations")
        (taxonomy, _), (other, _) = self._inhabited(first), self._inhabited(second)
        if taxonomy != other:
            raise InputError(
                f"the population {first!r} is of the taxonomy {taxonomy!r}, {second!r} of {other!r}; "
                "compare populations of one taxonomy"
            )
        (mine, tree), (others, _) = self._traits(first), self._traits(second)
        return compare(self.graph, tree, mine, others)

    def _traits(self, population: str) -> tuple[Traits, Tree]:
        """The traits of a population, remembered while nothing is committed, and the tree."""
        taxonomy, size = self._inhabited(population)
        tree = self._in_step(taxonomy)
        moment = self._known[taxonomy][0]
        known = self._remembered.pop(population, None)
        if known is None or known[0] != moment:
            known = (moment, read_traits(self.graph, population, size))
        self._remembered[population] = known
        for oldest in list(self._remembered)[:-REMEMBERED]:
            del self._remembered[oldest]
        return known[1], tree

    @cached_property
    def _remembered(self) -> dict[str, tuple[str, Traits]]:
        """Traits of populations, those used last at the end, with the moment at which they were read."""
        return {}

    def _inhabited(self, population: str) -> tuple[str, int]:
        """Taxonomy and size of a population; unknown and empty ones are errors."""
        population_ids(self.graph, population, below=0)
        return taxonomy_of_population(self.graph, population)
