"""Whom a rule may let through, for no claim that is broken forbids it: namespaces, and addresses outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.dns import DNS_PORTS, dns_peer, needs_dns
from analyzer.analysis.findings.near_rules import end_of, is_in
from analyzer.analysis.findings.probes import met
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod, pod_of
from analyzer.model.ends import led_ports_in
from analyzer.model.labels import NAMESPACE_NAME_LABEL, NO_LABELS, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    Peer,
    PodPeer,
    Ports,
)
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import is_in_scope, is_member, matches
from analyzer.sets import DEFAULT_POD_ADDRESSES, METADATA_SERVICE, AddressSet

FORBIDDING = (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY)
"""The claims that forbid connections."""
MOST_NAMED = 8  # namespaces that a rule spells out
_FEW = 3  # that it says in words
_MOST_DENIED = 3  # that it names as those that are not meant
_MOST_EXCEPTS = 8
_MOST_ASKED = 60

Asked = tuple[Claim, Connection]
"""A claim that is broken, and a connection like those that it may forbid."""

RuleParts = tuple[Direction, tuple[Peer, ...] | None, tuple[Ports, ...] | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Peers that are let through together, and what they are called."""

    peers: tuple[Peer, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Let:
    """Rules beside what is closed, and whom they let through, in words."""

    rules: tuple[RuleParts, ...] = ()
    whom: tuple[str, ...] = ()

    def said(self, lead: str) -> str:
        """`; allow DNS, its own namespace`; nothing where nobody is."""
        return lead + ", ".join(self.whom) if self.whom else ""


@dataclass(frozen=True, slots=True)
class Around:
    """What a cause is looked at in: the addresses of pods, and all claims that are refuted."""

    cluster: Cluster
    profile: Profile
    pods: AddressSet
    claims: tuple[Claim, ...]


def let_through(cause: Cause, directions: Sequence[Direction], around: Around) -> Iterator[Let]:
    """What may stay open where the directions are closed, the least first: nothing but DNS, the own namespace, others,
    addresses outside.  Where all that is asked is isolation, DNS and the own namespace."""
    cluster, profile, pods = around.cluster, around.profile, around.pods
    dns = Direction.EGRESS in directions and needs_dns(cause, cluster, profile)
    levels: dict[Direction, list[Group]] = {}
    for direction in directions:
        asked = list(_asked(cause, direction, around.claims))
        found = groups(cause.key.namespace, asked, direction, cluster, profile, pods) if asked else []
        is_isolation = not asked and all(hit.claim.kind is Kind.ISOLATED for hit in cause.hits)
        levels[direction] = [_own_group(cause.key.namespace)] if is_isolation else found
    for level in range(max(len(found) for found in levels.values()) + 1):
        rules: list[RuleParts] = []
        whom: list[str] = []
        for direction in directions:
            given = levels[direction][:level]
            peers = widest([peer for group in given for peer in group.peers])
            if dns and direction is Direction.EGRESS and not _covers(peers, cluster):
                rules.append((direction, (dns_peer(cluster),), DNS_PORTS))
                whom.append("DNS")
            if peers:
                rules.append((direction, peers, None))
                whom += [group.words for group in told(given)]
        yield Let(tuple(rules), tuple(dict.fromkeys(whom)))


def _asked(cause: Cause, direction: Direction, claims: Sequence[Claim]) -> Iterator[Asked]:
    """What the cause lets through this way that a claim forbids, with each claim."""
    for hit in cause.hits:
        connection = hit.example.connection
        if connection is None or hit.claim.kind in (Kind.ISOLATED, Kind.NEVER_TIE, Kind.EVERY, Kind.SOME):
            continue
        near = end_of(connection, direction)
        if isinstance(near, Pod) and near.namespace == cause.key.namespace:
            yield from ((claim, connection) for claim in claims)


def groups(
    own: str, asked: Sequence[Asked], direction: Direction, cluster: Cluster, profile: Profile, pods: AddressSet
) -> list[Group]:
    """The own namespace, the others, and addresses outside, as far as the claims leave them alone."""
    asked = [it for it in asked[:_MOST_ASKED] if _may_forbid(it, direction)]
    denied = {it.name for it in cluster.namespaces if is_forbidden(it.name, asked, direction, cluster, profile)}
    found = [] if own in denied else [_own_group(own)]
    others = [it.name for it in cluster.namespaces if it.name not in denied and it.name != own]
    if not denied:
        found.append(Group((PodPeer(NamespacesMatching(Selector.EVERYTHING)),), _EVERY))
    elif others and len(others) <= MOST_NAMED:
        words = ", ".join(others) if len(others) <= _FEW else f"{len(others)} other namespaces"
        found.append(Group((PodPeer(NamespacesMatching(named(others))),), words))
    elif others and len(denied) <= _MOST_DENIED:
        but = Selector((Requirement(NAMESPACE_NAME_LABEL, Operator.NOT_IN, frozenset(denied)),))
        found.append(Group((PodPeer(NamespacesMatching(but)),), f"every namespace but {', '.join(sorted(denied))}"))
    spared = is_metadata_forbidden(asked, direction, profile)
    outside = blocks_outside(pods | METADATA_SERVICE if spared else pods, cluster)
    if outside and not is_outside_forbidden(asked, direction, profile, pods):
        found.append(Group(outside, "the outside"))
    elif blocks := _named_blocks(asked, direction, cluster, profile):
        found.append(Group(blocks, ", ".join(it.block for it in blocks)))
    return found


def groups_of(cause: Cause, direction: Direction, own: str | None, around: Around) -> list[Group]:
    """The groups that a policy of an engine may let through when it closes; `own`: its namespace, None of the whole
    cluster's.  Where all that is asked is isolation, the own namespace."""
    asked = [
        (claim, connection)
        for hit in cause.hits
        if (connection := hit.example.connection) is not None and hit.claim.kind in FORBIDDING
        for claim in around.claims
    ]
    if not asked:
        return [_own_group(own)] if own and all(hit.claim.kind is Kind.ISOLATED for hit in cause.hits) else []
    found = groups(own or "", asked, direction, around.cluster, around.profile, around.pods)
    return [it for it in found if own or it.words != _OWN]


def _own_group(namespace: str) -> Group:
    return Group((PodPeer(NamespaceNamed(namespace)),), _OWN)


def _named_blocks(
    asked: Sequence[Asked], direction: Direction, cluster: Cluster, profile: Profile
) -> tuple[AddressPeer, ...]:
    """The addresses outside that the manifests name, as far as nothing is forbidden there; none if they are many."""
    networks = list(named_outside(cluster).networks())
    return tuple(
        AddressPeer(AddressSet.of(str(it)), str(it))
        for it in (networks if len(networks) <= _MOST_EXCEPTS else ())
        if not any(
            is_in_scope(claim, with_far(connection, External(it.network_address), direction), profile)
            for claim, connection in asked
        )
    )


def named_outside(cluster: Cluster) -> AddressSet:
    """The addresses outside to which Services without a selector lead."""
    written = (ip for it in cluster.endpoints if not it.is_derived for ip in it.addresses)
    return AddressSet.of(*dict.fromkeys(map(str, written))) - cluster.known_pod_addresses


def _may_forbid(asked: Asked, direction: Direction) -> bool:
    """Whether the claim forbids anything at the near end of the connection, whatever the far one is."""
    claim, connection = asked
    if claim.kind is not Kind.NO or claim.destinations is None or any(led_ports_in(claim.destinations)):
        return True
    near = claim.sources if direction is Direction.EGRESS else claim.destinations
    return is_member(near, end_of(connection, direction))


def told(given: Sequence[Group]) -> list[Group]:
    """Those that have to be named: every namespace is the own one too."""
    return [it for it in given if it.words != _OWN or not any(one.words == _EVERY for one in given)]


_OWN, _EVERY = "its own namespace", "every namespace"


def widest(peers: Sequence[Peer]) -> tuple[Peer, ...]:
    """Without those that another one holds."""
    everybody = PodPeer(NamespacesMatching(Selector.EVERYTHING))
    return tuple(it for it in peers if it == everybody or everybody not in peers or not isinstance(it, PodPeer))


def named(names: Sequence[str]) -> Selector:
    return Selector((Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset(names)),))


def known_by(labels: Labels) -> Selector:
    """The label that pods go by: their name, else the first in alphabetical order."""
    kept = {key: labels[key] for key in _NAMES if key in labels} or dict(sorted(labels.items())[:1])
    return Selector(tuple(Requirement(key, Operator.IN, frozenset({value})) for key, value in sorted(kept.items())))


_NAMES = ("app.kubernetes.io/name", "app", "k8s-app", "name")


def _covers(peers: Sequence[Peer], cluster: Cluster) -> bool:
    """Whether DNS pods are among the peers."""
    dns = dns_peer(cluster)
    assert isinstance(dns.namespaces, NamespacesMatching)
    (name,) = dns.namespaces.selector.requirements[0].values
    there = cluster.namespace_by_name.get(name)
    if there is None:
        return PodPeer(NamespacesMatching(Selector.EVERYTHING)) in peers
    pod = Pod(namespace=name, namespace_labels=there.labels, labels=NO_LABELS, ip=ip_address("10.0.0.1"))
    return any(isinstance(peer, PodPeer) and is_in(peer, pod) for peer in peers)


def is_forbidden(
    namespace: str,
    asked: Sequence[Asked],
    direction: Direction,
    cluster: Cluster,
    profile: Profile,
    chosen: Selector = Selector.EVERYTHING,
) -> bool:
    """Whether one of the claims forbids a connection like those that break it, with a pod of the namespace; `chosen`:
    which of its pods are meant."""
    return any(
        is_in_scope(claim, with_far(connection, far, direction), profile)
        for claim, connection in asked
        for far in pods_of(namespace, cluster, connection, chosen)
    )


def is_outside_forbidden(asked: Sequence[Asked], direction: Direction, profile: Profile, pods: AddressSet) -> bool:
    private = DEFAULT_POD_ADDRESSES - pods
    ips = [ip_address("8.8.8.8"), ip_address("1.1.1.1"), *([private.some()] if private.v4 else [])]
    return any(
        is_in_scope(claim, with_far(connection, External(ip), direction), profile)
        for claim, connection in asked
        for ip in ips
    )


def is_metadata_forbidden(asked: Sequence[Asked], direction: Direction, profile: Profile) -> bool:
    """Whether a claim forbids the metadata service, which lies among the addresses outside."""
    return direction is Direction.EGRESS and any(
        is_in_scope(claim, with_far(connection, External(_METADATA), direction), profile) for claim, connection in asked
    )


_METADATA = METADATA_SERVICE.some()


def pods_of(namespace: str, cluster: Cluster, like: Connection, chosen: Selector = Selector.EVERYTHING) -> list[Pod]:
    """Those that are there and `chosen`, and one with no labels but what they are chosen by."""
    known = next((end for end in (like.src, like.dst) if isinstance(end, Pod)), None)
    return pods_like(known, namespace, cluster, chosen) if known is not None else []


def pods_like(known: Pod, namespace: str, cluster: Cluster, chosen: Selector = Selector.EVERYTHING) -> list[Pod]:
    """The same, where the connection's pod is `known`."""
    labels = cluster.namespace_by_name[namespace].labels
    plain = replace(
        known, namespace=namespace, namespace_labels=labels, labels=met(chosen), workload=None, ports=(), unknown=()
    )
    there = [it for it in cluster.workloads_by_namespace.get(namespace, ()) if matches(chosen, it.labels)]
    return [plain, *(replace(pod_of(it, labels, known.ip), unknown=()) for it in there[:3] if not it.host_network)]


def with_far(connection: Connection, far: End, direction: Direction) -> Connection:
    """The same with another end at the far side."""
    if direction is Direction.EGRESS:
        return replace(connection, dst=far)
    return replace(connection, src=far)


def blocks_outside(pods: AddressSet, cluster: Cluster) -> tuple[AddressPeer, ...]:
    """Everything but the pods' addresses, of the families that are in use; none where that takes too many blocks."""
    is_dual = any(ip.version != 4 for workload in cluster.workloads for ip in workload.ips)
    found = []
    for version, whole in ((4, "0.0.0.0/0"), *(((6, "::/0"),) if is_dual else ())):
        taken = [str(network) for network in pods.networks() if network.version == version]
        if len(taken) > _MOST_EXCEPTS:
            return ()
        found.append(AddressPeer(AddressSet.of(whole) - pods, whole, excepts=tuple(taken)))
    return tuple(found)


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(it for it in (", ".join(words[:-1]), words[-1]) if it)
