"""Random pairs of revisions: a cluster and what an edit, or another author, made of it.

revisions()           (before, after): policies added, dropped or exchanged; sometimes also labels of namespaces,
                      which namespaces are declared or there at all, workloads and all the rest
seen_by(c, cluster)   the connection as that side has it: with its labels of the namespaces
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clusters import ADDRESSES, DECLARED, INSIDE, NODE_IPS, clusters, label_maps, policy_sets
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Action, AddressPeer, Peer, Policy, Rule, Tier
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet


@st.composite
def revisions(draw: DrawFn, *, is_all_modelled: bool = False, adds_labels: bool = False) -> tuple[Cluster, Cluster]:
    one = clusters(is_all_modelled=is_all_modelled, adds_labels=adds_labels)
    before = draw(one)
    if draw(st.sampled_from((False, False, True))):
        return before, draw(one)
    kept = [p for p in before.policies if draw(st.sampled_from((True, True, False)))]
    added = [p for p in draw(policy_sets()) if p.id not in {k.id for k in kept}]
    after = replace(before, policies=(*kept, *added))
    if draw(st.booleans()):
        after = replace(after, namespaces=tuple(draw(_edited(n)) for n in before.namespaces))
    if draw(st.sampled_from((False, False, True))):
        after = replace(after, workloads=tuple(draw(_moved(n, w)) for n, w in enumerate(after.workloads)))
    if draw(st.sampled_from((False, False, True))):
        gone = draw(st.sampled_from(DECLARED))
        after = replace(
            after,
            namespaces=tuple(n for n in after.namespaces if n.name != gone),
            policies=tuple(p for p in after.policies if p.namespace != gone),
            workloads=tuple(w for w in after.workloads if w.namespace != gone),
            services=tuple(s for s in after.services if s.namespace != gone),
            unmodelled=tuple(u for u in after.unmodelled if u.namespace != gone),
        )
    return (before, after) if draw(st.booleans()) else (after, before)


@st.composite
def _edited(draw: DrawFn, namespace: Namespace) -> Namespace:
    is_declared = draw(st.booleans())
    own = draw(label_maps()) if is_declared else Labels()
    return Namespace(namespace.name, Labels({**own, NAMESPACE_NAME_LABEL: namespace.name}), is_declared)


@st.composite
def _moved(draw: DrawFn, index: int, workload: Workload) -> Workload:
    """The workload on its node's network, or off it, or as it is."""
    is_on_host = draw(st.booleans())
    if is_on_host == workload.host_network:
        return workload
    base, offset = (NODE_IPS, 1) if is_on_host else (INSIDE, ADDRESSES[index][0])
    nodes = ("node-1",) if is_on_host else ()
    return replace(workload, host_network=is_on_host, ips=(base[4] + offset, base[6] + offset), nodes=nodes)


def seen_by(connection: Connection, cluster: Cluster) -> Connection:
    return replace(connection, src=_seen(connection.src, cluster), dst=_seen(connection.dst, cluster))


def _seen(end: End, cluster: Cluster) -> End:
    for workload in cluster.workloads if isinstance(end, Pod) else ():
        if workload.id == end.workload:
            end = replace(end, host_network=workload.host_network)
    namespace = cluster.namespace_by_name.get(end.namespace) if isinstance(end, Pod) else None
    if isinstance(end, Pod) and namespace is not None and namespace.is_declared:
        return replace(end, namespace_labels=namespace.labels)
    return end


# ------------------------------------------------------------------------------------------------ refactorings
@st.composite
def refactorings(draw: DrawFn) -> tuple[Cluster, Cluster]:
    """A cluster, and one that says the same in other words."""
    before = draw(clusters() | clusters(is_all_modelled=True))
    unions = [p for p in before.policies if p.tier is Tier.NETWORK_POLICY]
    change = draw(st.sampled_from((_split_policies, _split_blocks, _reorder, _as_cluster_policy)))
    if change is _as_cluster_policy:
        before = replace(before, policies=tuple(unions[:1]))
    changed = tuple(after for policy in before.policies for after in change(policy))
    after = replace(before, policies=changed)
    return (before, after) if draw(st.booleans()) else (after, before)


def are_read_alike(pair: tuple[Cluster, Cluster], profile: Profile) -> bool:
    """Not where the engine reads NetworkPolicies and leaves ClusterNetworkPolicies unread."""
    one, two = (as_enforced(side, profile).unmodelled != side.unmodelled for side in pair)
    return one is two


def _with_rules(policy: Policy, change: Callable[[tuple[Rule, ...]], tuple[Rule, ...]]) -> Policy:
    ingress, egress = (None if r is None else change(r) for r in (policy.ingress, policy.egress))
    return replace(policy, ingress=ingress, egress=egress)


def _split_policies(policy: Policy) -> list[Policy]:
    """The first rules in one policy, the others in another, of one subject."""
    if policy.tier is not Tier.NETWORK_POLICY:
        return [policy]
    second = _with_rules(policy, lambda rules: rules[1:])
    return [_with_rules(policy, lambda rules: rules[:1]), replace(second, name=f"{policy.name}-too")]


def _split_blocks(policy: Policy) -> list[Policy]:
    def halves(peer: Peer) -> list[Peer]:
        if not isinstance(peer, AddressPeer):
            return [peer]
        low = AddressSet.of("0.0.0.0/1", "8000::/1")
        parts = (peer.addresses & low, peer.addresses - low)
        return [replace(peer, addresses=part) for part in parts if part]

    def split(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(
            rule if rule.peers is None else replace(rule, peers=tuple(half for p in rule.peers for half in halves(p)))
            for rule in rules
        )

    return [_with_rules(policy, split)]


def _reorder(policy: Policy) -> list[Policy]:
    if policy.tier is not Tier.NETWORK_POLICY:
        return [policy]

    def turned(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(
            replace(r, peers=r.peers and r.peers[::-1], ports=r.ports and r.ports[::-1]) for r in reversed(rules)
        )

    return [_with_rules(policy, turned)]


def _as_cluster_policy(policy: Policy) -> list[Policy]:
    """What the NetworkPolicy allows is accepted, and everything else denied."""
    denial = Rule(Action.DENY, None, None, 99, policy.source)
    closed = _with_rules(policy, lambda rules: (*rules, denial))
    return [replace(closed, kind="ClusterNetworkPolicy", namespace=None, tier=Tier.ADMIN)]
