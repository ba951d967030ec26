"""At which similarity two siblings are one attribute: labelled pairs beside the cosine of their embeddings.

    python benchmarks/merge_threshold.py

The pairs stand in sibling_pairs.jsonl: two names under one parent, and whether one attribute would do for
both. Their origin is "bundled" (both names stand in the bundled tree, as siblings or one below the other),
"respelled" (one name is another way to name an attribute, or what is below it) or "qualified" (children of
one node of the bundled tree, named as one level higher: with the node's name before their own).

Siblings of the bundled tree were chosen by the cosine of their names, the alike ones first, so precision on
these pairs is of a hard mixture. Recall beside the share of all siblings of the bundled tree is not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path as File
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Path, Tree, shown
from deeppersona_graph.settings import load_settings
from deeppersona_graph.taxonomy.bundled import load_bundle

PAIRS = File(__file__).resolve().parent / "sibling_pairs.jsonl"
THRESHOLDS = tuple(percent / 100 for percent in range(50, 100, 5))
USUAL = 0.70
SURELY = 0.99
"""The precision from which nobody need be asked."""
DRAWS = 2000
SHOWN = 15
TAKEN = (0.001, 0.0025, 0.01, 0.03, 0.1)
"""Shares of the bundled tree's siblings at which quantities are compared."""
SMALL = frozenset(
    ("a", "and", "at", "by", "for", "how", "in", "is", "it", "of", "on", "or", "the", "to", "with")
)
QUANTITIES = ("name", "path", "name and description")

Label = Literal["same", "different", "parent-child"]
LABELS: tuple[Label, ...] = ("same", "parent-child", "different")
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two names under one parent."""

    parent: Path
    a: str
    b: str
    label: Label
    origin: str
    broader: str | None = None

    @property
    def paths(self) -> tuple[Path, Path]:
        return (*self.parent, self.a), (*self.parent, self.b)


def main() -> None:
    pairs = read_pairs()
    tree = load_bundle().tree
    embedder = load_embedder(load_settings())
    told = Counter((pair.label, pair.origin) for pair in pairs)
    print(f"{len(pairs)} pairs: " + ", ".join(f"{n} {label}, {o}" for (label, o), n in sorted(told.items())))
    similarities = {quantity: alike(embedder, texts(pairs, quantity, tree)) for quantity in QUANTITIES}
    for quantity, found in similarities.items():
        print(f"\nBy {quantity}:\n")
        precision_and_recall(pairs, found)
    names = similarities["name"]
    spread(pairs, names)
    sure(pairs, names)
    print()
    surprises(pairs, names)
    print()
    whole_tree(pairs, similarities, tree, embedder)


def read_pairs() -> list[Pair]:
    """The labelled pairs, in the order of the file."""
    with PAIRS.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [Pair(**{**record, "parent": tuple(record["parent"])}) for record in records]


def texts(pairs: Sequence[Pair], quantity: str, tree: Tree) -> list[tuple[str, str]]:
    """What is embedded of the two names of each pair."""
    if quantity == "name":
        return [(pair.a, pair.b) for pair in pairs]
    if quantity == "path":
        return [(shown(pair.paths[0]), shown(pair.paths[1])) for pair in pairs]
    described = {attribute.path: attribute.description for attribute in tree.attributes}
    return [(_described(pair, 0, described), _described(pair, 1, described)) for pair in pairs]


def alike(embedder: Embedder, both: Sequence[tuple[str, str]]) -> Floats:
    """The raw cosine of each two texts."""
    first = embedder.embed([one for one, _ in both]).astype(np.float64)
    second = embedder.embed([other for _, other in both]).astype(np.float64)
    cosines: Floats = (first * second).sum(axis=1)
    return cosines


def precision_and_recall(pairs: Sequence[Pair], similarities: Floats) -> None:
    """Prints how well each threshold tells "same" from the rest, with 95 % intervals at the usual one."""
    same = np.array([pair.label == "same" for pair in pairs])
    print("| threshold | precision | recall | F1 |\n|---|---|---|---|")
    for threshold in THRESHOLDS:
        precision, recall = _rates(same, similarities >= threshold)
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        print(f"| {threshold:.2f} | {precision:.3f} | {recall:.3f} | {f1:.3f} |")
    rng = np.random.default_rng(1)
    drawn = [rng.integers(len(pairs), size=len(pairs)) for _ in range(DRAWS)]
    rates = np.array([_rates(same[some], similarities[some] >= USUAL) for some in drawn])
    low, high = np.nanpercentile(rates, [2.5, 97.5], axis=0)
    print(
        f"\nat {USUAL:.2f}, 95 % of {DRAWS} resamples: "
        f"precision {low[0]:.3f} to {high[0]:.3f}, recall {low[1]:.3f} to {high[1]:.3f}"
    )


def spread(pairs: Sequence[Pair], similarities: Floats) -> None:
    """Prints how many pairs of each label lie in each band."""
    print("\n| cosine of names | " + " | ".join(LABELS) + " |\n|---|---|---|---|")
    edges = (-1.0, 0.30, 0.40, *THRESHOLDS, 1.01)
    for low, high in pairwise(edges):
        counted = Counter(
            pair.label for pair, found in zip(pairs, similarities, strict=True) if low <= found < high
        )
        band = f"below {high:.2f}" if low < 0 else f"from {low:.2f}"
        print(f"| {band} | " + " | ".join(str(counted[label]) for label in LABELS) + " |")


def sure(pairs: Sequence[Pair], similarities: Floats) -> None:
    """Prints from where on "same" may be taken for granted, and what must be asked about below."""
    same = np.array([pair.label == "same" for pair in pairs])
    origins = np.array([pair.origin for pair in pairs])
    selections: dict[str, NDArray[np.bool_]] = {
        "all pairs": np.ones(len(pairs), dtype=bool),
        "without the qualified": origins != "qualified",
    }
    print(
        "\n| of | lowest with precision 0.99 | pairs above | precision surely above | same from 0.70 to it "
        "| same below 0.70 |\n|---|---|---|---|---|---|"
    )
    for name, chosen in selections.items():
        found, wanted = similarities[chosen], same[chosen]
        candidates = [t for t in np.unique(found) if _rates(wanted, found >= t)[0] >= SURELY]
        below = (found[wanted] < USUAL).mean()
        if not candidates:
            print(f"| {name} | none | | | | {below:.1%} |")
            continue
        lowest, taken = candidates[0], int((found >= candidates[0]).sum())
        doubtful = ((found[wanted] >= USUAL) & (found[wanted] < lowest)).mean()
        least = f"{0.05 ** (1 / taken):.2f}" if wanted[found >= lowest].all() else ""
        print(f"| {name} | {lowest:.3f} | {taken} | {least} | {doubtful:.1%} | {below:.1%} |")
    worded = np.array([bool(_words(pair.a) & _words(pair.b)) for pair in pairs])
    print("\n| same pairs | count | at or above 0.70 |\n|---|---|---|")
    for name, chosen in {"that share a word": same & worded, "that share none": same & ~worded}.items():
        print(f"| {name} | {chosen.sum()} | {(similarities[chosen] >= USUAL).mean():.1%} |")


def surprises(pairs: Sequence[Pair], similarities: Floats) -> None:
    """Prints the pairs that are not the same and most alike, and those that are and least alike."""
    rows = sorted(
        zip(similarities.tolist(), pairs, strict=True), key=lambda row: (row[0], row[1].paths), reverse=True
    )
    others = [row for row in rows if row[1].label != "same"][:SHOWN]
    ones = [row for row in rows if row[1].label == "same"][-SHOWN:]
    print("| cosine | label | a | b | below |\n|---|---|---|---|---|")
    for cosine, pair in [*others, *reversed(ones)]:
        print(f"| {cosine:.3f} | {pair.label} | {pair.a} | {pair.b} | {shown(pair.parent)} |")


def whole_tree(
    pairs: Sequence[Pair], similarities: Mapping[str, Floats], tree: Tree, embedder: Embedder
) -> None:
    """Prints how many siblings of the bundled tree a threshold takes, domains aside, and what it finds."""
    families: dict[Path, list[Path]] = {}
    for attribute in tree.attributes:
        if len(attribute.path) > 1:
            families.setdefault(attribute.path[:-1], []).append(attribute.path)
    deep = [family for parent, family in families.items() if len(parent) >= 3]
    counts: dict[str, Floats] = {
        "siblings, by name": _cosines(embedder, families.values(), lambda path: path[-1]),
        "siblings, by path": _cosines(embedder, families.values(), shown),
        "named one level higher, by name": _cosines(embedder, deep, lambda path: f"{path[-2]} {path[-1]}"),
    }
    limits = (0.70, 0.80, 0.85, 0.90, 0.92, 0.95, 0.96)
    print(
        "| pairs of the bundled tree | count | " + " | ".join(f"above {t:.2f}" for t in limits) + " | most |"
    )
    print("|---|---|" + "---|" * (len(limits) + 1))
    for name, found in counts.items():
        shares = " | ".join(f"{(found > t).mean():.2%} ({(found > t).sum()})" for t in limits)
        print(f"| {name} | {len(found)} | {shares} | {found.max():.3f} |")
    print("\n| share of siblings taken | threshold, name | recall | threshold, path | recall |")
    print("|---|---|---|---|---|")
    same = np.array([pair.label == "same" for pair in pairs])
    for share in TAKEN:
        row = []
        for quantity in ("name", "path"):
            threshold = np.quantile(counts[f"siblings, by {quantity}"], 1 - share)
            row += [f"{threshold:.3f}", f"{(similarities[quantity][same] >= threshold).mean():.3f}"]
        print(f"| {share:.2%} | " + " | ".join(row) + " |")


def _words(name: str) -> frozenset[str]:
    """The words of a name, save the smallest."""
    return frozenset(name.casefold().split()) - SMALL


def _described(pair: Pair, which: Literal[0, 1], described: dict[Path, str]) -> str:
    """The name with its description in the bundled tree: where it stands, or below its sibling."""
    path, sibling = pair.paths[which], pair.paths[1 - which]
    if path in described:
        description = described[path]
    else:
        below = [text for p, text in described.items() if p[-1] == path[-1] and p[: len(sibling)] == sibling]
        description = below[0] if len(below) == 1 else ""
    return f"{path[-1]}: {description}" if description else path[-1]


def _rates(same: NDArray[np.bool_], merged: NDArray[np.bool_]) -> tuple[float, float]:
    """Precision and recall of merging; precision is not a number where nothing is merged."""
    right, taken, wanted = int((same & merged).sum()), int(merged.sum()), int(same.sum())
    return (right / taken if taken else float("nan")), (right / wanted if wanted else float("nan"))


def _cosines(embedder: Embedder, families: Collection[list[Path]], text: Callable[[Path], str]) -> Floats:
    """The raw cosines of all pairs within each family."""
    paths = [path for family in families for path in family]
    vectors = dict(zip(paths, embedder.embed([text(path) for path in paths]), strict=True))
    return np.array(
        [
            float(vectors[one] @ vectors[other])
            for family in families
            for one, other in combinations(family, 2)
        ]
    )


if __name__ == "__main__":
    main()
