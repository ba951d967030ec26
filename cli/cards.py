"""Personas on the terminal: one as a card, several as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deeppersona_graph.cli.output import line, paragraphs
from deeppersona_graph.model.persona import Persona, Trait, shown_value
from deeppersona_graph.model.tree import shown

WIDTH = 100
_WORKING = ("employed", "self-employed")
_MARKS = {"near": ("●", "green"), "middle": ("◐", "yellow"), "far": ("○", "magenta")}


def card(persona: Persona) -> RenderableType:
    """One persona: core profile, narrative, and attributes by domain with their stratum."""
    situation = persona.situation
    place = f"{situation.city}, {situation.country_name}"
    headline = Text.assemble(
        (line(situation.name), "bold"), line(f"  {situation.age}, {situation.sex}, {place}")
    )
    footer = f"{persona.id} · {persona.population} #{persona.index} · {len(persona.traits)} attributes"
    parts: list[RenderableType] = [
        _profile(persona),
        Padding(Text(paragraphs(persona.narrative)), (1, 0)),
        Text.assemble(
            *[part for name, (mark, style) in _MARKS.items() for part in ((mark, style), f" {name}  ")]
        ),
        *_domains(persona.traits),
    ]
    return Panel(
        Group(*parts),
        title=headline,
        subtitle=Text(line(footer), "dim"),
        padding=(1, 2),
        width=WIDTH,
        title_align="left",
    )


def roster(people: Sequence[Persona]) -> Table:
    """Several personas, a line each."""
    return brief_table(
        (p.id, p.situation.name, str(p.situation.age), p.situation.sex,
         f"{p.situation.city}, {p.situation.country_name}",
         work(p.situation.employment, p.situation.occupation))
        for p in people
    )  # fmt: skip


def work(employment: str, occupation: str | None) -> str:
    """What somebody does; of those who do not work, why, and what they did: "retired (nurse)"."""
    if occupation is None:
        return employment
    known = employment in _WORKING or employment in occupation.casefold()
    return occupation if known else f"{employment} ({occupation})"


def brief_table(rows: Iterable[Sequence[str]], *, populations: bool = False) -> Table:
    """A table of personas in brief: id, name, age, sex, place, work, and the population where asked for."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("id", "name", "age", "sex", "place", "work", *(["population"] if populations else [])):
        table.add_column(column, overflow="fold", no_wrap=column == "id")
    for row in rows:
        table.add_row(*(Text(line(part)) for part in row))
    return table


def _profile(persona: Persona) -> Table:
    situation, inner = persona.situation, persona.inner
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    employment = situation.employment + (f", {situation.occupation}" if situation.occupation else "")
    lines = [
        ("work", f"{employment}; education: {situation.education}; income: {situation.income}"),
        (
            "home",
            f"{situation.settlement}; {situation.household}; {situation.partnership}; {situation.parenthood}",
        ),
        ("faith", situation.faith),
        ("values", f"{inner.values} ({inner.orientation})"),
        ("attitude", inner.attitude),
        ("interests", ", ".join(inner.interests)),
    ]
    if persona.biography:
        lines.append(("given", persona.biography))
    if persona.read:
        lines.append(("read", "\n".join(map(_assignment, persona.read))))
    if persona.unread:
        lines.append(("left out", "\n".join(map(_assignment, persona.unread))))
    for label, text in lines:
        table.add_row(label, Text(paragraphs(text)))
    return table


def _assignment(text: str) -> str:
    """`Attribute=value` with the path of the attribute, where it is a JSON list, as people read it."""
    try:
        path, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return text
    return shown(path) + text[end:] if isinstance(path, list) else text


def _domains(traits: Sequence[Trait]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    by_domain: dict[str, list[Trait]] = {}
    for trait in traits:
        by_domain.setdefault(trait.path[0], []).append(trait)
    for domain, found in sorted(by_domain.items()):
        parts.append(Padding(Text(line(f"{domain} ({len(found)})"), "bold"), (1, 0, 0, 0)))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=1)
        table.add_column(ratio=5)
        table.add_column(ratio=6)
        for trait in sorted(found, key=lambda t: t.path):
            mark, style = _MARKS.get(trait.stratum or "", ("◆", "cyan"))
            name = line(" › ".join(trait.path[1:]))
            table.add_row(Text(mark, style), Text(name, "dim"), Text(line(_value(trait))))
        parts.append(table)
    return parts


def _value(trait: Trait) -> str:
    return shown_value(trait.value) + ("  (given)" if trait.source == "given" else "")
