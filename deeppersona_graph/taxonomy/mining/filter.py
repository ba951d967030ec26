"""The first filter: proposed paths aligned to the domains, judged name by name, rewritten or pruned.

DeepPersona, Algorithm 3. Phase 1 finds the template of a root; phase 2 goes from the leaf upwards until a
name is valid in its place, trying one rewriting a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.llm.packs import Reply
from deeppersona_graph.model.tree import Attribute, Path, normal, shown
from deeppersona_graph.taxonomy.mining.domains import domains_text, surely_meant
from deeppersona_graph.taxonomy.mining.interview import Interview, with_inputs
from deeppersona_graph.taxonomy.mining.paths import tidy, titled
from deeppersona_graph.taxonomy.mining.questions import ALIGN, JUDGE, Judged, path_text


@dataclass
class Verdict:
    """What became of a proposed path: the path that is kept, none where nothing of it is; and why."""

    proposed: Path
    kept: Path | None = None
    steps: list[str] = field(default_factory=list)
    """What was done to it, with the reasons, in order."""
    decisions: list[str] = field(default_factory=list)
    """Ids of the decisions behind that."""
    rewritten: bool = False
    pruned: bool = False
    """Whether the path was cut, by form or by judgement."""

    @property
    def state(self) -> str:
        """In a word."""
        if self.kept is None:
            return "dropped"
        return "rewritten" if self.rewritten else "pruned" if self.pruned else "kept"


def filter_paths(
    interview: Interview, embedder: Embedder, domains: Sequence[Attribute], proposed: Iterable[Path]
) -> dict[Path, Verdict]:
    """What becomes of each distinct path; raises `WaitingError` where answers are outstanding."""
    verdicts = {path: Verdict(path) for path in sorted(set(proposed))}
    placed = _align(interview, embedder, domains, verdicts)
    _judge(interview, placed)
    return verdicts


def _align(
    interview: Interview, embedder: Embedder, domains: Sequence[Attribute], verdicts: Mapping[Path, Verdict]
) -> list[tuple[Verdict, Path]]:
    """Phase 1: the verdicts that are open still, each with its path in form under a domain."""
    formed: list[tuple[Verdict, Path]] = []
    for verdict in verdicts.values():
        path, lost = tidy(verdict.proposed)
        if lost is not None:
            verdict.steps.append(lost)
            verdict.pruned = True
        if len(path) < 2:
            verdict.steps.append("nothing stands below its root")
        else:
            formed.append((verdict, path))
    roots = surely_meant(embedder, {path[0] for _, path in formed}, domains)
    kind = with_inputs(ALIGN, domains=domains_text(domains))
    doubtful = [path_text((root,)) for root, domain in roots.items() if domain is None]
    replies = interview.ask(kind, doubtful, "aligning roots")
    interview.check()
    by_key = {normal(domain.name): domain.name for domain in domains}
    placed = []
    for verdict, path in formed:
        domain, reason = roots[path[0]], "nearly the same name"
        if domain is None:
            text = path_text((path[0],))
            reply = replies.get(text)
            domain = by_key.get(normal(reply.value.domain or "")) if reply else None
            reason = reply.value.reason if reply else "no answer to that"
            verdict.decisions.append(interview.decision(kind, text))
        if domain is None:
            verdict.steps.append(f"{path[0]!r} is no domain: {reason}")
            continue
        if normal(domain) != normal(path[0]):
            verdict.steps.append(f"{path[0]!r} stands for {domain!r}: {reason}")
        placed.append((verdict, (domain, *path[1:])))
    return placed


def _judge(interview: Interview, placed: Sequence[tuple[Verdict, Path]]) -> None:
    """Phase 2, twice: the paths as proposed, then those that a better name was found for."""
    first = interview.ask(JUDGE, (path_text(path) for _, path in placed), "judging paths")
    interview.check()
    again = {
        candidate
        for _, path in placed
        if (reply := first.get(path_text(path)))
        for candidate in _rewritings(path, reply.value)
    }
    second = interview.ask(JUDGE, (path_text(path) for path in again), "judging rewritten paths")
    interview.check()
    for verdict, path in placed:
        reply = first.get(path_text(path))
        if reply is None:
            verdict.steps.append("nobody judged it")
            continue
        verdict.decisions.append(interview.decision(JUDGE, path_text(path)))
        _climb(verdict, path, reply.value, second, interview)


def _rewritings(path: Path, judged: Judged) -> Iterable[Path]:
    """The rewritten paths that the climb may come to: those below the lowest name that can stand."""
    for depth in range(len(path) - 1, 0, -1):
        name = judged.names[depth - 1]
        if name.valid and name.fits:
            return
        candidate = _rewritten(path, depth, name.better)
        if candidate is not None:
            yield candidate


def _rewritten(path: Path, depth: int, better: str | None) -> Path | None:
    candidate = None if better is None else tidy((*path[:depth], titled(better)))[0]
    return candidate if candidate and len(candidate) == depth + 1 else None


def _climb(
    verdict: Verdict, path: Path, judged: Judged, second: Mapping[str, Reply[Judged]], interview: Interview
) -> None:
    """From the leaf upwards: the first name that can stand, or that a better one can stand for."""
    for depth in range(len(path) - 1, 0, -1):
        name = judged.names[depth - 1]
        if name.valid and name.fits:
            verdict.kept = path[: depth + 1]
            break
        candidate = _rewritten(path, depth, name.better)
        if candidate is not None and (reply := second.get(path_text(candidate))):
            verdict.decisions.append(interview.decision(JUDGE, path_text(candidate)))
            leaf = reply.value.names[-1]
            if leaf.valid and leaf.fits:
                verdict.kept, verdict.rewritten = candidate, True
                verdict.steps.append(f"{path[depth]!r} became {candidate[-1]!r}: {judged.reason}")
                return
        what = "does not belong there" if name.valid else "is no attribute"
        verdict.steps.append(f"{path[depth]!r} {what}: {judged.reason}")
        verdict.pruned = True
    if verdict.kept is None:
        verdict.steps.append(f"nothing of it was left below {shown(path[:1])!r}")
