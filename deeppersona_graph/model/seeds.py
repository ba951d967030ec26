"""Reproducible randomness: streams derived from a seed and a label by a cryptographic hash.

A stream depends on its labels alone, so an outcome does not depend on how work was batched or ordered.
"""

from __future__ import annotations

import hashlib
import json
import random

MODULUS = 2**31 - 1
"""The Mersenne prime over which a persona's uniforms are formed."""
GOLDEN = 0.6180339887498949
"""Fractional part of the golden ratio: steps of it fill the unit interval evenly (Weyl's sequence)."""


def digest(*labels: str | int) -> bytes:
    """32 bytes that depend on the labels and on nothing else."""
    return hashlib.blake2b(json.dumps(labels, ensure_ascii=False).encode(), digest_size=32).digest()


def stream(*labels: str | int) -> random.Random:
    """A random generator of its own for these labels."""
    return random.Random(int.from_bytes(digest("stream", *labels)))


def persona_seed(seed: int, index: int) -> int:
    """The 63-bit seed of the persona number `index` of a run with `seed`."""
    return int.from_bytes(digest("persona", seed, index)[:8]) >> 1


def multipliers(seed: int, purpose: str) -> tuple[int, int]:
    """`(a, b)` with 0 < a < M and 0 <= b < M, for `((draw·a + b) mod M + 1) / 2³¹`."""
    hashed = digest("multipliers", purpose, seed)
    return int.from_bytes(hashed[:8]) % (MODULUS - 1) + 1, int.from_bytes(hashed[8:16]) % MODULUS


def draw_of(identity: str) -> int:
    """The stored 31-bit `draw` of a node: a hash of its id alone, in [0, M)."""
    return int.from_bytes(digest("draw", identity)[:8]) % MODULUS


def uniform(draw: int, a: int, b: int) -> float:
    """The uniform in (0, 1) that Cypher forms from a stored draw."""
    return ((draw * a + b) % MODULUS + 1) / 2147483648.0
