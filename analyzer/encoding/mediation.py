"""What the mesh decides at the ends of a question: its stages, cut down to the destinations that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.question import Question
from analyzer.encoding.walk import asked_of_requests, formulas_of, requests_in
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    All,
    Attribute,
    Formula,
    Leaf,
    Name,
    Not,
    Role,
    Some,
    Test,
    both,
    either,
    negated,
)
from analyzer.model.mesh import RequestAuthentication, has_mesh
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

NAMES_OF_TOKEN = frozenset({Name.TOKEN, Name.ISSUER, Name.SUBJECT, Name.CLAIM, Name.CLAIM_WORD})


@dataclass(frozen=True, slots=True)
class Mediation:
    """`stages`: those that judge requests at the destination.  `keeps_off`: over SELF, the labels by which a pod has no
    proxy; no pod that is created later has them.  `detour`: the request may come by another way."""

    stages: tuple[Stage, ...] = ()
    keeps_off: Formula = FALSE
    detour: Formula = FALSE

    @property
    def formulas(self) -> Iterator[Formula]:
        for stage in self.stages:
            yield from formulas_of(stage)
        yield from (self.keeps_off, self.detour)


def mediation(cluster: Cluster, question: Question, table: NamespaceTable, inside: frozenset[int]) -> Mediation:
    """What a mesh says of destinations in these namespaces; nothing where none is to be seen or nobody asks."""
    if not is_asked(cluster, question):
        return Mediation()
    from analyzer.model.mesh_pods import keeps_off
    from analyzer.model.mesh_stage import by_waypoint, mesh_stages

    names = frozenset(name for code in inside if (name := table.entries[code].name) is not None)

    def known(leaf: Leaf) -> Formula:
        """No destination is in another namespace."""
        if isinstance(leaf, Test) and leaf.attribute == _NAMESPACE and isinstance(leaf.meets, frozenset):
            return leaf if leaf.meets & names else FALSE
        return leaf

    cut_before: dict[int, tuple[Formula, Formula]] = {}

    def cut(formula: Formula) -> Formula:
        """Rules share most of what they ask, which is cut once."""
        found = cut_before.get(id(formula))
        if found is None:
            match formula:
                case All(parts):
                    left = both(map(cut, parts))
                case Some(parts):
                    left = either(map(cut, parts))
                case Not(part):
                    left = negated(cut(part))
                case leaf:
                    left = known(leaf)
            found = cut_before[id(formula)] = formula, left
        return found[1]

    stages = mesh_stages(cluster, question.profile.ext_authz)
    if not question.slice_first:
        found = stages
    else:
        found = tuple(s for stage in stages if (s := _cut(stage, cluster, names, cut)).applies != FALSE)
    return Mediation(found, cut(keeps_off(cluster.mesh, cluster)), by_waypoint(cluster.mesh))


_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)


def is_asked(cluster: Cluster, question: Question) -> bool:
    of_connections = question.claim.kind not in (Kind.ISOLATED, Kind.NEVER_TIE)
    return question.with_requests and not question.past_the_mesh and of_connections and has_mesh(cluster.mesh)


def _cut(stage: Stage, cluster: Cluster, names: frozenset[str], cut: Callable[[Formula], Formula]) -> Stage:
    places = _places(stage, cluster)

    def rules(entry: Entry) -> tuple[StagedRule, ...]:
        return tuple(replace(rule, when=cut(rule.when)) for rule in entry.rules)

    def entries(tier: Tier) -> Iterator[Entry]:
        for entry in tier.entries:
            where = places[id(entry)]
            if where is None or where & names:
                subject = cut(entry.subject)
                if subject != FALSE:
                    yield replace(entry, subject=subject, rules=rules(entry))

    tiers = (replace(tier, scales=((tuple(entries(tier)),),)) for tier in stage.tiers)
    return replace(stage, applies=cut(stage.applies), tiers=tuple(tier for tier in tiers if tier.entries))


def _places(stage: Stage, cluster: Cluster) -> dict[int, frozenset[str] | None]:
    """By entry: the namespaces whose pods it can select, None for any; kept with the cluster."""
    key = (_places, id(stage))
    known = cluster.readings.get(key)
    if isinstance(known, dict):
        return known
    found = {id(entry): _namespaces(entry.subject) for tier in stage.tiers for entry in tier.entries}
    cluster.readings[key] = found
    return found


def _namespaces(subject: Formula) -> frozenset[str] | None:
    parts = getattr(subject, "parts", (subject,))
    for part in parts if not isinstance(subject, Test) else (subject,):
        if isinstance(part, Test) and part.attribute == _NAMESPACE and isinstance(part.meets, frozenset):
            return part.meets
    return None


# ------------------------------------------------------------------------------------------------ names
def names_in_identities(cluster: Cluster, question: Question) -> set[str]:
    """Names of namespaces that identities are asked for and that may be created."""
    if question.universe is not Universe.ANY or not question.with_requests:
        return set()
    from analyzer.encoding.identity_names import identity_patterns, named_namespaces

    patterns = {*_of_mesh(cluster, question), *identity_patterns(asked_of_requests(question.claim))}
    return named_namespaces(sorted(patterns, key=lambda it: it.order), cluster.mesh.config)


def _of_mesh(cluster: Cluster, question: Question) -> tuple[Pattern, ...]:
    if not is_asked(cluster, question):
        return ()
    key = (_of_mesh, question.profile.ext_authz)
    known = cluster.readings.get(key)
    if isinstance(known, tuple):
        return known
    from analyzer.encoding.identity_names import identity_patterns
    from analyzer.model.mesh_stage import mesh_stages

    stages = mesh_stages(cluster, question.profile.ext_authz)
    found = identity_patterns(formula for stage in stages for formula in formulas_of(stage))
    cluster.readings[key] = found
    return found


def issuers_of(*sides: Cluster) -> frozenset[str] | None:
    """Those of which some side looks at tokens; None if anybody's."""
    found = [issuers(side) for side in sides]
    return None if None in found else frozenset(one for its in found for one in its or ())


def issuers(cluster: Cluster) -> frozenset[str] | None:
    """Those whose tokens somebody looks at; None if anybody's."""
    rules = [rule for each in cluster.mesh.of(RequestAuthentication) for rule in each.rules]
    return None if any(not rule.issuer for rule in rules) else frozenset(rule.issuer for rule in rules)


def names_tokens(where: Formula | None) -> bool:
    """The condition speaks of tokens or of their claims."""
    return any(test.attribute.name in NAMES_OF_TOKEN for test in requests_in(where))


def admits_tokens(question: Question) -> bool:
    """Clients with a valid token are spoken of: by claims that forbid, and where the question names tokens."""
    is_asked = names_tokens(question.claim.where) or question.claim.kind not in (Kind.EVERY, Kind.SOME)
    return question.profile.tokens and is_asked


def all_of(*groups: Iterable[Formula]) -> list[Formula]:
    return [formula for group in groups for formula in group if formula not in (TRUE, FALSE)]
