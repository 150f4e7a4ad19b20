"""What the mesh decides at the ends of a question: its stages, cut down to the destinations that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Action
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
        indices = (_index_of(number, stage, cluster) for number, stage in enumerate(stages))
        looked_at = names if question.looked_at is None else names & question.looked_at
        cutting = _Cutting(cut, names, looked_at, question.others_let_in)
        found = tuple(s for index in indices if (s := cutting.stage(index)).applies != FALSE)
    return Mediation(found, cut(keeps_off(cluster.mesh, cluster)), by_waypoint(cluster.mesh))


_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)


def is_asked(cluster: Cluster, question: Question) -> bool:
    of_connections = question.claim.kind not in (Kind.ISOLATED, Kind.NEVER_TIE)
    return question.with_requests and not question.past_the_mesh and of_connections and has_mesh(cluster.mesh)


def namespaces_with_policies(cluster: Cluster, question: Question, inside: frozenset[str]) -> list[str]:
    """Those of these namespaces that have policies of the mesh of their own, in order of their names."""
    if not is_asked(cluster, question):
        return []
    from analyzer.model.mesh_stage import mesh_stages

    stages = mesh_stages(cluster, question.profile.ext_authz)
    indices = [_index_of(number, stage, cluster) for number, stage in enumerate(stages)]
    named = (index.named(tier) for index in indices for tier in range(len(index.tiers)))
    return sorted(inside & frozenset[str]().union(*named))


class _StageIndex:
    """The entries of each tier by the namespaces that their subjects name, and those that name none."""

    def __init__(self, number: int, stage: Stage) -> None:
        self.number, self.stage = number, stage
        self.tiers = [tier.entries for tier in stage.tiers]
        self._everywhere: list[list[int]] = []
        self._by_name: list[dict[str, list[int]]] = []
        for entries in self.tiers:
            everywhere, by_name = list[int](), dict[str, list[int]]()
            for place, entry in enumerate(entries):
                names = _namespaces(entry.subject)
                for name in names or ():
                    by_name.setdefault(name, []).append(place)
                if names is None:
                    everywhere.append(place)
            self._everywhere.append(everywhere)
            self._by_name.append(by_name)

    def at(self, tier: int, names: frozenset[str]) -> list[Entry]:
        """Those of the tier that can select pods in these namespaces, in their order."""
        found, by_name = set(self._everywhere[tier]), self._by_name[tier]
        for name in names if len(names) < len(by_name) else names & by_name.keys():
            found.update(by_name.get(name, ()))
        return [self.tiers[tier][place] for place in sorted(found)]

    def named(self, tier: int) -> frozenset[str]:
        """The namespaces that have an entry of their own in the tier."""
        return frozenset(self._by_name[tier])


def _index_of(number: int, stage: Stage, cluster: Cluster) -> _StageIndex:
    """Kept with the cluster."""
    key = (_index_of, id(stage))
    known = cluster.readings.get(key)
    if not isinstance(known, _StageIndex) or known.stage is not stage:
        known = cluster.readings[key] = _StageIndex(number, stage)
    return known


@dataclass(frozen=True, slots=True)
class _Cutting:
    """Stages cut down to destinations in the namespaces `names`; of those that are not `looked_at`, policies of their
    own let in everything, or nothing."""

    cut: Callable[[Formula], Formula]
    names: frozenset[str]
    looked_at: frozenset[str]
    others_let_in: bool

    def stage(self, index: _StageIndex) -> Stage:
        stage = index.stage
        tiers = (replace(tier, scales=((tuple(self._entries(index, i)),),)) for i, tier in enumerate(stage.tiers))
        return replace(stage, applies=self.cut(stage.applies), tiers=tuple(tier for tier in tiers if tier.entries))

    def _entries(self, index: _StageIndex, tier: int) -> Iterator[Entry]:
        for entry in index.at(tier, self.looked_at):
            subject = self.cut(entry.subject)
            if subject != FALSE:
                rules = tuple(replace(rule, when=self.cut(rule.when)) for rule in entry.rules)
                yield replace(entry, subject=subject, rules=rules)
        left = (self.names - self.looked_at) & index.named(tier)
        if left and (other := _of_others(index.stage.tiers[tier], left, let_in=self.others_let_in)) is not None:
            yield other


def _of_others(tier: Tier, names: frozenset[str], *, let_in: bool) -> Entry | None:
    """What stands for all policies of these namespaces in the tier, as if they let in everything, or nothing: an ALLOW
    accepts it, or is there and matches nothing; a DENY is not there, or matches."""
    here = Test(_NAMESPACE, names)
    if tier.unmatched is Unmatched.DENY:
        accept = StagedRule(None, Action.ACCEPT, FALSE, FALSE, TRUE)
        return Entry(None, here, (accept,) if let_in else (), closes=not let_in)
    deny = StagedRule(None, Action.DENY, FALSE, FALSE, TRUE)
    return None if let_in else Entry(None, here, (deny,))


def _namespaces(subject: Formula) -> frozenset[str] | None:
    for part in subject.parts if isinstance(subject, All) else (subject,):
        if isinstance(part, Test) and part.attribute == _NAMESPACE and isinstance(part.meets, frozenset):
            return part.meets
    return None


# ------------------------------------------------------------------------------------------------ names
def names_in_identities(cluster: Cluster, question: Question) -> set[str]:
    """Names of namespaces that identities are asked for and that may be created."""
    if question.universe is not Universe.ANY or not question.with_requests:
        return set()
    from analyzer.encoding.identity_names import identity_patterns, named_namespaces

    of_claim = identity_patterns(asked_of_requests(question.claim))
    key = (names_in_identities, question.profile.ext_authz, is_asked(cluster, question), frozenset(of_claim))
    known = cluster.readings.get(key)
    if not isinstance(known, set):
        patterns = {*_of_mesh(cluster, question), *of_claim}
        known = named_namespaces(sorted(patterns, key=lambda it: it.order), cluster.mesh.config)
        cluster.readings[key] = known
    return known


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
