"""The policies of Kubernetes' own kinds as each engine reads them (calico-cilium.md 0.5, 1.11, 2.14; reference 0.2;
aws.md P4, K4)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzer.model.cluster import Unmodelled
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespacesMatching,
    NodePeer,
    Peer,
    PodPeer,
    Policy,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet

Policies = tuple[Policy, ...]
_EVERY_POD = PodPeer(NamespacesMatching(Selector.EVERYTHING))


# ------------------------------------------------------------------------------------------------ kinds
def _unread(policy: Policy, engine: str) -> Unmodelled:
    """A policy of a kind that the engine does not read: another one may be chained that does."""
    rules = [rule for direction in Direction for rule in policy.rules(direction) or ()]
    group, version = "policy.networking.k8s.io", policy.scale
    return Unmodelled(
        policy.kind,
        f"{group}/{version}",
        None,
        policy.name,
        any(rule.action is not Action.DENY for rule in rules),
        any(rule.action is not Action.ACCEPT for rule in rules),
        False,
        policy.source,
        f"{engine} does not read this kind; if nothing else does, say `--irrelevant {policy.kind}.{group}`",
        directions=tuple(direction for direction in Direction if policy.rules(direction)),
    )


def _split(policies: Policies, kinds: Iterable[str], engine: str) -> tuple[Policies, tuple[Unmodelled, ...]]:
    read = frozenset(kinds)
    kept = tuple(policy for policy in policies if policy.kind in read)
    return kept, tuple(_unread(policy, engine) for policy in policies if policy.kind not in read)


# ------------------------------------------------------------------------------------------------ Calico
def _calico(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    """Equal priorities go by name; a rule with a peer that has no equal in Calico fails closed (1.11, 1.13)."""
    version = tuple(map(int, profile.calico_version.value.split(".")))
    kinds = ["NetworkPolicy"]
    if version >= (3, 32):
        kinds.append("ClusterNetworkPolicy")
    elif version >= (3, 29):
        kinds += ["AdminNetworkPolicy", *(["BaselineAdminNetworkPolicy"] if version >= (3, 30) else [])]
    kept, unread = _split(policies, kinds, f"Calico {profile.calico_version.value}")
    names = sorted({policy.name for policy in kept})
    ranks = {name: rank for rank, name in enumerate(names)}
    return tuple(replace(_with_rules(p, _convertible), rank=ranks[p.name]) for p in kept), unread


def _convertible(rule: Rule, _: Policy) -> Iterator[Rule]:
    odd = [peer for peer in rule.peers or () if isinstance(peer, NodePeer | DomainPeer)]
    field = "nodes" if odd and isinstance(odd[0], NodePeer) else "domainNames"
    yield replace(rule, peers=(UnknownPeer(field),)) if odd else rule


# ------------------------------------------------------------------------------------------------ Cilium
FILTERED = re.compile(
    r"io\.kubernetes|kubernetes\.io|k8s\.io|.*beta\.kubernetes\.io|topology\.kubernetes\.io|annotation|etcd_node"
    r"|pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid"
    r"|statefulset\.kubernetes\.io/pod-name|apps\.kubernetes\.io/pod-index"
    r"|batch\.kubernetes\.io/job-completion-index|batch\.kubernetes\.io/controller-uid"
)
"""Keys of pods' labels that no identity holds (calico-cilium.md 2.1)."""
_NEGATIVE = (Operator.NOT_IN, Operator.DOES_NOT_EXIST)


def _cilium(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    reads_tiers = profile.cilium_version.reads_tiers and profile.enable_k8s_cluster_network_policy
    kinds = ["NetworkPolicy", *(["ClusterNetworkPolicy"] if reads_tiers else [])]
    kept, unread = _split(policies, kinds, f"Cilium {profile.cilium_version.value}")
    return tuple(_by_rule([_as_cilium(policy, profile) for policy in kept])), unread


def _as_cilium(policy: Policy, profile: Profile) -> Policy:
    """Rules count whether `policyTypes` lists their direction or not (0.5, K57)."""
    policy = _with_unlisted(policy)
    policy = replace(policy, subject=_as_identities(policy.subject))
    return _with_rules(policy, lambda rule, _: iter([_cilium_rule(rule, profile)]))


def _with_unlisted(policy: Policy) -> Policy:
    if policy.ingress is None and policy.unlisted_ingress:
        policy = replace(policy, ingress=policy.unlisted_ingress)
    if policy.egress is None and policy.unlisted_egress:
        policy = replace(policy, egress=policy.unlisted_egress)
    return policy


def _cilium_rule(rule: Rule, profile: Profile) -> Rule:
    if rule.peers is None:
        return rule
    peers = [_cilium_peer(peer, profile) for peer in rule.peers]
    if rule.action is Action.ACCEPT and any(map(_is_negative, rule.peers)):
        if not profile.policy_default_local_cluster and profile.cilium_version.has_aggregates:
            return replace(rule, peers=None)  # it selects the aggregate identities, hence everybody (0.5, K80, K81)
        if profile.enable_node_selector_labels:
            peers.append(NodePeer(Selector.EVERYTHING))
    odd = any(isinstance(peer, NodePeer | DomainPeer) for peer in rule.peers)
    if odd and rule.open is None:
        text = f"whether Cilium enforces the nodes or domain names of the rule at {rule.source} is not known"
        rule = replace(rule, open=OpenFact("engine", f"engine {rule.source} {rule.index}", text))
    return replace(rule, peers=tuple(peers))


def _is_negative(peer: Peer) -> bool:
    """Nothing in it says what the end is, only what it is not."""
    if not isinstance(peer, PodPeer) or not isinstance(peer.namespaces, NamespacesMatching):
        return False
    asked = peer.namespaces.selector.requirements
    return bool(asked) and all(r.operator in _NEGATIVE for r in (*asked, *peer.pods.requirements))


def _cilium_peer(peer: Peer, profile: Profile) -> Peer:
    """Address ranges mean no pods, and nodes in one mode only, where a range of everything still does not (2.8)."""
    match peer:
        case PodPeer():
            return _as_identities(peer)
        case AddressPeer(addresses):
            full = AddressSet.FULL
            is_all = any(addresses.family(v) and addresses.family(v) == full.family(v) for v in (4, 6))
            in_nodes_mode = profile.policy_cidr_match_mode.means_nodes
            return replace(peer, matches_cluster=False if is_all and in_nodes_mode else None)
        case _:
            return peer


def _as_identities(peer: PodPeer) -> PodPeer:
    """The peer with its selector over the labels that an identity holds: others are absent."""
    kept: list[Requirement] = []
    for requirement in peer.pods.requirements:
        if FILTERED.match(requirement.key) is None:
            kept.append(requirement)
        elif requirement.operator not in _NEGATIVE:
            kept.append(Requirement(requirement.key, Operator.IN))  # one of no values: never
    return replace(peer, pods=Selector(tuple(kept)))


def _by_rule(policies: list[Policy]) -> Iterator[Policy]:
    """Policies of one priority are gone through rule by rule, denials of one place first (2.14)."""
    shared = Counter((p.tier, p.priority) for p in policies)
    for policy in policies:
        if policy.tier is Tier.NETWORK_POLICY or shared[policy.tier, policy.priority] < 2:
            yield policy
            continue
        for rule in policy.ingress or ():
            yield replace(policy, ingress=(rule,), egress=None, rank=_rank(rule))
        for rule in policy.egress or ():
            yield replace(policy, ingress=None, egress=(rule,), rank=_rank(rule))


def _rank(rule: Rule) -> int:
    return 2 * rule.index + (rule.action is not Action.DENY)


# ------------------------------------------------------------------------------------------------ kindnet
def _kindnet(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    """What kube-network-policies is known to read otherwise is left open (reference 0.2, F8, F9)."""
    found = [_with_rules(p, _known_deviations) if p.tier is not Tier.NETWORK_POLICY else p for p in policies]
    kinds = {p.scale: p.kind for p in policies if p.tier is Tier.BASELINE}
    for policy in policies:
        if policy.tier is Tier.NETWORK_POLICY and (policy.ingress is None) != (policy.egress is None):
            found += [_without_baseline(policy, kind) for kind in kinds.values()]
    return tuple(found), ()


def _known_deviations(rule: Rule, policy: Policy) -> Iterator[Rule]:
    """The rule, and after it what else the engine may take it for."""

    def doubt(what: str) -> OpenFact:
        text = f"kube-network-policies reads {what} of {policy.id} ({rule.source}) more widely than it means"
        return OpenFact("engine", f"engine {policy.id} {rule.source} {rule.index} {what}", text)

    if rule.open is None and any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
        rule = replace(rule, open=doubt("unknown peers"))
    yield rule
    if policy.scale != "v1alpha1":
        return
    if any(isinstance(entry, NamedPort) for entry in rule.ports or ()):
        yield replace(rule, ports=None, open=doubt("port names"))
    if any(isinstance(peer, NodePeer) for peer in rule.peers or ()):
        yield replace(rule, peers=(_EVERY_POD,), open=doubt("nodes"))


def _without_baseline(policy: Policy, kind: str) -> Policy:
    """A NetworkPolicy of one direction may switch the Baseline tier off in the other."""
    direction = Direction.INGRESS if policy.ingress is None else Direction.EGRESS
    text = f"{policy.id} ({policy.source}) may switch the Baseline tier off for {direction.value} in this engine"
    fact = OpenFact("engine", f"engine baseline {direction.value} {policy.id}", text)
    rules = (Rule(Action.ACCEPT, None, None, 0, policy.source, open=fact),)
    ingress, egress = (rules, None) if direction is Direction.INGRESS else (None, rules)
    name = f"(beside {policy.id})"
    return Policy(kind, None, name, Tier.BASELINE, policy.subject, ingress, egress, policy.source, priority=-1)


# ------------------------------------------------------------------------------------------------ NetworkPolicy alone
def _azure(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    return _split(policies, ("NetworkPolicy",), "Azure's network policy manager")


def _kube_router(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    """What its code reads otherwise is left open: it was read, not run (reference D)."""
    kept, unread = _split(policies, ("NetworkPolicy",), "kube-router")
    return tuple(_with_rules(policy, _as_kube_router_may) for policy in kept), unread


def _as_kube_router_may(rule: Rule, policy: Policy) -> Iterator[Rule]:
    """A name that it finds at no pod may open every port, and one that it finds, others' ports.  The blocks of a rule
    are one set in which the longest prefix counts, an `except` of one too; of IPv6 it means two ranges."""

    def doubt(what: str) -> OpenFact:
        text = f"kube-router may read {what} of {policy.id} ({rule.source}) otherwise than they are meant"
        return OpenFact("engine", f"engine {policy.id} {rule.source} {rule.index} {what}", text)

    certain, doubtful = _by_blocks(rule.peers or ())
    rules = [replace(rule, peers=certain or None)] if certain or rule.peers is None else []
    if doubtful:
        rules.append(replace(rule, peers=doubtful, open=doubt("ipBlocks")))
    for one in rules:
        numbered = tuple(entry for entry in one.ports or () if not isinstance(entry, NamedPort))
        if len(numbered) == len(one.ports or ()):
            yield one
            continue
        if numbered:
            yield replace(one, ports=numbered)
        yield replace(one, ports=None, open=doubt("port names"))


def _by_blocks(peers: tuple[Peer, ...]) -> tuple[tuple[Peer, ...], tuple[Peer, ...]]:
    """What it reads as it is meant, and what nobody knows."""
    blocks = [peer for peer in peers if isinstance(peer, AddressPeer)]
    if len(blocks) > 1 and any(block.excepts for block in blocks):
        return tuple(peer for peer in peers if not isinstance(peer, AddressPeer)), tuple(blocks)
    certain: list[Peer] = []
    doubtful: list[Peer] = []
    for peer in peers:
        if isinstance(peer, AddressPeer) and (missed := peer.addresses - _OF_KUBE_ROUTER):
            doubtful.append(replace(peer, addresses=missed))
            peer = replace(peer, addresses=peer.addresses & _OF_KUBE_ROUTER)
            if not peer.addresses:
                continue
        certain.append(peer)
    return tuple(certain), tuple(doubtful)


_OF_KUBE_ROUTER = AddressSet.of("0.0.0.0/0", "2000::/3", "fd00::/8")


# ------------------------------------------------------------------------------------------------ AWS
def _aws(policies: Policies, profile: Profile) -> tuple[Policies, tuple[Unmodelled, ...]]:
    """Of one priority denials go first, whatever policy they are of (aws.md P4); rules count whether `policyTypes`
    lists their direction or not (K4)."""
    kept = [p for p in policies if p.api or p.kind == "NetworkPolicy"]
    unread = tuple(_unread(p, "the VPC CNI") for p in policies if not p.api and p.kind != "NetworkPolicy")
    found = [piece for policy in kept for piece in _by_action(_with_unlisted(policy))]
    return tuple(found), unread


def _by_action(policy: Policy) -> Iterator[Policy]:
    if policy.tier is Tier.NETWORK_POLICY:
        yield policy
        return
    for rank, action in enumerate((Action.DENY, Action.ACCEPT, Action.PASS)):
        ingress, egress = (
            None if rules is None else tuple(rule for rule in rules if rule.action is action)
            for rules in (policy.ingress, policy.egress)
        )
        if ingress or egress:
            yield replace(policy, ingress=ingress or None, egress=egress or None, rank=rank)


# ------------------------------------------------------------------------------------------------ rules
def _with_rules(policy: Policy, reading: Callable[[Rule, Policy], Iterable[Rule]]) -> Policy:
    """The policy with each rule read; the same one where that changes none."""

    def read(rules: tuple[Rule, ...] | None) -> tuple[Rule, ...] | None:
        return None if rules is None else tuple(new for rule in rules for new in reading(rule, policy))

    ingress, egress = read(policy.ingress), read(policy.egress)
    if (ingress, egress) == (policy.ingress, policy.egress):
        return policy
    return replace(policy, ingress=ingress, egress=egress)


READINGS = {
    "aws-vpc-cni": _aws,
    "azure": _azure,
    "calico": _calico,
    "cilium": _cilium,
    "kindnet": _kindnet,
    "kube-router": _kube_router,
}
"""What an engine makes of the policies, and what it does not read, where it does not read what is written."""
