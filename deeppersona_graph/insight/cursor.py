"""A place in the text of an expression, and what stands there: words, signs, and what is in quotes."""

from __future__ import annotations

import re
from typing import NoReturn

from deeppersona_graph.errors import InputError, shorten

_WORD = r"(?:and|or)(?=[\s(\"'~]|$)"
_WORDS = re.compile(rf"{_WORD}|not(?=[\s(\"'~]|$)", re.IGNORECASE)
_OPERATOR = re.compile(r"!=|<=|>=|=|<|>|~")
_QUOTED = re.compile(r"\"((?:[^\"]|\"\")*)\"|'((?:[^']|'')*)'")

NAME_END = re.compile(rf"\s*(?:!=|<=|>=|=|<|>|~|\)|$)|\s+{_WORD}", re.IGNORECASE)
"""Where the name of an attribute may end."""

VALUE_END = re.compile(rf"\s*(?:\)|$)|\s+{_WORD}", re.IGNORECASE)
"""Where a value may end."""


class Cursor:
    """Goes through a text from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def done(self) -> bool:
        """Pass over space; whether nothing is left."""
        self.at = len(self.text) - len(self.text[self.at :].lstrip())
        return self.at >= len(self.text)

    def word(self, word: str) -> bool:
        """Pass over one of the words `and`, `or`, `not`; whether it stood here."""
        self.done()
        match = _WORDS.match(self.text, self.at)
        if match is None or match[0].casefold() != word:
            return False
        self.at = match.end()
        return True

    def at_word(self) -> bool:
        """Whether one of these words stands here."""
        return _WORDS.match(self.text, self.at) is not None

    def sign(self, sign: str) -> bool:
        """Pass over a sign; whether it stood here."""
        if self.done() or self.text[self.at] != sign:
            return False
        self.at += 1
        return True

    def operator(self) -> str | None:
        """Pass over an operator, and give it; None where there is none."""
        match = _OPERATOR.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[0]

    def quoted(self) -> str | None:
        """Pass over what is in quotes, and give it; None where there are no quotes."""
        if self.text[self.at : self.at + 1] not in ('"', "'"):
            return None
        match = _QUOTED.match(self.text, self.at)
        if match is None:
            raise InputError(f"{self.place()}: the quote is not closed; write another at its end")
        self.at = match.end()
        quote = match[0][0]
        return match[0][1:-1].replace(quote * 2, quote)

    def plain_value(self) -> str:
        """Pass over what is in quotes, or else goes on to the end of the comparison, and give it."""
        quoted = self.quoted()
        if quoted is not None:
            return quoted
        end = self.ends(VALUE_END)[-1]
        text, self.at = self.text[self.at : end], end
        return text

    def ends(self, pattern: re.Pattern[str]) -> list[int]:
        """Where what begins here may end, the furthest first."""
        found = {match.start() for match in pattern.finditer(self.text, self.at) if match.start() > self.at}
        last = len(self.text.rstrip())
        return sorted(found | {last if last > self.at else len(self.text)}, reverse=True)

    def place(self) -> str:
        """Where this is, for a message."""
        return f"in {shorten(self.text)!r} at character {self.at + 1}"

    def fail(self, expected: str) -> NoReturn:
        """Raise `InputError` with the place, what was expected, and what stands here."""
        rest = self.text[self.at :]
        found = repr(shorten(rest, 30)) if rest.strip() else "the end"
        raise InputError(f"{self.place()}: expected {expected}, found {found}")
