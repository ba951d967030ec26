"""The narrative by a language model: a self-portrait, short or rich, or a biography in chapters.

DeepPersona §3.2 (Narr(P)); the lengths are those that the paper's Table 10 compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import ModelAnswerError
from deeppersona_graph.llm.again import put_until
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Answered, Asker, Program, Request
from deeppersona_graph.model.persona import Trait
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.specification import Narrative
from deeppersona_graph.personas.core_profile import words
from deeppersona_graph.personas.progressive import record_text

LENGTHS: dict[str, tuple[int, int]] = {
    "portrait-concise": (150, 400),
    "portrait-rich": (700, 2000),
    "portrait-chapter": (200, 900),
}
"""Words that are accepted, by prompt; the prompts ask for less than that."""


class Portrait(AnswerModel):
    """Answer to the prompts of portraits."""

    text: str


@dataclass(frozen=True)
class Sittings:
    """The requests for the portrait of one person."""

    asker: Asker
    profile: str
    name: str
    traits: Sequence[Trait]

    def whole(self, kind: Narrative) -> Request[Portrait]:
        """A self-portrait of one piece, `concise` or `rich`."""
        return self.asker.request(
            f"portrait-{kind}",
            Portrait,
            person=self.profile,
            name=self.name,
            record=record_text(self.traits),
        )

    def domains(self) -> list[str]:
        """The domains that the person has attributes of, in an order of the person's own: the chapters."""
        domains = sorted({trait.path[0] for trait in self.traits})
        stream("chapters", self.asker.sample).shuffle(domains)
        return domains

    def chapter(self, domain: str, before: Sequence[str]) -> Request[Portrait]:
        """The chapter about a domain, told after those `before`."""
        return self.asker.request(
            "portrait-chapter",
            Portrait,
            person=self.profile,
            name=self.name,
            domain=domain,
            record=record_text([trait for trait in self.traits if trait.path[0] == domain]),
            before="\n\n".join(before) or "none yet",
        )


def portray(sittings: Sittings, kind: Narrative) -> Program[tuple[str, tuple[str, ...]]]:
    """The narrative and the keys of the requests it comes from; paragraphs are parted by an empty line."""
    if kind == "none":
        return "", ()
    if kind != "biography":
        told = yield from _tell(sittings.whole(kind))
        return told.value.text, (told.key,)
    chapters: list[str] = []
    keys: list[str] = []
    for domain in sittings.domains():
        told = yield from _tell(sittings.chapter(domain, chapters))
        chapters.append(f"{domain}\n\n{told.value.text}")
        keys.append(told.key)
    return "\n\n".join(chapters), tuple(keys)


def _tell(request: Request[Portrait]) -> Program[Answered[Portrait]]:
    low, high = LENGTHS[request.prompt]

    def fault(told: Portrait) -> str | None:
        count = words(told.text)
        return None if low <= count <= high else f"{count} words; {low} to {high} are wanted"

    told = yield from put_until(request, fault)
    if fault(told.value) is not None:
        raise ModelAnswerError(f"{request}: {fault(told.value)}, however often it was asked", [told.key])
    return told
