"""The first two steps: which exchanges reveal something of a person, and what attributes they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeppersona_graph.model.dialogue import Exchange
from deeppersona_graph.model.tree import Attribute, Path
from deeppersona_graph.taxonomy.formats.building import is_unicode
from deeppersona_graph.taxonomy.mining.domains import domains_text
from deeppersona_graph.taxonomy.mining.interview import Interview, with_inputs
from deeppersona_graph.taxonomy.mining.questions import (
    CLASSIFY,
    EXTRACT,
    PERSONAL,
    Classified,
    exchange_text,
)

LONGEST_VALUE = 200
"""Characters of a value that is kept as evidence."""

Mentioned = tuple[str, Path, str]
"""The id of an exchange, a path it speaks of, as proposed, and the value that it gives."""


def classify(interview: Interview, exchanges: Mapping[str, Exchange]) -> dict[str, Classified]:
    """How personal each exchange is, by id; raises `WaitingError` where answers are outstanding."""
    texts = {identity: exchange_text(one) for identity, one in exchanges.items()}
    replies = interview.ask(CLASSIFY, texts.values(), "classifying")
    interview.check()
    return {identity: replies[text].value for identity, text in texts.items() if text in replies}


def personal(exchanges: Mapping[str, Exchange], classified: Mapping[str, Classified]) -> dict[str, Exchange]:
    """The exchanges that reveal something of a person, or partly do."""
    return {
        identity: exchanges[identity]
        for identity, one in classified.items()
        if one.personalizable != PERSONAL[0]
    }


def extract(
    interview: Interview, domains: Sequence[Attribute], exchanges: Mapping[str, Exchange]
) -> list[Mentioned]:
    """What exchanges speak of, in order; raises `WaitingError` where answers are outstanding."""
    kind = with_inputs(EXTRACT, domains=domains_text(domains))
    texts = {identity: exchange_text(one) for identity, one in exchanges.items()}
    replies = interview.ask(kind, texts.values(), "extracting")
    interview.check()
    found: set[Mentioned] = set()
    for identity, text in texts.items():
        for mention in replies[text].value.attributes if text in replies else ():
            value = " ".join(mention.value.split())[:LONGEST_VALUE]
            if mention.path and all(is_unicode(name) for name in (*mention.path, value)):
                found.add((identity, tuple(mention.path), value))
    return sorted(found)
