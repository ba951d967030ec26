"""Numbers that lead to a person: telephone numbers, bank accounts, cards.

Precision comes first, since what people say of themselves is full of numbers: a number counts as a telephone
number by its plan (`phonenumbers`) or because the words before it say so, a card by its check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, isbn, luhn

TELEPHONE = "[telephone]"
BANK_ACCOUNT = "[bank account]"
CARD = "[card number]"

REGIONS = ("GB", "FR", "DE", "IT", "NL", "AU", "IN", "JP", "CN", "BR", "KR", "ZA", "TR", "NG", "PK", "MA")
"""Countries whose national numbers begin with 0."""

_DIGITS = re.compile(r"(?:\d\D{0,4}?){6}\d")


def mask_numbers(text: str) -> str:
    """`text` with bank accounts, cards and telephone numbers replaced."""
    if not _DIGITS.search(text):
        return text
    text = _IBAN.sub(_bank_account, text)
    text = _CARD.sub(_card, text)
    for start, end in reversed(_telephones(text)):
        text = text[:start] + TELEPHONE + text[end:]
    return text


_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Z0-9])", re.I)
_CARD = re.compile(r"(?<![\w.,-])[2-6]\d{3}(?:\d{9,15}|(?:[ -]\d{4}){3}|[ -]\d{6}[ -]\d{5})(?![\w-]|[.,]\d)")


def _bank_account(found: re.Match[str]) -> str:
    """The shortest beginning that is an account number is masked; words may follow it without a break."""
    text = found[0]
    ends = [end for end in range(15, len(text) + 1) if end == len(text) or not text[end].isalnum()]
    for end in ends:
        if iban.is_valid(text[:end]):
            return BANK_ACCOUNT + text[end:]
    return text


def _card(found: re.Match[str]) -> str:
    return CARD if luhn.is_valid(re.sub(r"\D", "", found[0])) else found[0]


def _telephones(text: str) -> list[tuple[int, int]]:
    """Where telephone numbers stand, in order and apart."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(_candidates(text)):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    if "+" in text or "＋" in text:
        for found in PhoneNumberMatcher(text, None, leniency=Leniency.POSSIBLE):
            yield found.start, found.end
    for found in PhoneNumberMatcher(text, "US", leniency=Leniency.STRICT_GROUPING):
        if not _is_other(text, found.start, found.end):
            yield found.start, found.end
    for one in _SHAPED.finditer(text):
        yield one.span()
    for one in _TOLD.finditer(text):
        if _is_number(one["number"]):
            yield one.span("number")
    for one in _NATIONAL.finditer(text):
        if not _is_other(text, *one.span()) and _is_national(one[0]):
            yield one.span()


_SHAPED = re.compile(
    r"(?<![\w$€£+.,/-])(?:(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])\d{3}[ .-]\d{4}"
    r"|1[3-9]\d[ -]\d{4}[ -]\d{4}|\([1-9]\d\) ?9?\d{4}-\d{4})(?![\w-]|[.,]\d)"
)
"""As they are written in North America (made-up ones too: 555 is in no plan), China and Brazil."""

_TOLD = re.compile(
    r"(?:\b(?:(?:tele|cell|smart)?(?:phone|fon|fono|fone)|cell|mobile|móvil|celular|handy|portable|whats ?app"
    r"|tel|fax|call|text|ring|dial|sms|téléphone|teléfono|ll[aá]m\w{1,8}|numéro|número|numero|nummer"
    r"|(?:my|your|his|her|our|their)(?: (?:home|work|office|new|old))? number)\b|电话|手机|電話|携帯|전화)"
    r"[^\d\n+]{0,25}?(?P<number>\+?\(?\d[\d ()./-]{5,20}\d)(?![\w-]|[.,]\d)",
    re.I,
)
"""Numbers that the words before them call telephone numbers."""

_NATIONAL = re.compile(r"(?<![\w$€£+.,/-])\(?0\d(?:[ ()./-]{0,2}\d){7,13}(?![\w-]|[.,]\d)")
_DATE = re.compile(
    r"(?<!\d[-./])\b(?:\d{1,2}([-./])\d{1,2}\1(?:\d{4}|\d{2})|(?:19|20)\d\d([-./])\d{1,2}\2\d{1,2})\b(?![-./]\d)"
)
_AMOUNT = re.compile(r"\d+\.\d\d?")
_BEFORE = re.compile(r"(?:isbn|issn|doi|order|invoice|ticket|serial|part|[$€£#])[^\d]{0,12}$", re.I)


def _is_number(number: str) -> bool:
    """Whether it is written as a telephone number, and not as a date, an amount, years or small numbers."""
    groups = re.findall(r"\d+", number)
    if not 7 <= sum(map(len, groups)) <= 15 or _DATE.search(number) or _AMOUNT.fullmatch(number):
        return False
    years = all(re.fullmatch(r"(?:19|20)\d\d", group) for group in groups)
    return not years and (number[0] in "+(0" or max(map(len, groups)) > 2)


def _is_other(text: str, start: int, end: int) -> bool:
    """Whether a number is called something else, or is a date or the number of a book."""
    number = text[start:end]
    return bool(
        _BEFORE.search(text[max(0, start - 24) : start])
        or _DATE.search(number)
        or _AMOUNT.fullmatch(number)
        or isbn.is_valid(re.sub(r"[^\dX]", "", number))
    )


@lru_cache(maxsize=1024)
def _is_national(number: str) -> bool:
    if number.startswith("00"):
        number = "+" + number[2:]
    for region in REGIONS:
        try:
            found = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(found):
            return True
    return False
