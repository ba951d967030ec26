"""What mending one record will ask of a language model, before it asks: as if every value found one of usual
length, and nothing lost its ground thereby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deeppersona_graph.llm.estimate import Expected
from deeppersona_graph.llm.request import Program
from deeppersona_graph.personas.expect import expected_filling, expected_values, portrayed
from deeppersona_graph.personas.renewal.case import Case
from deeppersona_graph.personas.renewal.examine import Findings
from deeppersona_graph.personas.renewal.mend import Mender, missing_orders, offered, waves
from deeppersona_graph.personas.renewal.places import Again
from deeppersona_graph.personas.renewal.retell import sittings


def expected_mending(
    mender: Mender, case: Case, found: Findings, wanted: Sequence[Again], *, retold: bool
) -> Program[list[Expected]]:
    """The requests that one record will take; chores are the only thing this yields."""
    making = mender.making
    walk, kept, _ = mender.walk(case, found, missing_orders(case, wanted), wanted)
    filler, seeker = mender.filler(case, walk), mender.seeker(case)
    assert filler is not None
    expected: list[Expected] = []
    for wave in waves(walk, kept):
        for start in range(0, len(wave), making.chunk):
            gaps = [offered(filler, one) for one in wave[start : start + making.chunk]]
            expected += expected_values(filler, gaps)
    if sum(walk.room):
        yield from mender.select(walk, seeker)
        expected += yield from expected_filling(making, filler, seeker)
    if retold:
        told = replace(case, persona=replace(case.persona, traits=tuple(walk.traits)))
        expected += portrayed(making, sittings(making, told))
    return expected
