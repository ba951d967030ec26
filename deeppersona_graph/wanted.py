"""What people ask for, as they spell it in Python and on the command line, made into a specification."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, Unpack

from deeppersona_graph.errors import InputError, PrerequisiteError
from deeppersona_graph.llm.means import Via
from deeppersona_graph.model.situation import Sampling
from deeppersona_graph.model.specification import BATCH_CHUNK, CHUNK, Fill, Narrative, Origin, Specification
from deeppersona_graph.settings import Settings

SEEDS = 10**6
"""Seeds that are drawn when none is given lie below this."""

Values = Literal["auto", "bank", "model"]


class Wanted(TypedDict, total=False):
    """What a run can be asked for beside its people; what is left away is as in `Specification`.

    `anchors` are attribute-value pairs, or texts `Attribute=value`; `bias` are factors by branch.
    """

    country: str | Iterable[str]
    age: int | tuple[int, int] | None
    gender: str | Iterable[str]
    anchors: Mapping[str, Any] | Iterable[str]
    bio: str | None
    bias: Mapping[str, float] | None
    taxonomy: str
    depth: int
    strata: tuple[int, int, int]
    alpha: float
    beta: float
    cover: bool
    sampling: Sampling
    biography_unread: bool
    chunk: int | None
    fill: Fill
    core: bool
    attributes: Origin
    check: bool
    narrative: Narrative


def specification_of(settings: Settings, values: Values, via: Via, **wanted: Unpack[Wanted]) -> Specification:
    """The specification of what is wanted; raises `InputError`, `PrerequisiteError` for lack of a model."""
    plain: dict[str, Any] = dict(wanted)
    age, chunk = plain.pop("age", None), plain.pop("chunk", None)
    usual = BATCH_CHUNK if via == "batch" else CHUNK
    return Specification(
        **{
            "taxonomy": settings.taxonomy,
            "countries": _several(plain.pop("country", ())),
            "genders": _several(plain.pop("gender", ())),
            "anchors": assignments(plain.pop("anchors", ())),
            "biography": plain.pop("bio", None),
            "biases": tuple((plain.pop("bias", None) or {}).items()),
            "model": _chosen_model(values, settings),
            "chunk": usual if chunk is None else chunk,
            **({} if age is None else {"ages": (age, age) if isinstance(age, int) else age}),
            **plain,
        }
    )


def seed_of(given: int | None) -> int:
    """The seed that is given, or one drawn; raises `InputError` for one out of range."""
    if given is None:
        return secrets.randbelow(SEEDS)
    if not 0 <= given < 2**63:
        raise InputError(f"the seed {given} is out of range; expected 0 to {2**63 - 1}")
    return given


def _chosen_model(values: Values, settings: Settings) -> str | None:
    """The language model that values come from; none: the bank."""
    if values == "model" and settings.model is None:
        raise PrerequisiteError(
            "no language model is named; name one with --model or DEEPPERSONA_MODEL, or use --values bank, "
            "which needs none"
        )
    return None if values == "bank" else settings.model


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def assignments(given: Mapping[str, Any] | Iterable[str]) -> tuple[str, ...]:
    """Pairs of attributes and values, or of several values, as texts `Attribute=value`."""
    if not isinstance(given, Mapping):
        return tuple(given)
    return tuple(
        f"{name}={value}"
        for name, values in given.items()
        for value in (values if isinstance(values, (list, tuple)) else [values])
    )
