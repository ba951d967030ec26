"""A self-portrait from templates: 150 to 400 words in the first person, without a model (DESIGN §6).

The sentences about single attributes are data (`data/narrative`), written for each attribute so that every
one of its values reads well; this module chooses among them and frames them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from deeppersona_graph.model.persona import InnerCore, Trait, value_texts
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Path

Frames = Mapping[str, Mapping[str, list[str]]]
"""Templates by part of the portrait and by case."""

LONGEST = 400
"""Words of a narrative."""
LONGEST_STORY = 170
AIM = 350
ROUNDS = 3
"""Times each domain may be heard."""
PARAGRAPH = 4
"""Sentences about attributes that make a paragraph."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A sentence for any value, or one for each."""

    template: str | None
    sentences: Mapping[str, str]
    lower: bool


def narrate(seed: int, situation: Situation, inner: InnerCore, traits: Sequence[Trait]) -> str:
    """The narrative of a persona; paragraphs are separated by an empty line."""
    chance = stream("narrative", seed)
    frame = _frames()
    opening = " ".join([_introduction(chance, frame, situation), _home(chance, frame, situation)])
    stance = _stance(chance, frame, inner)
    close = _fit(chance, frame["interests"]["any"], interests=_joined(inner.interests))
    stories = [story for story in inner.stories if len(story.split()) <= LONGEST_STORY]
    told = [f"{chance.choice(frame['story']['any'])} {chance.choice(stories)}"] if stories else []
    written = sum(len(part.split()) for part in [opening, stance, close, *told])
    about = _about(chance, [t for t in traits if _told_by(t, situation)], written)
    return "\n\n".join([opening, stance, *told, *about, close])


def sentence(trait: Trait) -> str | None:
    """The sentence written for the attribute, with the trait's value; None where there is none."""
    phrase = _phrases().get(trait.path)
    if phrase is None:
        return None
    texts = value_texts(trait.value)
    if phrase.template is None:
        return phrase.sentences.get(texts[0])
    shown = _joined([_lowered(text) for text in texts] if phrase.lower else texts)
    return phrase.template.replace("{value}", shown)


def _about(chance: Random, traits: Sequence[Trait], written: int) -> list[str]:
    """Paragraphs about single attributes: given ones first, then from one domain after another."""
    by_domain: dict[str, list[str]] = {}
    first: list[str] = []
    for trait in traits:
        text = sentence(trait)
        if text is None:
            continue
        if trait.source == "given":
            first.append(text)
        else:
            by_domain.setdefault(trait.path[0], []).append(text)
    queues = [chance.sample(found, len(found)) for _, found in sorted(by_domain.items())]
    chance.shuffle(queues)
    rounds = (text for turn in range(ROUNDS) for queue in queues for text in queue[turn : turn + 1])
    ordered = [*first, *rounds]
    kept: list[str] = []
    for text in ordered:
        if written >= AIM and len(kept) >= PARAGRAPH:
            break
        if written + len(text.split()) <= LONGEST:
            kept.append(text)
            written += len(text.split())
    return [" ".join(kept[start : start + PARAGRAPH]) for start in range(0, len(kept), PARAGRAPH)]


def _introduction(chance: Random, frame: Frames, situation: Situation) -> str:
    where = _fit(
        chance, frame["place"][situation.settlement], city=situation.city, country=situation.country_name
    )
    who = _fit(chance, frame["introduction"]["any"], name=situation.name, age=str(situation.age), where=where)
    group = situation.employment if situation.occupation else f"{situation.employment}, never worked"
    occupation = situation.occupation or ""
    work = _fit(
        chance,
        frame["work"].get(group) or frame["work"][situation.employment],
        occupation=occupation,
        an_occupation=_with_article(occupation),
    )
    return f"{who} {work}"


def _home(chance: Random, frame: Frames, situation: Situation) -> str:
    parts = [
        _fit(chance, frame["household"][situation.household]),
        *(_fit(chance, found) for found in [frame["partnership"].get(situation.partnership)] if found),
        *(_fit(chance, found) for found in [frame["parenthood"].get(situation.parenthood)] if found),
        _fit(chance, frame["income"][situation.income]),
    ]
    return " ".join(part for part in parts if part)


def _stance(chance: Random, frame: Frames, inner: InnerCore) -> str:
    parts = [
        _fit(chance, frame["values"]["any"], values=_unstopped(inner.values)),
        _fit(chance, frame["attitude"]["any"], attitude=_unstopped(inner.attitude)),
    ]
    if inner.attitude_details:
        parts.append(_fit(chance, frame["details"]["any"], details=_unstopped(inner.attitude_details)))
    if inner.coping_mechanism:
        parts.append(_fit(chance, frame["coping"]["any"], coping=_unstopped(inner.coping_mechanism)))
    return " ".join(parts)


def _fit(chance: Random, templates: Sequence[str], **slots: str) -> str:
    """One of the templates with its slots filled; values are put in as they are, never parsed."""
    text = chance.choice(list(templates))
    pieces = text.split("{")
    out = pieces[0]
    for piece in pieces[1:]:
        slot, _, rest = piece.partition("}")
        out += slots[slot] + rest
    return out


def _joined(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _unstopped(text: str) -> str:
    return text.strip().rstrip(".")


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}" if noun else ""


def _told_by(trait: Trait, situation: Situation) -> bool:
    """Whether a sentence in the present tense about the trait is true of somebody in this situation."""
    return all(
        situation.employment in states
        for branch, states in _present_tense()
        if trait.path[: len(branch)] == branch
    )


@cache
def _present_tense() -> tuple[tuple[Path, frozenset[str]], ...]:
    source = files("deeppersona_graph").joinpath("data", "narrative", "present_tense.json")
    spelled = json.loads(source.read_text(encoding="utf-8"))
    return tuple((tuple(one["path"]), frozenset(one["employment"])) for one in spelled["branches"])


@cache
def _frames() -> Frames:
    source = files("deeppersona_graph").joinpath("data", "narrative", "frames.json")
    spelled: Frames = json.loads(source.read_text(encoding="utf-8"))
    return spelled


@cache
def _phrases() -> Mapping[Path, _Phrase]:
    found: dict[Path, _Phrase] = {}
    folder = files("deeppersona_graph").joinpath("data", "narrative")
    for source in sorted(folder.iterdir(), key=lambda file: file.name):
        if source.name.endswith(".jsonl"):
            for line in source.read_text(encoding="utf-8").splitlines():
                spelled = json.loads(line)
                say = spelled["say"]
                found[tuple(spelled["path"])] = _Phrase(
                    template=say if isinstance(say, str) else None,
                    sentences=say if isinstance(say, dict) else {},
                    lower=spelled.get("case") == "lower",
                )
    return found
