"""What each tool answers: how far the answer holds, then the report of the command.

An assistant passes on what it reads, and half of it: so what a verdict rests on goes first, in sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer.api.manifests import Manifests, load
from analyzer.api.questions import check, connectivity, diff, explain
from analyzer.reports.parts import by_label
from analyzer.verdicts import Answer, Status

_UNIVERSES = {
    "any": "It speaks of every pod that could be created, in namespaces that exist or do not yet.",
    "namespaces": "It speaks of every pod that could be created in the namespaces that the manifests name.",
    "inventory": "It speaks of the workloads in the manifests alone, not of pods created later.",
}
_MEANINGS = {
    Status.PROVED: "Proved holds under the assumptions below; it does not say what a cluster does now.",
    Status.VACUOUS: "Vacuous means that nothing can be in a set that is asked about. It is no proof of isolation.",
    Status.UNKNOWN: "Unknown is neither proved nor refuted. Do not report it as safe.",
    Status.REFUTED: "Refuted comes with a connection that the policies allow: an example, not all there is.",
}
_AS_READ = "It rests on the manifests that were read: policies that are not among them do not count."
_POLICIES = "It says what policies allow, not whether a program answers there."
_THERE = "It shows the workloads in the manifests. Pods created later may be allowed more: `check` speaks of those."


def answered_check(
    manifests: Sequence[str], claims: Sequence[str], packs: Sequence[str], universe: str, profile: str | None
) -> str:
    found = check(_loaded(manifests), *claims, pack=packs, universe=universe, profile=profile)
    return _joined(_of_verdicts(found.answer), found.render("text"))


def answered_explain(
    manifests: Sequence[str], source: str, destination: str, on: Sequence[str], profile: str | None
) -> str:
    found = explain(_loaded(manifests), source, destination, on=on, profile=profile)
    return _joined((_AS_READ, _POLICIES), found.render("text"))


def answered_map(
    manifests: Sequence[str],
    sources: Sequence[str],
    destinations: Sequence[str],
    namespaces: Sequence[str],
    profile: str | None,
) -> str:
    loaded = _loaded(manifests)
    found = connectivity(loaded, source=sources, destination=destinations, namespace=namespaces, profile=profile)
    return _joined((_AS_READ, _POLICIES, _THERE), found.render("text"))


def answered_diff(old: Sequence[str], new: Sequence[str], universe: str, profile: str | None) -> str:
    found = diff(_loaded(old), _loaded(new), universe=universe, profile=profile)
    return _joined((_UNIVERSES[universe], _AS_READ, _POLICIES), found.render("text"))


def _loaded(paths: Sequence[str]) -> Manifests:
    return load(list(paths))


def _of_verdicts(answer: Answer) -> Iterator[str]:
    yield _UNIVERSES[answer.universe.value]
    for status in dict.fromkeys(verdict.status for verdict in answer.verdicts):
        yield _MEANINGS[status]
    yield _AS_READ
    for label, texts in by_label(answer.assumptions).items():
        yield from (f"{label}: {text}" for text in texts)
    if answer.unmodelled:
        yield f"not modelled, and so a reason for unknown: {', '.join(thing.id for thing in answer.unmodelled[:5])}"


def _joined(caveats: Iterable[str], report: str) -> str:
    return "\n".join(["How far this holds:", *(f"- {caveat}" for caveat in caveats), "", report.strip()])
