"""The Python API, and what the command line calls: it puts the rooms together.

import deeppersona_graph

with deeppersona_graph.connect() as dp:
    for persona in dp.generate(3, country="Canada"):
        print(persona.situation.name, persona.narrative)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deeppersona_graph.api.asking import Asking
from deeppersona_graph.api.batches import Batches
from deeppersona_graph.api.connected import log
from deeppersona_graph.api.coverage import Coverage
from deeppersona_graph.api.edits import Edits
from deeppersona_graph.api.interop import Interop
from deeppersona_graph.api.people import People
from deeppersona_graph.api.provenance import Provenance
from deeppersona_graph.api.renewal import Renewal
from deeppersona_graph.api.sharing import Sharing
from deeppersona_graph.api.taxonomies import Taxonomies
from deeppersona_graph.settings import load_settings
from deeppersona_graph.taxonomy.store import Progress

__all__ = ["DeepPersona", "connect"]


class DeepPersona(
    Taxonomies, Edits, People, Renewal, Sharing, Coverage, Provenance, Asking, Interop, Batches
):
    """A connection to one graph of taxonomies and personas. Use as a context manager, or `close()` it."""


def connect(
    *,
    announce: Callable[[str], None] = log.info,
    progress: Progress | None = None,
    **flags: Any,
) -> DeepPersona:
    """A connection with `flags` (fields of `Settings`) before environment and `deeppersona.toml`."""
    return DeepPersona(load_settings(**flags), announce=announce, progress=progress)
