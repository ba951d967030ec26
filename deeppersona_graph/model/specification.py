"""What a population is to be: everything that decides its people, besides the seed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from deeppersona_graph.errors import InputError
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.situation import OLDEST, YOUNGEST, Sampling

PAPER_STRATA = (5, 3, 2)
"""near : middle : far (DeepPersona §3.2)."""


@dataclass(frozen=True, slots=True)
class Specification:
    """As the user gave it; names are resolved against the taxonomy when a run begins.

    Raises `InputError` for numbers out of range.
    """

    taxonomy: str = "human"
    depth: int = 200
    strata: tuple[int, int, int] = PAPER_STRATA
    alpha: float = 0.5
    """Exponent of the sparsity prior; larger favours rare attributes more."""
    beta: float = 0.0
    """Exponent with which attributes count less that the population has already."""
    biases: tuple[tuple[str, float], ...] = ()
    """Branches by name with the factor of their weight; 0 leaves a branch out."""
    sampling: Sampling = "population"
    countries: tuple[str, ...] = ()
    ages: tuple[int, int] = (YOUNGEST, OLDEST)
    genders: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    """Attribute=value, each."""
    biography: str | None = None
    biography_unread: bool = False
    """Accept that nothing reads the biography, though facts that it must not contradict are missing."""

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise InputError(f"a depth of {self.depth}: expected at least 1; the paper uses 200 to 250")
        if min(self.strata) < 0 or sum(self.strata) == 0:
            raise InputError(f"strata {':'.join(map(str, self.strata))}: expected three shares such as 5:3:2")
        for name, exponent in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 <= exponent <= 10:
                raise InputError(f"{name} is {exponent:g}: expected a number from 0 to 10")
        for branch, factor in self.biases:
            if not 0 <= factor <= 1000:
                raise InputError(f"bias of {branch!r} is {factor:g}: expected a factor from 0 to 1000")
        low, high = self.ages
        if not YOUNGEST <= low <= high <= OLDEST:
            raise InputError(f"ages {low} to {high}: expected a range within {YOUNGEST} to {OLDEST}")
        if self.biography is not None and not self.biography.strip():
            raise InputError("the biography is empty; leave --bio away or give some words")

    def mark(self, version: int) -> str:
        """Four hexadecimal digits that tell specifications, and versions of the tree, apart in names."""
        return digest(json.dumps(self.plain(), sort_keys=True), version).hex()[:4]

    def plain(self) -> dict[str, Any]:
        """As JSON has it, for the record on the population."""
        return asdict(self)
