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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.insight.cursor import NAME_END, VALUE_END, Cursor
from deeppersona_graph.lines import listed
from deeppersona_graph.model.addressing import attributes_named, find_attribute
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown

AND, OR, NOT = -1, -2, -3

DEEPEST = 100
"""How deep parentheses, and nots, may be nested."""

Keys = Callable[[Sequence[Attribute]], Mapping[str, Iterable[str]]]
"""Gives the values that people have of some attributes, by attribute, normalised."""


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


class _Reader(Cursor):
    """Reads one text from left to right."""

    def __init__(self, tree: Tree, text: str, keys: Keys, terms: list[Term], program: list[int]) -> None:
        super().__init__(text)
        self._tree, self._keys = tree, keys
        self._terms, self._program = terms, program
        self._depth = 0

    def read(self) -> None:
        if not self.text.strip():
            raise InputError("an expression is empty; write one such as 'Age > 40'")
        self._either()
        if not self.done():
            self.fail("'and', 'or' or the end")

    def _either(self) -> None:
        self._both()
        while self.word("or"):
            self._both()
            self._program.append(OR)

    def _both(self) -> None:
        self._one()
        while self.word("and"):
            self._one()
            self._program.append(AND)

    def _one(self) -> None:
        if self.done():
            self.fail("an attribute")
        self._depth += 1
        if self._depth > DEEPEST:
            self.fail(f"parentheses no more than {DEEPEST} deep")
        attribute = self._attribute()
        if attribute is not None:
            self._compare(attribute)
        elif self.word("not"):
            self._one()
            self._program.append(NOT)
        elif self.sign("("):
            self._either()
            if not self.sign(")"):
                self.fail("')', 'and' or 'or'")
        elif self.sign("~"):
            self._add(Term("like", meaning=self._meaning()))
        else:
            self._compare(self._quoted_attribute())
        self._depth -= 1

    def _attribute(self) -> Attribute | None:
        """The attribute with the longest name that stands here; ambiguous ones are an error."""
        longest = _longest_name(self._tree)
        for end in self.ends(NAME_END):
            name = self.text[self.at : end]
            if len(name) > longest:
                continue
            found = attributes_named(self._tree, name)
            if found:
                attribute = self._located(name)
                self.at = end
                return attribute
        return None

    def _quoted_attribute(self) -> Attribute:
        """The attribute whose quoted name stands here; fails for anything else."""
        start = self.at
        name = self.quoted()
        if name is None:
            if self.text[start] in "=!<>)~" or self.at_word():
                self.fail("an attribute")
            name = self.text[start : self.ends(NAME_END)[-1]]
        after, self.at = self.at, start
        attribute = self._located(name)
        self.at = after
        return attribute

    def _located(self, name: str) -> Attribute:
        """The attribute of this name; what is wrong with it is said with the place."""
        try:
            return find_attribute(self._tree, name)
        except InputError as error:
            raise InputError(f"{self.place()}: {error}") from error

    def _compare(self, attribute: Attribute) -> None:
        """Read what follows an attribute."""
        self.done()
        operator = self.operator()
        if operator is None:
            self._add(Term("has", _ids(below(self._tree, attribute))))
            return
        if operator == "~":
            self._add(Term("like", _ids(below(self._tree, attribute)), meaning=self._meaning()))
        elif self.done():
            self.fail("a value")
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
        start = self.at
        text = self.plain_value()
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.at = start
            self.fail(f"a number, which {shown(attribute.path)!r} is")
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
        start = self.at
        admitted = {one.id: {normal(value.text) for value in one.values} for one in holders}
        found = self._known_value(holders, admitted)
        if found is None:
            had = {one: set(keys) for one, keys in self._keys(holders).items()}
            found = self._known_value(holders, had)
            admitted = {one.id: admitted[one.id] | had.get(one.id, set()) for one in holders}
        if found is not None:
            return found
        text = self.plain_value()
        self.at = start
        known = sorted({value.text for one in holders for value in one.values})
        known = known or sorted({key for keys in admitted.values() for key in keys})
        kind = f"value of {shown(attribute.path)!r}"
        raise UnknownNameError(kind, text, nearest(text, known), hint=self.place())

    def _known_value(
        self, holders: Sequence[Attribute], known: Mapping[str, set[str]]
    ) -> tuple[str, list[Attribute]] | None:
        """The longest of the known values that stands here, in quotes or without."""
        start = self.at
        ends, quoted = self.ends(VALUE_END), self.quoted()
        spelled = [(self.text[start:end], end) for end in ends]
        if quoted is not None:
            spelled.append((quoted, self.at))
        for text, end in spelled:
            key = normal(text)
            holding = [one for one in holders if key in known.get(one.id, ())]
            if holding:
                self.at = end
                return key, holding
        self.at = start
        return None

    def _meaning(self) -> str:
        if self.done() or not (text := self.plain_value().strip()):
            self.fail("what it is to mean, in quotes")
        return text

    def _add(self, term: Term) -> None:
        self._program.append(len(self._terms))
        self._terms.append(term)

    def _fail_to_compare(self, attribute: Attribute, operator: str) -> NoReturn:
        place, name, text = self.place(), shown(attribute.path), self.plain_value()
        under = [one.name for one in below(self._tree, attribute)[1:]]
        if operator == ">" and under and not _is_number(text):
            kind, hint = f"attribute below {name!r}", f"{place}; below it are {listed(under)}"
            raise UnknownNameError(kind, text, nearest(text, under), hint=hint)
        kind = attribute.value_type or "a branch"
        raise InputError(f"{place}: {name!r} is no number ({kind}); compare it with = or !=")


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


@lru_cache(maxsize=8)
def _longest_name(tree: Tree) -> int:
    """More characters than any name of an attribute has, however it is spaced or spelled as JSON."""
    return 100 + 4 * max((len(shown(one.path)) for one in tree.attributes), default=0)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
