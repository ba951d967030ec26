"""What tokens cost: a table that comes with the package, and the user's own put over it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deeppersona_graph.errors import PriceFileError, shorten
from deeppersona_graph.llm.answers import Tokens

MILLION = 1_000_000

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """USD per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sent: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)
    """Of tokens sent that the provider's cache held; none: no discount."""
    received: float = Field(ge=0)
    batch: float = Field(1.0, ge=0)
    """Factor for the provider's Batch API."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    models: dict[str, Price]


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by the name of a model."""

    models: Mapping[str, Price]

    @classmethod
    def load(cls, own: Path | None = None) -> Self:
        """The package's prices, with the user's own over them; raises `PriceFileError`."""
        bundled = _read(files("deeppersona_graph").joinpath("data", "prices.toml"))
        return cls({**bundled, **(_read(own) if own is not None else {})})

    def of(self, model: str) -> Price | None:
        """The price of a model, with or without a date or a gateway's prefix in its name; None: not known."""
        for name in (model, model.rpartition("/")[2]):
            for known in (name, _DATED.sub("", name)):
                if known in self.models:
                    return self.models[known]
        return None

    def cost(self, model: str, tokens: Tokens, *, batch: bool = False) -> float | None:
        """USD for these tokens; None where the model's price is not known."""
        price = self.of(model)
        if price is None:
            return None
        cached = price.sent if price.cached is None else price.cached
        spent = (
            (tokens.sent - tokens.cached) * price.sent
            + tokens.cached * cached
            + tokens.received * price.received
        )
        return spent / MILLION * (price.batch if batch else 1.0)


def _read(file: Traversable) -> dict[str, Price]:
    try:
        return _Table.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).models
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriceFileError(f"the prices in {file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PriceFileError(
            f"{file}: {place} is {shorten(repr(first['input']), 60)}: {first['msg']}; expected entries like "
            '"gpt-4o" = {sent = 2.5, cached = 1.25, received = 10, batch = 0.5} under [models]'
        ) from error
