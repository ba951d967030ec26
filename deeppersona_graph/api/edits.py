"""The part of the API that changes a taxonomy, and takes changes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Row
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.taxonomy.editing import places, undo
from deeppersona_graph.taxonomy.editing.constraining import Relation, constrain, parse_side
from deeppersona_graph.taxonomy.editing.merge import merge
from deeppersona_graph.taxonomy.editing.perform import Edit, Workplace
from deeppersona_graph.taxonomy.editing.spaces import Space, describe
from deeppersona_graph.taxonomy.editing.splitting import Part, split
from deeppersona_graph.taxonomy.history import MOST, Entry, diff, read_log, snapshots, version_named
from deeppersona_graph.taxonomy.log.tell import Difference


class Edits(Connected):
    """Edits of a taxonomy, each one transaction with its entry in the log.

    Attributes are named as everywhere: by name where that is unique, else by path. With `dry`, an edit is
    done and taken back, and what it would touch is told.
    """

    def add(
        self,
        name: str,
        *,
        under: str | None = None,
        space: Space | None = None,
        taxonomy: str | None = None,
        dry: bool = False,
    ) -> Edit:
        """Add an attribute `under` another, or as a root."""

        def edit(place: Workplace, tree: Tree) -> Edit:
            parent = None if under is None else find_attribute(tree, under)
            return places.add(place, name, parent, space or Space())

        return self._edit(taxonomy, dry, edit)

    def rename(self, attribute: str, name: str, *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Give an attribute another name; the former one becomes an alias."""
        return self._edit(
            taxonomy, dry, lambda place, tree: places.rename(place, find_attribute(tree, attribute), name)
        )

    def move(
        self, attribute: str, under: str | None, *, taxonomy: str | None = None, dry: bool = False
    ) -> Edit:
        """Hang an attribute, with all below it, `under` another; None makes it a root."""

        def edit(place: Workplace, tree: Tree) -> Edit:
            parent = None if under is None else find_attribute(tree, under)
            return places.move(place, find_attribute(tree, attribute), parent)

        return self._edit(taxonomy, dry, edit)

    def merge(
        self,
        keep: str,
        gone: Sequence[str],
        *,
        name: str | None = None,
        taxonomy: str | None = None,
        dry: bool = False,
    ) -> Edit:
        """Make one attribute of several, with all that hangs on them."""

        def edit(place: Workplace, tree: Tree) -> Edit:
            return merge(place, tree, find_attribute(tree, keep), _several(tree, gone), name)

        return self._edit(taxonomy, dry, edit)

    def split(
        self,
        attribute: str,
        parts: Sequence[Part],
        *,
        below: bool = False,
        taxonomy: str | None = None,
        dry: bool = False,
    ) -> Edit:
        """Make several attributes of one, each with some of its values and the people who have these."""

        def edit(place: Workplace, tree: Tree) -> Edit:
            return split(place, find_attribute(tree, attribute), parts, below=below)

        return self._edit(taxonomy, dry, edit)

    def retire(self, attributes: Sequence[str], *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Take attributes, with all below them, out of generation."""
        return self._edit(taxonomy, dry, lambda place, tree: places.retire(place, _several(tree, attributes)))

    def restore(self, attributes: Sequence[str], *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Take retired attributes back into generation."""
        return self._edit(
            taxonomy, dry, lambda place, tree: places.restore(place, _several(tree, attributes))
        )

    def describe(
        self, attribute: str, space: Space, *, taxonomy: str | None = None, dry: bool = False
    ) -> Edit:
        """Say anew what an attribute asks, and which values it admits."""
        return self._edit(
            taxonomy, dry, lambda place, tree: describe(place, find_attribute(tree, attribute), space)
        )

    def constrain(
        self,
        subject: str,
        relation: Relation,
        objects: Sequence[str],
        *,
        remove: bool = False,
        taxonomy: str | None = None,
        dry: bool = False,
    ) -> Edit:
        """Let a value exclude, imply or require others, or an attribute require them.

        Sides are `Attribute`, `Attribute=value`, `Attribute>=number` or `Attribute<=number`.
        """

        def edit(place: Workplace, tree: Tree) -> Edit:
            sides = [parse_side(tree, one) for one in objects]
            return constrain(place, parse_side(tree, subject), relation, sides, remove=remove)

        return self._edit(taxonomy, dry, edit)

    def bias(self, attribute: str, factor: float, *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Let a branch be drawn more often, or less, in every walk."""
        return self._edit(
            taxonomy, dry, lambda place, tree: places.bias(place, find_attribute(tree, attribute), factor)
        )

    def undo(self, version: int | None = None, *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Take a change back: the last one that stands, or that of a version."""
        return self._edit(taxonomy, dry, lambda place, _: undo.undo(place, version))

    def undo_by_hand(self, *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Take back what was edited by hand and not taken in yet, also where that is no tree any more."""
        name = taxonomy or self.settings.taxonomy
        self._make_ready(name)
        return undo.undo_by_hand(Workplace(self.graph, name, self.embedder, dry))

    def restore_version(self, version: int | str, *, taxonomy: str | None = None, dry: bool = False) -> Edit:
        """Bring the tree back to a version, or to the snapshot of that name."""

        def edit(place: Workplace, tree: Tree) -> Edit:
            named = version if isinstance(version, str) else None
            number = version_named(self.graph, tree.name, version) if isinstance(version, str) else version
            if not 1 <= number < tree.version:
                raise InputError(
                    f"version {number} of {tree.name!r}: expected one from 1 to {tree.version - 1}, before "
                    "the present one"
                )
            return undo.restore_version(place, number, name=named)

        return self._edit(taxonomy, dry, edit)

    def log(self, taxonomy: str | None = None, limit: int = MOST) -> list[Entry]:
        """The changes of a taxonomy, the newest first."""
        return read_log(self.graph.read, self._synced(taxonomy)[0], limit)

    def diff(
        self, since: int | str | None = None, until: int | str | None = None, *, taxonomy: str | None = None
    ) -> list[Difference]:
        """What differs between two versions, given by number or by the name of a snapshot.

        Without `until`, to the present one; without both, what the last change did.
        """
        name, version = self._synced(taxonomy)

        def numbered(one: int | str | None, otherwise: int) -> int:
            if one is None:
                return otherwise
            return version_named(self.graph, name, one) if isinstance(one, str) else one

        last = numbered(until, version)
        return diff(self.graph, name, numbered(since, max(1, last - 1)), last)

    def snapshot(self, name: str, taxonomy: str | None = None) -> int:
        """Give the present version a name, by which it can be compared and restored; the version."""
        if not name.strip():
            raise InputError("the snapshot has no name; give some words")
        return undo.take_snapshot(self.graph, self._synced(taxonomy)[0], name)

    def snapshots(self, taxonomy: str | None = None) -> Sequence[Row]:
        """The versions that have a name: name, version and time."""
        return snapshots(self.graph, self._synced(taxonomy)[0])

    def _edit(self, taxonomy: str | None, dry: bool, edit: Callable[[Workplace, Tree], Edit]) -> Edit:
        tree = self._in_step(taxonomy)
        return edit(Workplace(self.graph, tree.name, self.embedder, dry), tree)


def _several(tree: Tree, names: Sequence[str]) -> list[Attribute]:
    return [find_attribute(tree, name) for name in names]
