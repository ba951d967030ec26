"""Trees from recorded answers: of 300 real pairs, and of 40 that were written for the project.

The answers were given by an assistant through the batch route. The real pairs stay where they are, under
`../shared`; what is asked must not change, down to the last letter, or they are answers to nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from endpoint import Endpoint
from mining_pairs import SHARED, real_pairs

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.llm.recordings import import_answers
from deeppersona_graph.llm.store import open_store
from deeppersona_graph.taxonomy.export.records import export_records
from deeppersona_graph.taxonomy.mining.report import MiningReport
from deeppersona_graph.taxonomy.store import erase_tree

pytestmark = pytest.mark.live

MINED = Path(__file__).parent / "mined"

Asking = Callable[..., DeepPersona]


@dataclass
class Recorded:
    """A set of dialogues with the answers about them, and the tree that came of them."""

    dp: DeepPersona
    lines: list[str]
    tree: list[str]
    taxonomy: str
    folder: Path

    def mine(self, lines: Sequence[str], *, whole: bool = True) -> MiningReport:
        """Mine lines into the test's taxonomy; nothing is ever asked. `whole`: all answers are there."""
        file = self.folder / "dialogues.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        report = self.dp.mine([file], self.taxonomy, via="replay").run()
        assert report.failed == {} or not whole
        return report

    def records(self) -> list[str]:
        """The tree as it is exported, ids included."""
        return list(export_records(self.dp.tree(self.taxonomy)))

    def content(self) -> dict[str, str]:
        """The tree by path, without ids, which tell when an attribute was first met."""
        records = [{**json.loads(line), "id": None} for line in self.records()]
        return {json.dumps(record["path"]): json.dumps(record, sort_keys=True) for record in records}


@pytest.fixture(params=["own", "real"])
def recorded(request: pytest.FixtureRequest, asking: Asking, taxonomy: str, tmp_path: Path) -> Recorded:
    """Both sets; the real one where the dialogues are there."""
    name = request.param
    if name == "real" and not SHARED.exists():
        pytest.skip(f"the real dialogues are not there ({SHARED})")
    dp = asking(model="assistant")
    answers = tmp_path / "answers.jsonl"
    answers.write_bytes(gzip.decompress((MINED / f"{name}-answers.jsonl.gz").read_bytes()))
    with open_store(dp.settings) as store:
        import_answers(answers, store)
        assert {answer.raw.model for answer in store.answers()} == {"assistant"}
    lines = real_pairs() if name == "real" else (MINED / "dialogues.jsonl").read_text("utf-8").splitlines()
    tree = (MINED / f"{name}-tree.jsonl").read_text(encoding="utf-8").splitlines()
    return Recorded(dp, lines, tree, taxonomy, tmp_path)


def test_the_answers_replay_to_the_same_tree_node_for_node(recorded: Recorded, endpoint: Endpoint) -> None:
    first = recorded.mine(recorded.lines)
    assert recorded.records() == recorded.tree
    again = recorded.mine(recorded.lines)
    assert (again.state, again.version) == ("unchanged", first.version)
    assert endpoint.calls == []


def test_shuffled_dialogues_come_to_the_same_tree(recorded: Recorded) -> None:
    Random(2611).shuffle(recorded.lines)
    recorded.mine(recorded.lines)
    assert recorded.records() == recorded.tree


def test_no_path_is_deeper_or_stranger_than_the_rules_allow(recorded: Recorded) -> None:
    recorded.mine(recorded.lines)
    tree = recorded.dp.tree(recorded.taxonomy)
    mined = [a for a in tree.attributes if a.core is None and len(a.path) > 1]
    assert max(len(a.path) for a in mined) <= 4
    assert {a.path[0] for a in mined} == {a.name for a in tree.attributes if len(a.path) == 1}
    assert all(a.support or a.proposed or a.path in tree.children for a in mined)


def test_half_of_the_dialogues_then_all_come_to_the_same_tree(recorded: Recorded) -> None:
    """What would be asked of half alone was never answered, so the half is left with gaps, which all mend."""
    recorded.mine(recorded.lines)
    whole = recorded.content()
    erase_tree(recorded.dp.graph, recorded.taxonomy)
    recorded.mine(recorded.lines[::2], whole=False)
    assert recorded.content() != whole
    recorded.mine(recorded.lines)
    assert recorded.content() == whole
