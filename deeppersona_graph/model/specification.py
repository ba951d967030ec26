"""What a population is to be: everything that decides its people, besides the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from deeppersona_graph.errors import InputError, PrerequisiteError
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.situation import OLDEST, YOUNGEST, Sampling

PAPER_STRATA = (5, 3, 2)
"""near : middle : far (DeepPersona §3.2)."""

CHUNK = 16
"""Attributes that a language model fills at a time; 1 is the paper's letter."""
BATCH_CHUNK = 64
"""The same where requests go into batch files, a wave for each."""

COVERING = 10.0
"""The least `beta` of a run that covers: what was used once is a thousand times slower than what was not."""

Narrative = Literal["none", "concise", "rich", "biography"]
Fill = Literal["progressive", "all-at-once"]
Origin = Literal["tree", "model"]


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
    sketches: str | None = None
    """Which file the biographies come from, where everybody has one of their own."""
    model: str | None = None
    """The language model that infers values; none: they are drawn from the bank."""
    chunk: int = CHUNK
    fill: Fill = "progressive"
    core: bool = True
    """Whether a core profile is inferred first and told to the model (off: DeepPersona, Table 8)."""
    attributes: Origin = "tree"
    """Who names the attributes, the tree or the model (DeepPersona, Table 9)."""
    check: bool = False
    """Whether the finished record is proofread for contradictions."""
    narrative: Narrative = "concise"
    cover: bool = False
    """Whether a run prefers what the population lacks so far. Runs of one population may differ in it."""

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
        if self.biography is not None and self.sketches is not None:
            raise InputError(
                "one biography for all and a file of biographies are given; give --bio or --bios, not both"
            )
        if self.chunk < 1:
            raise InputError(f"a chunk of {self.chunk}: expected at least 1; 16 is usual")
        if self.cover and self.attributes == "model":
            raise InputError(
                "--cover prefers attributes of the tree, and with --attributes model the model names them; "
                "leave one of the two out"
            )
        self._check_model_alone()

    def _check_model_alone(self) -> None:
        """What only a language model can do needs one."""
        if self.model is not None:
            return
        asked = {
            "--fill all-at-once": self.fill != "progressive",
            "--no-core": not self.core,
            "--attributes model": self.attributes != "tree",
            "--check": self.check,
            f"--narrative {self.narrative}": self.narrative in ("rich", "biography"),
        }
        for flag, given in asked.items():
            if given:
                raise PrerequisiteError(f"{flag} needs a language model; name one with --model")

    @property
    def steering(self) -> float:
        """The exponent with which uses weigh on selection."""
        return max(self.beta, COVERING) if self.cover else self.beta

    @property
    def lasting(self) -> Specification:
        """What all runs of a population have in common."""
        return replace(self, cover=False)

    def mark(self, version: int) -> str:
        """Four hexadecimal digits that tell specifications, and versions of the tree, apart in names."""
        return digest(json.dumps(self.lasting.plain(), sort_keys=True), version).hex()[:4]

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Specification:
        """The specification that `plain` gave; what it lacks is as usual."""
        return cls(**{key: _tuples(value) for key, value in plain.items()})

    def plain(self) -> dict[str, Any]:
        """As JSON has it, for the record on the population and its runs; `cover` only where it is wanted."""
        plain = asdict(self)
        return plain if self.cover else {key: value for key, value in plain.items() if key != "cover"}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
