"""What the mesh decides at the ends of a question: its stages, cut down to the destinations that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
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

NAMES_OF_TOKEN = frozenset({Name.TOKEN, Name.ISSUER, Name.SUBJECT, Name.TOKEN_PLACE, Name.CLAIM, Name.CLAIM_WORD})


@dataclass(frozen=True, slots=True)
class Mediation:
    """`stages`: those that judge requests at the destination.  `keeps_off`: over SELF, the labels by which a pod has no
    proxy; no pod that is created later has them.  `refusal`: the request may have to come by another way, and be
    refused there; `around`: it may come from elsewhere that way.  `tunnel`: what is below the mesh sees that in place
    of the port asked for; `either_way`: or the port, as the client likes."""

    stages: tuple[Stage, ...] = ()
    keeps_off: Formula = FALSE
    refusal: Formula = FALSE
    around: Formula = FALSE
    tunnel: Formula = FALSE
    either_way: Formula = FALSE

    @property
    def formulas(self) -> Iterator[Formula]:
        for stage in self.stages:
            yield from formulas_of(stage)
        yield from (self.keeps_off, self.refusal, self.around, self.tunnel, self.either_way)


def mediation(cluster: Cluster, question: Question, table: NamespaceTable, inside: frozenset[int]) -> Mediation:
    """What a mesh says of destinations in these namespaces; nothing where none is to be seen or nobody asks."""
    if not is_asked(cluster, question):
        return Mediation()
    from analyzer.model.mesh_pods import keeps_off
    from analyzer.model.mesh_stage import (
        may_be_tunnelled,
        mesh_stages,
        tunnelled,
    )
    from analyzer.model.mesh_waypoints import by_waypoint, refused_by_waypoint

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

    if not question.slice_first:
        found = mesh_stages(cluster, question.profile.ext_authz)
    else:
        left = frozenset() if question.looked_at is None else _left_out(cluster, question, names)
        stages = _among(cluster, question, names).stages
        cutting = _Cutting(cut, left, question.others_let_in)
        found = tuple(s for s in map(cutting.stage, stages) if s.applies != FALSE)
    return Mediation(
        found,
        cut(keeps_off(cluster.mesh, cluster)),
        cut(refused_by_waypoint(cluster)),
        cut(by_waypoint(cluster, question.profile)),
        cut(tunnelled(cluster)),
        cut(may_be_tunnelled(cluster)),
    )


_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)


def is_asked(cluster: Cluster, question: Question) -> bool:
    of_connections = question.claim.kind not in (Kind.ISOLATED, Kind.NEVER_TIE)
    return question.with_requests and not question.past_the_mesh and of_connections and has_mesh(cluster.mesh)


def namespaces_with_policies(cluster: Cluster, question: Question, inside: frozenset[str]) -> list[str]:
    """Those of these namespaces that have policies of the mesh of their own, in order of their names."""
    if not is_asked(cluster, question):
        return []
    from analyzer.model.mesh_places import namespaces_with_policies as all_of

    return sorted(inside & all_of(cluster))


def _left_out(cluster: Cluster, question: Question, names: frozenset[str]) -> frozenset[str]:
    """Those of the namespaces that have policies which are not looked at."""
    return frozenset(namespaces_with_policies(cluster, question, names - (question.looked_at or frozenset())))


class _Among:
    """The stages as destinations in some namespaces have them, and what of identities they ask."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self.named: dict[tuple[Pattern, ...], set[str]] = {}

    @cached_property
    def identities(self) -> tuple[Pattern, ...]:
        from analyzer.encoding.identity_names import identity_patterns

        return identity_patterns(formula for stage in self.stages for formula in formulas_of(stage))


def _among(cluster: Cluster, question: Question, names: frozenset[str] | None) -> _Among:
    """None: all namespaces.  A few are kept with the cluster: one question asks for the same again."""
    from analyzer.model.mesh_places import namespaces_with_objects
    from analyzer.model.mesh_stage import mesh_stages, stages_among

    authorizers, every = question.profile.ext_authz, namespaces_with_objects(cluster)
    inside = every if names is None else every & names
    looked_at = None if names is None or question.looked_at is None else question.looked_at & inside
    kept = cluster.readings.setdefault(_among, {})
    assert isinstance(kept, dict)
    found = kept.get((authorizers, inside, looked_at))
    if found is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        is_whole = looked_at is None and inside == every
        stages = (
            mesh_stages(cluster, authorizers) if is_whole else stages_among(cluster, authorizers, inside, looked_at)
        )
        found = kept[authorizers, inside, looked_at] = _Among(stages)
    among: _Among = found
    return among


_MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class _Cutting:
    """Stages cut down to destinations in the namespaces of a question.  The policies of those that are `left` are not
    read: they let in everything, or nothing."""

    cut: Callable[[Formula], Formula]
    left: frozenset[str]
    others_let_in: bool

    def stage(self, stage: Stage) -> Stage:
        tiers = [replace(tier, scales=((tuple(self._entries(tier)),),)) for tier in stage.tiers]
        if self.left and not self.others_let_in:
            tiers.insert(0, Tier(None, (((self._of_others(Action.DENY),),),)))
        return replace(stage, applies=self.cut(stage.applies), tiers=tuple(tier for tier in tiers if tier.entries))

    def _entries(self, tier: Tier) -> Iterator[Entry]:
        for entry in tier.entries:
            subject = self.cut(entry.subject)
            if subject != FALSE:
                rules = tuple(replace(rule, when=self.cut(rule.when)) for rule in entry.rules)
                yield replace(entry, subject=subject, rules=rules)
        if self.left and self.others_let_in and tier.unmatched is Unmatched.DENY:
            yield self._of_others(Action.ACCEPT)

    def _of_others(self, action: Action) -> Entry:
        """What stands for all policies of the namespaces that are left."""
        return Entry(None, Test(_NAMESPACE, self.left), (StagedRule(None, action, FALSE, FALSE, TRUE),))


# ------------------------------------------------------------------------------------------------ names
def names_in_identities(cluster: Cluster, question: Question, names: frozenset[str] | None = None) -> set[str]:
    """Names of namespaces that identities are asked for and that may be created: by the claim and by the policies for
    pods of these namespaces; None: of all."""
    if question.universe is not Universe.ANY or not question.with_requests:
        return set()
    from analyzer.encoding.identity_names import identity_patterns, named_namespaces

    of_claim = identity_patterns(asked_of_requests(question.claim))
    if not is_asked(cluster, question):
        return named_namespaces(of_claim, cluster.mesh.config)
    among = _among(cluster, question, names)
    found = among.named.get(of_claim)
    if found is None:
        patterns = sorted({*of_claim, *among.identities}, key=lambda it: it.order)
        found = among.named[of_claim] = named_namespaces(patterns, cluster.mesh.config)
    return found


def issuers(*clusters: Cluster) -> frozenset[str] | None:
    """Those whose tokens somebody looks at in one of the clusters; None if anybody's."""
    rules = [rule for it in clusters for each in it.mesh.of(RequestAuthentication) for rule in each.rules]
    return None if any(not rule.issuer for rule in rules) else frozenset(rule.issuer for rule in rules)


def names_tokens(where: Formula | None) -> bool:
    """The condition speaks of tokens or of their claims."""
    return any(test.attribute.name in NAMES_OF_TOKEN for test in requests_in(where))


def admits_tokens(question: Question) -> bool:
    """Clients with a valid token are spoken of: by claims that forbid, and where the question names tokens."""
    is_asked = names_tokens(question.claim.where) or question.claim.kind not in (Kind.EVERY, Kind.SOME)
    return question.profile.tokens and is_asked
