"""Expressions about people: `Diet = vegan and not (Age > 40 or Chronic Conditions)`.

    either   both { or both }
    both     one { and one }
    one      not one | ( either ) | ~ "meaning" | attribute [ operator value ]
    operator = | != | < | <= | > | >= | ~

Names are data and may hold anything, ` > `, `=` and the words above too. So what is typed is compared with
the attributes that exist before it is read as anything else, and the longest that fits is taken; values
alike. Where that is not what is meant, a name or value stands in quotes, a quote within them doubled.

An attribute alone stands for itself and all below it. With a value it means itself, or, where it has no
values of its own, those below it: `=` is met by any member of a list, `!=` by having the attribute with other
values only. Numbers compare as numbers, the values of an ordinal by their order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from deeppersona_graph.errors import InputError, UnknownNameError, shorten
from deeppersona_graph.lines import listed
from deeppersona_graph.model.addressing import attributes_named, find_attribute
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown

AND, OR, NOT = -1, -2, -3

DEEPEST = 100
"""How deep parentheses, and nots, may be nested."""

Keys = Callable[[Sequence[Attribute]], Mapping[str, Iterable[str]]]
"""Gives the values that people have of some attributes, by attribute, normalised."""

_OPERATOR = re.compile(r"!=|<=|>=|=|<|>|~")
_WORD = r"(?:and|or)(?=[\s(\"'~]|$)"
_NAME_END = re.compile(rf"\s*(?:!=|<=|>=|=|<|>|~|\)|$)|\s+{_WORD}", re.IGNORECASE)
_VALUE_END = re.compile(rf"\s*(?:\)|$)|\s+{_WORD}", re.IGNORECASE)
_QUOTED = re.compile(r"\"((?:[^\"]|\"\")*)\"|'((?:[^']|'')*)'")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """What one comparison asks.

    One of the attributes is had (`has`), with one of the values (`is`), with none of them (`other`), with a
    number that compares so with the given one, or with a value near in meaning (`like`; of any attribute
    where none is named).
    """

    operator: str
    attributes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    number: float | None = None
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """Terms, and in postfix order how they are joined: the place of a term, `AND`, `OR` or `NOT`."""

    terms: tuple[Term, ...]
    program: tuple[int, ...]

    def holds(self, met: Iterable[int]) -> bool:
        """Whether it holds for somebody who meets these terms, by place."""
        known, stack = frozenset(met), list[bool]()
        for step in self.program:
            if step == NOT:
                stack.append(not stack.pop())
            elif step in (AND, OR):
                one, other = stack.pop(), stack.pop()
                stack.append((one and other) if step == AND else (one or other))
            else:
                stack.append(step in known)
        return stack[0]


def parse(tree: Tree, texts: Sequence[str], keys: Keys) -> Expression:
    """What the texts say, all of which must hold.

    Raises `InputError` with the place of what cannot be read, `UnknownNameError` with the nearest names.
    """
    if not texts:
        raise InputError("there is no expression; write one such as 'Age > 40'")
    terms: list[Term] = []
    program: list[int] = []
    for number, text in enumerate(texts):
        _Reader(tree, text, keys, terms, program).read()
        if number:
            program.append(AND)
    return Expression(tuple(terms), tuple(program))


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, tree: Tree, text: str, keys: Keys, terms: list[Term], program: list[int]) -> None:
        self._tree, self._text, self._keys = tree, text, keys
        self._terms, self._program = terms, program
        self._at = 0
        self._depth = 0

    def read(self) -> None:
        if not self._text.strip():
            raise InputError("an expression is empty; write one such as 'Age > 40'")
        self._either()
        if not self._done():
            self._fail("'and', 'or' or the end")

    def _either(self) -> None:
        self._both()
        while self._word("or"):
            self._both()
            self._program.append(OR)

    def _both(self) -> None:
        self._one()
        while self._word("and"):
            self._one()
            self._program.append(AND)

    def _one(self) -> None:
        if self._done():
            self._fail("an attribute")
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"parentheses no more than {DEEPEST} deep")
        attribute = self._attribute()
        if attribute is not None:
            self._compare(attribute)
        elif self._word("not"):
            self._one()
            self._program.append(NOT)
        elif self._sign("("):
            self._either()
            if not self._sign(")"):
                self._fail("')', 'and' or 'or'")
        elif self._sign("~"):
            self._add(Term("like", meaning=self._meaning()))
        else:
            self._compare(self._quoted_attribute())
        self._depth -= 1

    def _attribute(self) -> Attribute | None:
        """The attribute with the longest name that stands here; ambiguous ones are an error."""
        longest = _longest_name(self._tree)
        for end in self._ends(_NAME_END):
            name = self._text[self._at : end]
            if len(name) > longest:
                continue
            found = attributes_named(self._tree, name)
            if found:
                attribute = self._located(name)
                self._at = end
                return attribute
        return None

    def _quoted_attribute(self) -> Attribute:
        """The attribute whose quoted name stands here; fails for anything else."""
        start = self._at
        name = self._quoted()
        if name is None:
            if self._text[start] in "=!<>)~" or _WORDS.match(self._text, start):
                self._fail("an attribute")
            name = self._text[start : self._ends(_NAME_END)[-1]]
        after, self._at = self._at, start
        attribute = self._located(name)
        self._at = after
        return attribute

    def _located(self, name: str) -> Attribute:
        """The attribute of this name; what is wrong with it is said with the place."""
        try:
            return find_attribute(self._tree, name)
        except InputError as error:
            raise InputError(f"{self._place()}: {error}") from error

    def _compare(self, attribute: Attribute) -> None:
        """Read what follows an attribute."""
        self._done()
        match = _OPERATOR.match(self._text, self._at)
        if match is None:
            self._add(Term("has", _ids(below(self._tree, attribute))))
            return
        self._at = match.end()
        operator = match[0]
        if operator == "~":
            self._add(Term("like", _ids(below(self._tree, attribute)), meaning=self._meaning()))
        elif self._done():
            self._fail("a value")
        elif attribute.value_type == "number":
            self._add(Term(operator, (attribute.id,), number=self._number(attribute)))
        elif operator in ("=", "!="):
            holders = _holders(self._tree, attribute)
            key, holding = self._value(attribute, holders)
            equal = operator == "="
            self._add(Term("is" if equal else "other", _ids(holding if equal else holders), (key,)))
        elif attribute.value_type == "ordinal":
            self._add(Term("is", (attribute.id,), self._ranked(attribute, operator)))
        else:
            self._fail_to_compare(attribute, operator)

    def _number(self, attribute: Attribute) -> float:
        start = self._at
        text = self._plain_value()
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._at = start
            self._fail(f"a number, which {shown(attribute.path)!r} is")
        return number

    def _ranked(self, attribute: Attribute, operator: str) -> tuple[str, ...]:
        """The values of an ordinal that compare so with the one that stands here."""
        key, _ = self._value(attribute, [attribute])
        order = [normal(one.text) for one in sorted(attribute.values, key=lambda one: one.rank)]
        if key not in order:
            return ()
        place = order.index(key)
        kept = order[:place] if operator[0] == "<" else order[place + 1 :]
        return (*kept, key) if operator.endswith("=") else tuple(kept)

    def _value(self, attribute: Attribute, holders: Sequence[Attribute]) -> tuple[str, list[Attribute]]:
        """The value that stands here, and which of the attributes can have it."""
        start = self._at
        admitted = {one.id: {normal(value.text) for value in one.values} for one in holders}
        found = self._known_value(holders, admitted)
        if found is None:
            had = {one: set(keys) for one, keys in self._keys(holders).items()}
            found = self._known_value(holders, had)
            admitted = {one.id: admitted[one.id] | had.get(one.id, set()) for one in holders}
        if found is not None:
            return found
        text = self._plain_value()
        self._at = start
        known = sorted({value.text for one in holders for value in one.values})
        known = known or sorted({key for keys in admitted.values() for key in keys})
        kind = f"value of {shown(attribute.path)!r}"
        raise UnknownNameError(kind, text, nearest(text, known), hint=self._place())

    def _known_value(
        self, holders: Sequence[Attribute], known: Mapping[str, set[str]]
    ) -> tuple[str, list[Attribute]] | None:
        """The longest of the known values that stands here, in quotes or without."""
        start = self._at
        quoted = self._quoted()
        spelled = [(self._text[start:end], end) for end in _ends(_VALUE_END, self._text, start)]
        if quoted is not None:
            spelled.append((quoted, self._at))
        for text, end in spelled:
            key = normal(text)
            holding = [one for one in holders if key in known.get(one.id, ())]
            if holding:
                self._at = end
                return key, holding
        self._at = start
        return None

    def _plain_value(self) -> str:
        """What stands here in quotes, or up to the end of the comparison."""
        quoted = self._quoted()
        if quoted is not None:
            return quoted
        end = self._ends(_VALUE_END)[-1]
        text, self._at = self._text[self._at : end], end
        return text

    def _meaning(self) -> str:
        if self._done() or not (text := self._plain_value().strip()):
            self._fail("what it is to mean, in quotes")
        return text

    def _quoted(self) -> str | None:
        """The text in quotes that stands here; None where there are no quotes."""
        if self._text[self._at : self._at + 1] not in ('"', "'"):
            return None
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            raise InputError(f"{self._place()}: the quote is not closed; write another at its end")
        self._at = match.end()
        quote = match[0][0]
        return match[0][1:-1].replace(quote * 2, quote)

    def _add(self, term: Term) -> None:
        self._program.append(len(self._terms))
        self._terms.append(term)

    def _ends(self, pattern: re.Pattern[str]) -> list[int]:
        return _ends(pattern, self._text, self._at)

    def _done(self) -> bool:
        """Pass over space; whether nothing is left."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at >= len(self._text)

    def _word(self, word: str) -> bool:
        self._done()
        match = _WORDS.match(self._text, self._at)
        if match is None or match[0].casefold() != word:
            return False
        self._at = match.end()
        return True

    def _sign(self, sign: str) -> bool:
        if self._done() or self._text[self._at] != sign:
            return False
        self._at += 1
        return True

    def _place(self) -> str:
        return f"in {shorten(self._text)!r} at character {self._at + 1}"

    def _fail(self, expected: str) -> NoReturn:
        rest = self._text[self._at :]
        found = repr(shorten(rest, 30)) if rest.strip() else "the end"
        raise InputError(f"{self._place()}: expected {expected}, found {found}")

    def _fail_to_compare(self, attribute: Attribute, operator: str) -> NoReturn:
        place, name, text = self._place(), shown(attribute.path), self._plain_value()
        under = [one.name for one in below(self._tree, attribute)[1:]]
        if operator == ">" and under and not _is_number(text):
            kind, hint = f"attribute below {name!r}", f"{place}; below it are {listed(under)}"
            raise UnknownNameError(kind, text, nearest(text, under), hint=hint)
        kind = attribute.value_type or "a branch"
        raise InputError(f"{place}: {name!r} is no number ({kind}); compare it with = or !=")


_WORDS = re.compile(r"(?:and|or|not)(?=[\s(\"'~]|$)", re.IGNORECASE)


def below(tree: Tree, attribute: Attribute) -> list[Attribute]:
    """An attribute and all below it."""
    found = [attribute]
    for one in found:
        found += tree.children.get(one.path, ())
    return found


def _holders(tree: Tree, attribute: Attribute) -> list[Attribute]:
    """Those that a value may be of: the attribute, or, of a branch, those below it that have values."""
    if attribute.value_type is not None or attribute.path not in tree.children:
        return [attribute]
    return [
        one
        for one in below(tree, attribute)[1:]
        if one.value_type is not None or one.path not in tree.children
    ]


def _ids(attributes: Iterable[Attribute]) -> tuple[str, ...]:
    return tuple(one.id for one in attributes)


def _ends(pattern: re.Pattern[str], text: str, start: int) -> list[int]:
    """Where what begins at `start` may end, the furthest first."""
    ends = {match.start() for match in pattern.finditer(text, start) if match.start() > start}
    return sorted(ends | ({len(text.rstrip())} if len(text.rstrip()) > start else {len(text)}), reverse=True)


@lru_cache(maxsize=8)
def _longest_name(tree: Tree) -> int:
    """More characters than any name of an attribute has, however it is spaced or spelled as JSON."""
    return 100 + 4 * max((len(shown(one.path)) for one in tree.attributes), default=0)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
