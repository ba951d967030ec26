"""The profile vector: what attributes are compared with (DESIGN §5).

It is the normalised mean of the vectors of the situation, the values, the attitude, each story and the
interests, each within the model's window. Run as a module, this one writes the centre of the default model.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.persona import InnerCore
from deeppersona_graph.model.situation import Conditions, Situation
from deeppersona_graph.personas.inner_core import GivenInner, attitude_text, draw_inner_core
from deeppersona_graph.personas.situation import draw_situation

Vector = NDArray[np.float32]

PANEL = 64
"""People whose mean profile is the centre that a persona's profile is measured from."""

_NOUNS = {"female": "woman", "male": "man", "non-binary": "non-binary person"}


def profile_texts(
    situation: Situation, inner: InnerCore, given: Sequence[str] = (), biography: str | None = None
) -> list[str]:
    """The texts whose vectors make the profile; `given` are further anchors as `Name: value`."""
    texts = [
        situation_sentence(situation),
        inner.values,
        attitude_text(inner),
        *inner.stories,
        ", ".join(inner.interests),
    ]
    if given:
        texts.append("; ".join(given))
    if biography:
        texts.append(biography)
    return texts


def situation_sentence(situation: Situation) -> str:
    """The situation in one sentence of the third person, without the name."""
    noun = _NOUNS.get(situation.sex, "person")
    place = f"{situation.city}, {situation.country_name}"
    return (
        f"A {situation.age}-year-old {noun} in {place} ({situation.settlement}), {work_in_words(situation)}, "
        f"{situation.education} education, {situation.partnership}, {situation.parenthood}, "
        f"living {situation.household}, {situation.income} income, religion: {situation.faith}."
    )


def work_in_words(situation: Situation) -> str:
    """What the person does or did, such as "retired, formerly train driver"."""
    if not situation.occupation:
        return situation.employment
    if situation.employment in ("employed", "self-employed"):
        return f"{situation.employment} as {situation.occupation}"
    return f"{situation.employment}, formerly {situation.occupation}"


def profile_vectors(embedder: Embedder, texts: Sequence[Sequence[str]]) -> list[Vector]:
    """The unit profile vector of each list of texts, shape (dimensions,)."""
    vectors = embedder.embed([text for of_one in texts for text in of_one])
    found, start = [], 0
    for of_one in texts:
        mean = vectors[start : start + len(of_one)].mean(axis=0, dtype=np.float64)
        found.append((mean / np.linalg.norm(mean)).astype(np.float32))
        start += len(of_one)
    return found


def centre(embedder: Embedder) -> Vector:
    """The mean profile of a fixed panel of people from the tables, shape (dimensions,), not normalised.

    Values are tilted by how far a persona's profile leans from it, so that over a population the tilts
    even out and shares keep near their base rates. The default model's comes with the package.
    """
    with as_file(_stored_centre()) as path, np.load(path) as stored:
        if str(stored["model"]) == embedder.model:
            known: Vector = stored["centre"]
            return known
    return panel_centre(embedder)


def panel_centre(embedder: Embedder) -> Vector:
    """The same, computed."""
    panel = []
    for number in range(PANEL):
        situation = draw_situation(number, Conditions(), "population")
        inner = draw_inner_core(number, situation, GivenInner(), lambda _text, _texts: 0)
        panel.append(profile_texts(situation, inner))
    vectors = np.stack(profile_vectors(embedder, panel))
    mean: Vector = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _stored_centre() -> Traversable:
    return files("deeppersona_graph").joinpath("data", "tree", "centre.npz")


if __name__ == "__main__":
    from deeppersona_graph.embedding.load import load_embedder
    from deeppersona_graph.settings import load_settings

    default = load_embedder(load_settings())
    with as_file(_stored_centre()) as target:
        np.savez(target, model=np.array(default.model), centre=panel_centre(default))
