"""What a mining run did, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deeppersona_graph.model.tree import Path as TreePath
from deeppersona_graph.model.tree import shown
from deeppersona_graph.taxonomy.figures import Figures
from deeppersona_graph.taxonomy.mining.filter import Verdict
from deeppersona_graph.taxonomy.mining.grow import Node
from deeppersona_graph.taxonomy.mining.plan import Changes
from deeppersona_graph.taxonomy.mining.questions import PERSONAL, Classified
from deeppersona_graph.taxonomy.mining.review import Second

State = Literal["finished", "unchanged", "waiting"]


@dataclass
class MiningReport:
    """Counts of one run over all dialogues that the taxonomy was ever mined from, in order of the steps."""

    taxonomy: str
    state: State = "waiting"
    version: int = 0
    exchanges: int = 0
    """Distinct ones, those of earlier runs included."""
    new: int = 0
    """Of these, the ones that no earlier run saw."""
    classes: dict[str, int] = field(default_factory=dict)
    mentions: int = 0
    """Attribute-value pairs that were extracted."""
    proposed: int = 0
    """Distinct paths among them."""
    verdicts: dict[str, int] = field(default_factory=dict)
    """Proposed paths that were kept, rewritten, pruned or dropped by the first filter."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Why those were dropped, by path as shown."""
    merged: int = 0
    """Names that became one with another of its siblings."""
    compared: int = 0
    """Pairs of names that the model was asked about."""
    second: list[str] = field(default_factory=list)
    """What the second filter did, a line each."""
    moved: int = 0
    united: int = 0
    removed: int = 0
    expanded: int = 0
    """Attributes proposed for thin branches."""
    refused: dict[str, str] = field(default_factory=dict)
    """Proposals for thin branches that were refused, with the reason, by path as shown."""
    attributes: int = 0
    """That mining brought and that are in the tree now."""
    created: int = 0
    gone: int = 0
    renamed: int = 0
    described: int = 0
    figures: Figures | None = None
    """Of the tree as it is now; None where the run waits."""
    failed: dict[str, str] = field(default_factory=dict)
    """Questions without a usable answer, with the reason."""
    waiting: int = 0
    files: tuple[Path, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the tree was."""
        return self.state == "finished"

    def note_classes(self, classified: Iterable[Classified]) -> None:
        counted = Counter(one.personalizable for one in classified)
        self.classes = {name: counted[name] for name in PERSONAL}

    def note_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        counted = Counter(one.state for one in verdicts)
        self.proposed = len(verdicts)
        self.verdicts = {name: counted[name] for name in ("kept", "rewritten", "pruned", "dropped")}
        self.dropped = {shown(one.proposed): "; ".join(one.steps) for one in verdicts if one.kept is None}

    def note_merging(self, roots: Sequence[Node], compared: int) -> None:
        names = [len({atom.path[-1] for atom in node.atoms}) for root in roots for _, node in root.walk()]
        self.merged, self.compared = sum(names) - len(names), compared

    def note_second(self, second: Second, lines: list[str]) -> None:
        self.second = lines
        self.moved, self.united, self.removed = (
            len(second.moved), len(second.united), len(second.dropped),
        )  # fmt: skip

    def note_refused(self, refused: Sequence[tuple[TreePath, str]]) -> None:
        self.refused = {shown(path): why for path, why in refused}

    def note_changes(self, changes: Changes) -> None:
        self.created = len(changes.create)
        self.gone = len(changes.remove) + sum(len(merge.gone) for merge in changes.merges)
        self.renamed = len(changes.renamed)
        self.described = sum(1 for a in changes.create if a.description) + len(changes.spaces)
