"""How pairs of attributes relate, as a model says where there is one."""

from __future__ import annotations

from collections.abc import Collection

from deeppersona_graph.model.tree import Path
from deeppersona_graph.taxonomy.mining.interview import Interview
from deeppersona_graph.taxonomy.mining.questions import COMPARE, Compared, pair_text

_APART = Compared(number=1, relation="different", name=None, reason="nobody said they are one")


class Verdicts:
    """The decisions on pairs, by their paths; without an interview all pairs stay apart."""

    def __init__(self, interview: Interview | None) -> None:
        self._interview = interview
        self._decided: dict[tuple[Path, Path], Compared] = {}

    def __call__(self, one: Path, other: Path) -> Compared | None:
        """How the two relate; None: not decided yet."""
        return self._decided.get((one, other)) or (None if self._interview else _APART)

    def __len__(self) -> int:
        return len(self._decided)

    def ask(self, pairs: Collection[tuple[Path, Path]]) -> None:
        """Have pairs decided; those without a usable answer stay apart.

        Raises `WaitingError` where answers are outstanding.
        """
        assert self._interview is not None
        texts = {pair: pair_text(*pair) for pair in pairs}
        replies = self._interview.ask(COMPARE, texts.values(), "comparing siblings")
        self._interview.check()
        for pair, text in texts.items():
            self._decided[pair] = replies[text].value if text in replies else _APART
