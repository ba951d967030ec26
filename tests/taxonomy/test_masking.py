"""What leads to a person is masked, and the numbers that people's lives are full of stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.taxonomy.dialogues.masking import masked, quoted

MASKED = {
    "[e-mail]": [
        "jane.doe+x@example.co.uk",
        "jane@münchen.de",
        "jane (at) example (dot) com",
        "jane at gmail dot com",
        "jane dot doe at gmail dot com",
        "jane underscore doe at yahoo dot co dot uk",
        "jane(a)gmail.com",
        "jane (a) gmail.com",
        "jane.doe(a)example.org",
    ],
    "[telephone]": [
        "+1 415 555 2671 ext. 5",
        "+44 20 7946 0958",
        "+33 6 12 34 56 78",
        "0049 171 1234567",
        "(415) 555-2671",
        "555-123-4567",
        "1-800-273-8255",
        "020 7946 0958",
        "07700 900123",
        "06.12.34.56.78",
        "0171 1234567",
        "090-1234-5678",
        "138 1234 5678",
        "(11) 91234-5678",
    ],
    "[account]": [
        "@jane_doe92",
        "@jane@mastodon.social",
        "https://mastodon.social/@jane",
        "https://www.linkedin.com/in/jane-doe-123/",
        "linkedin.com/in/jane",
        "facebook.com/jane.doe.5",
        "https://www.facebook.com/profile.php?id=100012345678",
        "https://t.me/janedoe",
        "https://www.instagram.com/jane/?hl=en",
        "https://x.com/jane/status/12345",
        "twitter.com/jane",
        "https://youtube.com/@jane",
        "wa.me/4915112345678",
        "u/jane_doe",
        "https://jane:secret@host.example/x",
        "https://host.example/~jane/",
        "github.com/janedoe",
        "https://github.com/janedoe/dotfiles",
        "pinterest.com/janedoe",
        "https://www.pinterest.co.uk/janedoe/",
        "bsky.app/profile/jane.bsky.social",
        "jane.bsky.social",
        "janedoe.tumblr.com",
        "https://janedoe.tumblr.com/post/123",
        "tumblr.com/janedoe",
    ],
    "[bank account]": [
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "de89 3704 0044 0532 0130 00",
    ],
    "[card number]": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
}

KEPT = [
    "in 1999 2000 2001 2002",
    "from 1985 to 1999, then 2003 - 2008",
    "1234 5678 of them",
    "I was born on 01-02-1985, not on 12/05/2003 or 2004-05-06 10:20:30",
    "I make $1,234,567 a year, or 1.000.000.000, or $4155552671",
    "ISBN 978-0-306-40615-7 and 0-306-40615-2",
    "lunch @ 5pm, dinner @7pm, 3.5 @ 2.50",
    "I am @home, later @work",
    "games of 100-95, 98-101 and 3-2",
    "my lucky numbers are 4 8 15 16 23 42",
    "1 2 3 4 5 6 7 8 9 10",
    "pi is 3.14159265358979, x = 0123456789.5",
    "8000000000 people and 1400000000 more",
    "order 2125550123",
    "6'2\", 180 lbs, 34-28-36",
    "I ran 5000, 10000 and 42195 m",
    "at 40.7128, -74.0060 or 192.168.100.200",
    "my zip is 90210-1234",
    "call me in 2019 or 2020; phone 12-05-2003; I text 10 20 30 40 times; call it 1234567.89",
    "3000-4000 calories, 2 000 000 000 stars",
    "card 1234 5678 9012 3456",
    "npm install @angular/core @types/node",
    '@app.route("/x")',
    "@property",
    "@Override",
    "https://unpkg.example/@scope/pkg",
    "https://www.facebook.com/groups/knitting",
    "instagram.com/explore/tags/cats",
    "https://en.wikipedia.org/wiki/Jane",
    "https://www.netflix.com/browse",
    "my Instagram is private, Twitter is fun",
    "my username is secret",
    "My username is great, my gamertag is not",
    "my Instagram handle is the same, Steam name: none",
    "My tiktok is great.i love it",
    "My name is Jane, the door handle is loose",
    "Instagram: Perfect for sharing photos",
    "handle: https://host.example",
    "Pick (a) cats. dogs or (b) at home",
    "https://github.com/features, github.com/trending and pinterest.com/ideas",
    "www.tumblr.com, api.tumblr.com and 64.media.tumblr.com",
    "It goes live:tonight",
    "and/or y/u/ok",
    "look at amazon dot com",
    "[e-mail] [telephone] [account] [bank account] [card number]",
]


@pytest.mark.parametrize(("mask", "text"), [(mask, text) for mask, texts in MASKED.items() for text in texts])
def test_what_leads_to_a_person_is_masked_wherever_it_stands(mask: str, text: str) -> None:
    assert masked(text) == mask
    assert masked(f"It is {text}, ok?").rstrip() == f"It is {mask}, ok?"
    assert masked(f"Так: {text}\nи всё") == f"Так: {mask}\nи всё"


@pytest.mark.parametrize("text", KEPT)
def test_other_numbers_signs_and_links_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("phone: 5551234", "phone: [telephone]"),
        ("My new number is 555-1234.", "My new number is [telephone]."),
        ("text me on 98765 43210", "text me on [telephone]"),
        ("Llámame al 612 345 678", "Llámame al [telephone]"),
        ("我的手机是13812345678", "我的手机是[telephone]"),
        ("my instagram is jane_doe92", "my instagram is [account]"),
        ("Discord: jane#1234", "Discord: [account]"),
        ("My Instagram handle is janedoe", "My Instagram handle is [account]"),
        ("telegram username: janedoe", "telegram username: [account]"),
        ("My name on Discord is janedoe.", "My name on Discord is [account]."),
        ("my tiktok is jane.doe", "my tiktok is [account]"),
        ("my username is janedoe77", "my username is [account]"),
        ("my username is now janedoe", "my username is now [account]"),
        ("ig: jane_doe", "ig: [account]"),
        ("PSN: jane_doe_99", "PSN: [account]"),
        ("my steam id is jane_77", "my steam id is [account]"),
        ("gamertag is JaneDoe77", "gamertag is [account]"),
        ('My Xbox gamertag\'s "JaneDoe".', 'My Xbox gamertag\'s "[account]".'),
        ("skype, live:jane.doe", "skype, [account]"),
    ],
)
def test_words_before_it_say_what_a_number_or_a_name_is(text: str, wanted: str) -> None:
    assert masked(text) == wanted


def test_several_in_one_text_are_all_masked() -> None:
    assert masked("Call 555-1234 or 555-9876, write a@b.org or c@d.org (@jane, @joe).") == (
        "Call [telephone] or [telephone], write [e-mail] or [e-mail] ([account], [account])."
    )


def test_what_is_quoted_is_masked_before_it_is_cut() -> None:
    assert quoted("Mail me:\n jane.doe@example.org", 17) == "Mail me: [e-mail]"
    assert quoted("Mail me: jane.doe@example.org", 12) == "Mail me: [e…"


BEGINNINGS = [
    "call",
    "tel",
    "instagram is",
    "my username is ",
    "skype live:",
    " dot ",
    ".tumblr.com",
    "x.com/",
    "t.me/",
    "https://",
    "u/",
    "(at)",
    "@",
    " ",
    "-",
    "/",
    ".",
]
WHOLE = [
    "+1 415 555 2671",
    "0171 1234567",
    "555-1234",
    "1",
    "a@b.org",
    "@jane",
    "4111 1111 1111 1111",
    "[e-mail]",
]
PIECES = st.sampled_from([*BEGINNINGS, *WHOLE])


@given(
    st.one_of(
        st.text(max_size=80), st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join)
    )
)
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "9",
        "a.",
        "a@",
        "https://",
        "https://a/u/",
        "DE00 ",
        "(0",
        "+1",
        "555-123-4567 ",
        "tel ",
        "a dot ",
        "a(a)",
        "skype ",
        "my handle is a.",
        "username is now ",
        "a.tumblr.com",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    masked(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 10
