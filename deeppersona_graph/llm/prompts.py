"""Prompts live in files, `<name>/<version>.md`; the comment at the top is their contract.

    <!--
    What the prompt asks for, in a sentence.
    inputs: situation, values       (or: none)
    temperature: 0.9                (may be left away)
    max_tokens: 900                 (may be left away)
    -->
    <!-- system -->
    The unchanging part, without inputs: providers cache what comes first.
    <!-- user -->
    {{situation}}

Declared inputs are compared with those used when a prompt is loaded. An input's text is put in as it is,
once: braces, dollar signs or markdown in it mean nothing. Name and version after graphiti, the contract
after aiosql.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypeAlias, cast

Role = Literal["system", "user", "assistant"]
Scalar: TypeAlias = str | int | float

_HEADER = re.compile(r"\A<!--\n(.*?)\n-->\n", re.DOTALL)
_FIELD = re.compile(r"^(inputs|temperature|max_tokens):\s*(.*)$")
_ROLE = re.compile(r"^<!-- (system|user|assistant) -->\n", re.MULTILINE)
_INPUT = re.compile(r"\{\{([a-z_][a-z0-9_]*)\}\}")


class PromptError(Exception):
    """A prompt file that breaks its contract, or is used against it: a fault of the program."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as sent."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: messages with places for the inputs."""

    name: str
    version: int
    summary: str
    inputs: frozenset[str]
    parts: tuple[Message, ...]
    temperature: float | None = None
    max_tokens: int | None = None

    def render(self, inputs: Mapping[str, Scalar]) -> tuple[Message, ...]:
        """The messages with the inputs put in; raises `PromptError` where they are not the declared ones."""
        if inputs.keys() != self.inputs:
            raise PromptError(
                f"{self.name}/{self.version}: takes {sorted(self.inputs)}, was given {sorted(inputs)}"
            )
        return tuple(
            Message(part.role, _INPUT.sub(lambda place: str(inputs[place[1]]), part.text))
            for part in self.parts
        )


class Prompts:
    """The prompts under a folder, each read once."""

    def __init__(self, root: Traversable | None = None) -> None:
        """`root` holds a folder for each prompt; none: the prompts of the package."""
        self._root = files("deeppersona_graph").joinpath("prompts") if root is None else root
        self._loaded: dict[tuple[str, int], Prompt] = {}

    def load(self, name: str, version: int | None = None) -> Prompt:
        """The prompt of this name, the newest version where none is named; raises `PromptError`."""
        if version is None:
            version = max(self._versions.get(name, [0]))
        if (name, version) not in self._loaded:
            source = self._root.joinpath(name, f"{version}.md")
            if version not in self._versions.get(name, []):
                raise PromptError(f"there is no prompt {name!r} of version {version}")
            self._loaded[name, version] = parse(name, version, source.read_text(encoding="utf-8"))
        return self._loaded[name, version]

    def __iter__(self) -> Iterator[Prompt]:
        """All prompts in all versions; raises `PromptError` at the first that breaks its contract."""
        for name in sorted(self._versions):
            for version in sorted(self._versions[name]):
                yield self.load(name, version)

    @cached_property
    def _versions(self) -> dict[str, list[int]]:
        return {
            folder.name: [
                int(stem)
                for file in folder.iterdir()
                if file.name.endswith(".md") and (stem := file.name.removesuffix(".md")).isdecimal()
            ]
            for folder in self._root.iterdir()
            if folder.is_dir() and not folder.name.startswith("_")
        }


def parse(name: str, version: int, source: str) -> Prompt:
    """The prompt written in `source`, checked against its header; raises `PromptError`."""
    where = f"{name}/{version}"
    header = _HEADER.match(source)
    if header is None:
        raise PromptError(f"{where}: does not begin with a comment that declares its inputs")
    summary, declared = [], {}
    for line in header[1].splitlines():
        if match := _FIELD.match(line):
            declared[match[1]] = match[2].strip()
        else:
            summary.append(line.strip())
    if "inputs" not in declared or not any(summary):
        raise PromptError(f"{where}: the header lacks {'a summary' if 'inputs' in declared else 'inputs'}")
    parts = _parts(where, source[header.end() :])
    inputs = frozenset(_names(declared["inputs"]))
    used = frozenset(found for part in parts for found in _INPUT.findall(part.text))
    if inputs != used:
        raise PromptError(
            f"{where}: declares {sorted(inputs - used)} without use, uses {sorted(used - inputs)} undeclared"
        )
    try:
        temperature = float(declared["temperature"]) if "temperature" in declared else None
        max_tokens = int(declared["max_tokens"]) if "max_tokens" in declared else None
    except ValueError as error:
        raise PromptError(f"{where}: {error}") from error
    return Prompt(name, version, " ".join(summary).strip(), inputs, parts, temperature, max_tokens)


def _parts(where: str, body: str) -> tuple[Message, ...]:
    before, *rest = _ROLE.split(body)
    if before.strip() or not rest:
        raise PromptError(f"{where}: text outside of a part; begin it with <!-- system --> or <!-- user -->")
    parts = tuple(
        Message(cast(Role, role), text.strip()) for role, text in zip(rest[::2], rest[1::2], strict=True)
    )
    for place, part in enumerate(parts):
        if not part.text:
            raise PromptError(f"{where}: an empty {part.role} part")
        if "{{" in _INPUT.sub("", part.text):
            raise PromptError(f"{where}: a place for an input is written like {{{{situation}}}}")
        if part.role == "system" and (place > 0 or _INPUT.search(part.text)):
            raise PromptError(f"{where}: the system part comes first, once, and is the same for all inputs")
    if parts[-1].role != "user":
        raise PromptError(f"{where}: the last part is the user's")
    return parts


def _names(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.split(",")]
