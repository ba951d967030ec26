"""The 300 real pairs that a tree was mined from, picked out of both files of dialogues under `../shared`."""

from __future__ import annotations

import json
from pathlib import Path

from deeppersona_graph.model.seeds import digest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "dialogues"
FILES = ("personal_qa_permissive.jsonl", "personal_qa_research_nc.jsonl")
SPREAD = {
    "self_dialogue": 95,
    "synthetic_persona_chat": 75,
    "prefeval_persona": 55,
    "locomo": 30,
    "counsel_chat": 25,
    "esconv_failed": 20,
}
"""Pairs of each collection."""


def real_pairs() -> list[str]:
    """Lines of the two files, the same ones wherever they stand there."""
    drawn: dict[str, list[tuple[bytes, str]]] = {source: [] for source in SPREAD}
    for name in FILES:
        for line in (SHARED / name).read_text(encoding="utf-8").split("\n"):
            if line:
                pair = json.loads(line)
                mark = digest("real pair", pair["question"], pair["answer"])
                drawn[pair["source"]].append((mark, line))
    return [line for source, count in SPREAD.items() for _, line in sorted(drawn[source])[:count]]
