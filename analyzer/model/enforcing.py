"""The policies as an engine reads them, before any rule is judged: a cluster made into another one, as data.

What an engine reads of Kubernetes' own kinds other than they are written: kinds it does not know, labels it does not
keep, peers that mean more or less, the order of equal priorities (calico-cilium.md 0.5, 1.11, 2.14; reference 0.2).
The oracle and the encoding judge what comes out, each for itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzer.model.calico import STAND_IN, ServiceAccount
from analyzer.model.cilium import OF_CILIUM
from analyzer.model.cluster import Cluster, Unmodelled, Workload
from analyzer.model.labels import NO_LABELS, Operator, Requirement, Selector
from analyzer.model.lifting import lifted
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
from analyzer.model.source import Notice
from analyzer.sets import AddressSet

Policies = tuple[Policy, ...]
_EVERY_POD = PodPeer(NamespacesMatching(Selector.EVERYTHING))
_KEY = "as enforced by"


def as_enforced(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as the profile's engine reads it; the same one where it reads what is written.

    Whether anybody enforces a policy of a kind that the engine does not read is not known: it is unmodelled.
    """
    if cluster.readings.get(_KEY) == profile:
        return cluster
    return _enforced(_without_stand_ins(cluster, profile), profile, is_chained=False)


def still_enforced(made: Cluster, cluster: Cluster) -> Cluster:
    """What was made of a cluster whose policies are as the engine reads them is such a cluster, too."""
    if _KEY in cluster.readings:
        made.readings[_KEY] = cluster.readings[_KEY]
    return made


def as_compared(old: Cluster, new: Cluster, profile: Profile) -> tuple[Cluster, Cluster]:
    """The same of two revisions; what Calico's policies say of nodes, which nothing compares, is left open, and where
    another engine's may select nodes, its own objects are not modelled."""
    if any(_has_host_policies(cluster, profile) for cluster in (old, new)):
        return _as_it_is(old, profile), _as_it_is(new, profile)
    return as_enforced(without_hosts(old), profile), as_enforced(without_hosts(new), profile)


def _as_it_is(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as the engine reads it, but for what stands for its own objects."""
    found = _enforced(cluster, profile, is_chained=False)
    if found.readings.get(_KEY) != profile:
        found = replace(found)
        found.readings[_KEY] = profile
    return found


def without_hosts(cluster: Cluster) -> Cluster:
    """The cluster in which what Calico's policies say of nodes is left open."""
    if not cluster.calico.has_hosts:
        return cluster
    found = cluster.readings.get("without hosts")
    if not isinstance(found, Cluster):
        calico = replace(cluster.calico, judges_hosts=False)
        found = cluster.readings["without hosts"] = replace(cluster, calico=calico)
    return found


def _has_host_policies(cluster: Cluster, profile: Profile) -> bool:
    """Some of Cilium's may select nodes."""
    return profile.reads_cilium and profile.enable_host_firewall and cluster.cilium.names_hosts


def stand_in_of(profile: Profile) -> str | None:
    """Why a thing is not modelled that stands for one of the engine's own objects; None where it has none."""
    return STAND_IN if profile.reads_calico else OF_CILIUM if profile.reads_cilium else None


def _without_stand_ins(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster in which nothing stands for the engine's own objects but they themselves."""
    why = stand_in_of(profile)
    if why is None or not any(thing.why == why for thing in cluster.unmodelled):
        return cluster
    found = cluster.readings.get(why)
    if not isinstance(found, Cluster):
        unmodelled = tuple(thing for thing in cluster.unmodelled if thing.why != why)
        found = cluster.readings[why] = replace(cluster, unmodelled=unmodelled)
    return found


def as_pictured(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as a map shows it: policies of kinds that the engine does not read are taken as written, as another
    engine chained to it would read them, and a notice says so of each."""
    if not _has_host_policies(cluster, profile):  # at nodes a map judges nothing
        cluster = _without_stand_ins(_with_accounts(without_hosts(cluster)), profile)
    return _enforced(cluster, profile, is_chained=True)


def _with_accounts(cluster: Cluster) -> Cluster:
    """The cluster in which each service account that a workload has is declared: those of the inventory have the labels
    that are written."""
    if not cluster.calico.policies:
        return cluster
    found = cluster.readings.get(ServiceAccount)
    if not isinstance(found, Cluster):
        known = {(it.namespace, it.name) for it in cluster.calico.accounts}
        others = {(w.namespace, w.service_account) for w in cluster.workloads} - known
        accounts = (*cluster.calico.accounts, *(ServiceAccount(*it, NO_LABELS) for it in sorted(others)))
        found = cluster.readings[ServiceAccount] = replace(cluster, calico=replace(cluster.calico, accounts=accounts))
    return found


def as_declared(cluster: Cluster, *ends: object) -> Cluster:
    """The cluster in which what Calico's policies ask about and no manifest writes is not there: the labels of the
    accounts of its workloads and of these ends, and those of the namespaces of sets."""
    if not cluster.calico.policies:
        return cluster
    found = _with_accounts(without_hosts(cluster))
    known = {(it.namespace, it.name) for it in found.calico.accounts}
    own = {(end.namespace, end.service_account) for end in ends if isinstance(end, Workload)} - known
    homes = {group.namespace for group in found.calico.groups}
    if own:
        accounts = (*found.calico.accounts, *(ServiceAccount(*it, NO_LABELS) for it in sorted(own)))
        found = replace(found, calico=replace(found.calico, accounts=accounts))
    if any(n.name in homes and not n.is_declared for n in found.namespaces):
        spaces = (replace(n, is_declared=True) if n.name in homes else n for n in found.namespaces)
        found = replace(found, namespaces=tuple(spaces))
    return found


def _with_domains(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster whose DNS answers for the domains of knob cluster-domain, too."""
    more = tuple(domain for domain in profile.cluster_domains if domain not in cluster.dns_domains)
    if not more:
        return cluster
    found = cluster.readings.get(("cluster-domain", more))
    if not isinstance(found, Cluster):
        found = cluster.readings["cluster-domain", more] = replace(cluster, dns_domains=(*cluster.dns_domains, *more))
    return found


def _enforced(cluster: Cluster, profile: Profile, *, is_chained: bool) -> Cluster:
    if cluster.readings.get(_KEY) == profile:
        return cluster
    cluster = lifted(_with_domains(cluster, profile), profile)
    reading = _READINGS.get(profile.name)
    if reading is None or not profile.enforces:
        return cluster
    found = cluster.readings.get((_KEY, profile, is_chained))
    if not isinstance(found, Cluster):
        policies, unread = reading(cluster.policies, profile)
        if policies == cluster.policies and not unread:
            found = replace(cluster) if is_chained else cluster
        elif is_chained:
            names = {(thing.kind, thing.name) for thing in unread}
            others = tuple(p for p in cluster.policies if p.namespace is None and (p.kind, p.name) in names)
            notices = tuple(Notice(thing.source, _pictured(thing, profile)) for thing in unread)
            found = replace(cluster, policies=(*policies, *others), notices=(*cluster.notices, *notices))
        else:
            found = replace(cluster, policies=policies, unmodelled=(*cluster.unmodelled, *unread))
        cluster.readings[_KEY, profile, is_chained] = found
        if found is not cluster:
            found.readings[_KEY] = profile
    return found


def _pictured(thing: Unmodelled, profile: Profile) -> str:
    group = thing.api_version.partition("/")[0]
    return (
        f"{thing.id} is of a kind that profile {profile.name} does not read; here it is taken as written, for another "
        f"engine may be chained that does (if none is, say `--irrelevant {thing.kind}.{group}`)"
    )


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
    if policy.ingress is None and policy.unlisted_ingress:
        policy = replace(policy, ingress=policy.unlisted_ingress)
    if policy.egress is None and policy.unlisted_egress:
        policy = replace(policy, egress=policy.unlisted_egress)
    policy = replace(policy, subject=_as_identities(policy.subject))
    return _with_rules(policy, lambda rule, _: iter([_cilium_rule(rule, profile)]))


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


# ------------------------------------------------------------------------------------------------ rules
def _with_rules(policy: Policy, reading: Callable[[Rule, Policy], Iterable[Rule]]) -> Policy:
    """The policy with each rule read; the same one where that changes none."""

    def read(rules: tuple[Rule, ...] | None) -> tuple[Rule, ...] | None:
        return None if rules is None else tuple(new for rule in rules for new in reading(rule, policy))

    ingress, egress = read(policy.ingress), read(policy.egress)
    if (ingress, egress) == (policy.ingress, policy.egress):
        return policy
    return replace(policy, ingress=ingress, egress=egress)


_READINGS = {"calico": _calico, "cilium": _cilium, "kindnet": _kindnet}
