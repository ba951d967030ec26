"""Texts of many kinds and the vectors sentence-transformers gives them, to judge another way of computing.

For the default model they were recorded (`reference.npz`), so that the judgement needs no torch; a test
compares the record with sentence-transformers itself.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np

from deeppersona_graph.embedding.find import DEFAULT
from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.embedding.protocol import Vectors

_SENTENCE = "A nurse of 34 from Halifax works nights, sings in a choir, and writes letters to her brother. "

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "tea",
    "Tea Ritual",
    "TEA RITUAL",
    "never",
    "almost every day",
    "0",
    "42",
    "3.14159",
    "1,250,000 CAD",
    "Physical and Health Characteristics",
    "Physical and Health Characteristics > Sleep > Time of waking",
    "Lifestyle > Food > Breakfast > What is spread on bread",
    "Lifestyle > Food > Breakfast > What is drunk",
    "Work > Commute > Means of transport",
    "Beliefs > Religion > Frequency of prayer",
    "Prefers window seats; dislikes small talk; tips well.",
    "What does she value most? Fairness, and being left in peace.",
    'She said: "I\'d rather walk." Then she walked, twelve kilometres, in the rain.',
    "vélo, café, crème brûlée, Übergröße, naïveté",
    "Zürich São Paulo Kraków İstanbul",
    "日本の茶道",
    "Чай по утрам",
    "شاي الصباح",
    "नमस्ते दुनिया",
    "🙂 🚲 👩‍👩‍👧",
    "a\tb\nc\r\nd\u00a0e\u200bf",
    "http://example.org/path?query=1#part",
    "user@example.org",
    "[CLS] [SEP] [MASK] [PAD] [UNK]",
    '{"name": "Tea Ritual", "values": [1, 2, 3]}',
    "supercalifragilisticexpialidocious",
    "x" * 150,
    "not bad, not good, not not bad",
    "!!! ??? ... --- ///",
    _SENTENCE,
    _SENTENCE * 3,
    _SENTENCE * 6,
    _SENTENCE * 9 + "One sentence more, which reaches over the edge of what the model reads.",
    "word " * 253,
    "word " * 254,
    "word " * 255,
    "word " * 1000,
)


def expected_vectors(model: ModelFolder) -> Vectors:
    """The vectors that sentence-transformers gives `TEXTS`; loads it unless the model is the default one."""
    if model.name == DEFAULT:
        with files(__package__).joinpath("reference.npz").open("rb") as stream:
            recorded: Vectors = np.load(stream)["vectors"]
        return recorded
    return compute_vectors(model)


def compute_vectors(model: ModelFolder) -> Vectors:
    """What sentence-transformers itself gives `TEXTS`."""
    from deeppersona_graph.embedding.sentence_model import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(model).embed(TEXTS)


def record(model: ModelFolder, file: Path) -> None:
    """Write the record anew, after a change of `TEXTS` or of the default model."""
    np.savez(file, vectors=compute_vectors(model))
