"""Proposed paths brought into form before anybody judges them: what needs no model to see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from deeppersona_graph.model.tree import Path, normal

LEVELS = 3
"""Names below the root, at most: deeper chains degenerate into instances (DeepPersona §3.1)."""

LONGEST_NAME = 60
"""Characters of a name; what is longer is a sentence."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SMALL = frozenset(
    ["a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "per", "the", "to", "with"]
)


def tidy(path: Sequence[str]) -> tuple[Path, str | None]:
    """The path in form, and what had to be done to it, if it lost anything.

    Names are spelled as titles; what repeats the name before it goes, as does all below a name that is
    empty or too long, and below the third level. A path of one name is left with its root.
    """
    names: list[str] = []
    lost = None
    for name in path:
        clean = titled(name)
        if not clean or len(clean) > LONGEST_NAME:
            lost = "cut at a name that is " + (
                "empty" if not clean else f"longer than {LONGEST_NAME} characters"
            )
            break
        if names and normal(names[-1]) == normal(clean):
            continue
        if len(names) > LEVELS:
            lost = f"cut to {LEVELS} levels below its root, of {len(path) - 1}"
            break
        names.append(clean)
    return tuple(names), lost


def titled(name: str) -> str:
    """A name in title case, its words apart: `sleep_quality` and `sleepQuality` are `Sleep Quality`."""
    text = unicodedata.normalize("NFKC", name)
    visible = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    plain = " ".join(visible.replace("_", " ").split()).strip(" .;:,>-/\\|\"'")
    if " " not in plain:
        plain = _CAMEL.sub(" ", plain)
    words = plain.split()
    return " ".join(
        word if not word.islower() or (place and word in _SMALL) else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    )


def key_of(path: Sequence[str]) -> tuple[str, ...]:
    """What two spellings of one path have in common."""
    return tuple(normal(name) for name in path)
