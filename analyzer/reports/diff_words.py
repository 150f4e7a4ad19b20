"""What differs, in words that the text and the Markdown report share."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model.claims import Universe
from analyzer.reports import parts, region_words, words
from analyzer.semantics.decision import Decision, Ruling
from analyzer.sets import ConnectionSet
from analyzer.verdicts.difference import Change, QueryDifference, Relation, Shift
from analyzer.verdicts.verdict import Status

RELATIONS = {
    Relation.EQUIVALENT: "both revisions permit the same traffic",
    Relation.MORE: "the new revision permits all that the old one does, and more",
    Relation.LESS: "the new revision permits less than the old one, and nothing that the old one does not",
    Relation.INCOMPARABLE: "each revision permits traffic that the other does not",
    Relation.UNKNOWN: "it is not known whether all that changed was found",
}
COVERS = {
    Universe.ANY: words.UNIVERSES[Universe.ANY],
    Universe.NAMESPACES: words.UNIVERSES[Universe.NAMESPACES],
    Universe.INVENTORY: "the workloads in the manifests of either revision only; pods created later are not covered",
}

OWN_PODS = "other pods of its own"


def by_rules(changes: Iterable[Change]) -> list[list[Change]]:
    """Changes that the same rules of both revisions make stand together; what existing workloads show comes first, then
    what is read fastest."""
    groups: dict[object, list[Change]] = {}
    for change in sorted(changes, key=lambda it: (len(region_words.region(it.region)), it.live is False)):
        groups.setdefault((_named(change.before), _named(change.after)), []).append(change)
    return sorted(groups.values(), key=lambda group: all(change.live is False for change in group))


def _named(decision: Decision) -> tuple[tuple[str, str], ...]:
    return tuple((ruling.stage, parts.ruling(ruling)) for ruling in _deciding(decision) if ruling.rules)


def standing(change: Change) -> str:
    """Whether workloads that exist show it."""
    revision = "new" if change.is_gained else "old"
    if change.live:
        return f"live: workloads of the {revision} revision show it"
    if change.live is False:
        return f"latent: only pods that the {revision} revision does not hold show it"
    return "may be live: depends on " + (words.listed(change.depends_on) or "what the manifests leave open")


def ruling(decision: Decision) -> list[tuple[str, str]]:
    """(stage, why) of the stages that decide: all where it is allowed, else those that deny it."""
    return [(ruling.stage, parts.ruling(ruling)) for ruling in _deciding(decision)]


def _deciding(decision: Decision) -> list[Ruling]:
    return [ruling for ruling in decision.stages if decision.allowed or not ruling.allowed]


def compared(connections: ConnectionSet) -> str:
    """Of what a pair of ends may open, the part that is compared: protocols without ports are not."""
    return str(connections & ConnectionSet.PORTS) if connections & ConnectionSet.PORTS else "nothing"


def rest(shift: Shift) -> str:
    """What a shift does not show, in one sentence; empty if it shows all."""
    if shift.is_capped:
        return f"{len(shift.changes)} regions are shown and there are more; --max-changes shows more of them"
    return shift.reason


def asked(query: QueryDifference) -> str:
    """`proved → refuted`, or the verdict on what is new."""
    if query.before is None:
        return query.after.status.value
    if query.before.status is query.after.status:
        return f"{query.after.status.value} in both"
    return f"{query.before.status.value} → {query.after.status.value}"


def is_of_note(query: QueryDifference) -> bool:
    """Whether a reader wants to see it first: it changed, or what is new is not proved to be none."""
    return query.has_changed or (query.before is None and query.after.status is not Status.PROVED)
