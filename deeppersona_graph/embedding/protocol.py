"""What every source of vectors offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors. Safe to call from several threads.

    The vector of a text depends on the text alone: neither on the other texts of the call nor on their
    order, to the last bit.
    """

    @property
    def model(self) -> str:
        """The name recorded beside stored vectors; vectors of different names must not be compared."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length for each text, shape (n, dimensions); (0, dimensions) for no text.

        Raises `EmbeddingError` where the model cannot be had.
        """
        ...
