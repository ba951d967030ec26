"""One line of a tree file: its fields, their types, and the bounds that hold for each by itself."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import ValueType
from deeppersona_graph.taxonomy.formats.building import check_path

MOST_YEARS = 150
"""Ages in a tree file, and years below an age, are at most this; personas are younger (`model.situation`)."""
LONGEST_ID = 100
MOST_BIAS = 1000.0
MOST_SUPPORT = 2**53


def _spelled(text: str) -> str:
    if not text.strip():
        raise ValueError("a value is empty; a value needs a text")
    return text


Age = Annotated[StrictInt, Field(ge=0, le=MOST_YEARS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, AfterValidator(_spelled)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Needs = Annotated[
    dict[str, Age | tuple[Text, ...]],
    BeforeValidator(lambda given: {} if given is None else given),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NumberSpace(_Strict):
    """The value space of a number."""

    min: Number
    max: Number
    unit: str | None = None
    typical: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"a range from {self.min:g} to {self.max:g}")
        if self.typical is not None and not self.min <= self.typical[0] <= self.typical[1] <= self.max:
            low, high = self.typical
            raise ValueError(f"typical from {low:g} to {high:g} is no part of {self.min:g} to {self.max:g}")
        return self


class RequiredValue(_Strict):
    """Another attribute that must have one of `values`."""

    path: tuple[str, ...]
    values: tuple[Text, ...]


class Applies(_Strict):
    """When the attribute applies at all."""

    min_age: Age | None = None
    max_age: Age | None = None
    requires: tuple[RequiredValue, ...] = ()


class Bound(_Strict):
    """Numbers at or above `min`, or at or below `max`, are out."""

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a bound without min and max; write '*' to exclude the attribute")
        return self


class Conflict(_Strict):
    """With the own value `if_value`, the attribute at `path` cannot have `not_values`."""

    if_value: str = Field(alias="if")
    path: tuple[str, ...]
    not_values: Literal["*"] | tuple[str, ...] | Bound = Field(alias="not")


class Implied(_Strict):
    """With the own value `if_value`, the attribute at `path` has one of `then`, where there is one."""

    if_value: str = Field(alias="if")
    path: tuple[str, ...]
    then: tuple[Text, ...]


class Record(_Strict):
    """One line of the file."""

    path: tuple[str, ...]
    id: Annotated[str, Field(min_length=1, max_length=LONGEST_ID)] | None = None
    description: str = ""
    value_type: ValueType | None = None
    values: tuple[Text, ...] | NumberSpace | None = None
    weights: tuple[Share, ...] | None = None
    applies: Applies = Applies()
    needs: Needs = {}
    value_needs: dict[str, Needs] = {}
    value_applies: dict[str, tuple[RequiredValue, ...]] = {}
    places: dict[str, Annotated[tuple[Country, ...], Field(min_length=1)]] = {}
    at_most: str | None = None
    at_least: str | None = None
    alone: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    implies: tuple[Implied, ...] = ()
    core: str | None = None
    support: Annotated[int, Field(ge=0, le=MOST_SUPPORT)] = 0
    retired: bool = False
    generic: bool = False
    proposed: bool = False
    aliases: tuple[str, ...] = ()
    bias: Annotated[float, Field(ge=0, le=MOST_BIAS)] | None = None


_RECORD = TypeAdapter(Record)


def parse_record(line: str, where: str) -> Record:
    """The record written in `line`; raises `TreeFileError` with `where` and the field at fault."""
    try:
        record = _RECORD.validate_json(line)
    except ValidationError as error:
        raise TreeFileError(f"{where}: {_reason(error)}") from error
    check_path(record.path, where)
    return record


def _reason(error: ValidationError) -> str:
    """The fault in the first field that has one; of a union's branches, the one that came furthest."""
    faults = error.errors()
    field = faults[0]["loc"][:1]
    own = [fault for fault in faults if fault["loc"][:1] == field]
    fault = max(own, key=lambda one: len(one["loc"]) + (one["type"] == "value_error"))
    place = ".".join(str(part) for part in (*field, *(p for p in fault["loc"][1:2] if isinstance(p, int))))
    message = re.sub(r"at line 1 (?=column \d+$)", "at ", fault["msg"].removeprefix("Value error, "))
    return f"{place + ': ' if place else ''}{shorten(message, 120)}"
