"""The part of the API about taxonomies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.llm.means import Via, open_means
from deeppersona_graph.llm.report import Report
from deeppersona_graph.mining import BRANCHES, Mining, open_interview
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.personas.export import whole_file
from deeppersona_graph.taxonomy.bundled import NAME
from deeppersona_graph.taxonomy.dialogues import open_dialogues
from deeppersona_graph.taxonomy.export import Format as TreeFormat
from deeppersona_graph.taxonomy.export import form_of, write_tree
from deeppersona_graph.taxonomy.figures import Figures, count_exchanges, figures
from deeppersona_graph.taxonomy.formats import check_taxonomy
from deeppersona_graph.taxonomy.mining.consolidate import Consolidation, consolidate
from deeppersona_graph.taxonomy.mining.grow import SURE
from deeppersona_graph.taxonomy.mining.likeness import THRESHOLD
from deeppersona_graph.taxonomy.mining.why import Why, why
from deeppersona_graph.taxonomy.outline import outline
from deeppersona_graph.taxonomy.provide import (
    embed_anew,
    import_files,
    provide_roots,
)
from deeppersona_graph.taxonomy.search import Hit, search
from deeppersona_graph.taxonomy.sync import SyncReport, sync


class Taxonomies(Connected):
    """Taxonomies in the graph: import and export, figures, search, mining."""

    def tree(self, taxonomy: str | None = None) -> Tree:
        """The taxonomy as it stands in the graph, hand edits taken in."""
        return self._synchronised(taxonomy or self.settings.taxonomy)[0]

    def sync(self, taxonomy: str | None = None) -> SyncReport:
        """Take in what was edited by hand, everything compared with the state of the last version; raises
        `TaxonomyShapeError` where what is there is no tree."""
        name = taxonomy or self.settings.taxonomy
        self._make_ready(name)
        return sync(self.graph, name, self.embedder, whole=True)

    def import_taxonomy(self, files: Path | Sequence[Path], taxonomy: str) -> Tree:
        """Import a tree file, or several as one tree, under a new name; see `formats.read_tree` for what they
        may be."""
        several = [files] if isinstance(files, Path) else files
        return import_files(self.graph, several, taxonomy, self.embedder, self._progress)

    def consolidate(
        self, taxonomy: str | None = None, *, sure: float = SURE, budget: float | None = None
    ) -> tuple[Consolidation, Report | None]:
        """Merge siblings of a taxonomy that are one, with all that hangs on them, in one transaction.

        From a raw cosine of names of `sure` on they are one without asking. Where likeness leaves a doubt,
        the model of the settings decides, for at most `budget` USD; without one, such pairs stay apart. The
        report tells what the model took.
        """
        if not THRESHOLD <= sure <= 1:
            raise InputError(f"--sure {sure:g}: expected a likeness from {THRESHOLD} to 1")
        tree, model = self.tree(taxonomy), self.settings.model
        with ExitStack() as held:
            interview, report = None, None
            if model is not None:
                means = open_means(self.settings, model, "online", budget, held)
                interview = open_interview(means, model, self.graph, tree.name, self._progress)
                report = means.report
            done = consolidate(self.graph, tree, self.embedder, interview, self._progress, sure=sure)
        return done, report

    def export_taxonomy(
        self, target: Path, taxonomy: str | None = None, form: TreeFormat | None = None
    ) -> int:
        """Write the taxonomy to a file in `form`, or in the one that its name ends in; how many nodes it has.

        Records keep everything. Raises `InputError` where the file cannot be written or its form is unknown.
        """
        chosen = form or form_of(target)
        tree = self.tree(taxonomy)
        with whole_file(target) as path:
            write_tree(tree, path, chosen, target.suffix)
        return len(tree.attributes)

    def embed(self, taxonomy: str | None = None) -> None:
        """Make all vectors of a taxonomy anew with the model of the settings."""
        embed_anew(self.graph, taxonomy or self.settings.taxonomy, self.embedder, self._progress)

    def figures(self, taxonomy: str | None = None) -> Figures:
        """Counts over the taxonomy, with its balance and its long tail."""
        tree = self.tree(taxonomy)
        return figures(tree, count_exchanges(self.graph, tree.name))

    def outline(
        self, taxonomy: str | None = None, branch: str | None = None, levels: int = 2
    ) -> list[tuple[int, Attribute, int]]:
        """The attributes at or below a branch, as (level, attribute, nodes below)."""
        tree = self.tree(taxonomy)
        return outline(tree, find_attribute(tree, branch) if branch else None, levels)

    def search(self, text: str, taxonomy: str | None = None, limit: int = 10) -> Sequence[Hit]:
        """The attributes nearest in meaning to a text."""
        return search(self.graph, self._synced(taxonomy)[0], self.embedder, text, limit)

    def mine(
        self,
        files: Sequence[Path],
        taxonomy: str,
        *,
        via: Via = "online",
        budget: float | None = None,
        branches: int = BRANCHES,
    ) -> Mining:
        """Open a run that mines dialogues into a taxonomy; a new one has the twelve domains.

        The model of the settings is asked; `budget` is in USD; for up to `branches` thin branches attributes
        are proposed. Raises `InputError` for files that cannot be read, `PrerequisiteError` for lack of a
        model.
        """
        check_taxonomy(taxonomy)
        dialogues = open_dialogues(files)

        def tree() -> Tree:
            if taxonomy != NAME:
                provide_roots(self.graph, taxonomy, self.embedder, self._progress)
            return self.tree(taxonomy)

        run = Mining(
            self.settings, self.graph, tree, self.embedder, dialogues, taxonomy, self._progress,
            via=via, budget=budget, branches=branches,
        )  # fmt: skip
        self._runs.append(run)
        return run

    def why_attribute(self, attribute: str, taxonomy: str | None = None, limit: int = 10) -> Why:
        """Why an attribute is in the tree, with at most `limit` of the exchanges at or below it."""
        tree = self.tree(taxonomy)
        return why(self.graph, tree.name, find_attribute(tree, attribute), limit)
