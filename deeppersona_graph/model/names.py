"""Finding what somebody meant by a name they typed."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

NEAREST = 3


def nearest(name: str, known: Iterable[str], limit: int = NEAREST) -> list[str]:
    """The names among `known` most like `name`, the likest first; none that is not somewhat like it."""
    found = process.extract(
        name, list(known), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit, score_cutoff=55
    )
    return [text for text, _, _ in found]
