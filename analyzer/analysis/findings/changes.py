"""Changes to one policy that could mend a cause, the likeliest slip first, and the choice among them.

A change is made twice: to the policy as the model has it, so that the oracle can say what it still lets through, and
as operations on the text that it was read from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from analyzer.analysis.findings.apart import peers_apart, ports_apart
from analyzer.analysis.findings.causes import split_peers
from analyzer.analysis.findings.dns import dns_peer
from analyzer.analysis.findings.matter import Change, Matter
from analyzer.analysis.findings.near_rules import is_of
from analyzer.analysis.findings.operations import (
    AddExcepts,
    DropDash,
    RemovePeer,
    RemoveRule,
    ReplacePeer,
    SetPeers,
    SetSubject,
)
from analyzer.analysis.findings.permitted import excused_addresses, permitted_ends, spared_labels
from analyzer.analysis.findings.permitting import groups, is_forbidden, listed, named, told, widest
from analyzer.analysis.findings.port_changes import on_fewer_ports, on_ports
from analyzer.model.cluster import Namespace
from analyzer.model.endpoints import Pod
from analyzer.model.ends import as_pods, parts_of
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamespaceChoice,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
)
from analyzer.semantics import matches
from analyzer.sets import METADATA_SERVICE, AddressSet

_MOST_LIKE = 4  # probes around which claims are asked of other namespaces
_MOST_NAMED = 8  # namespaces that a change spells out
_MOST_EXCEPTS = 6
_MOST_APART = 2  # changes to a rule of its own


Make = Callable[[Matter], Iterator[Change]]


def mendings(matter: Matter) -> Iterator[Change]:
    """The changes that close what should be closed: those that do alone, then one after the other; the rule goes where
    nothing else does."""
    found = (change for change in _narrowing(matter) if not matter.left(change.policy))
    first = next(found, None)
    yield from _without_rule(matter) if first is None else chain([first], found)


def _narrowing(matter: Matter) -> Iterator[Change]:
    yield from (change for make in _SINGLE for change in make(matter))
    together = _one_after_the_other(matter)
    yield from [together] if together is not None else ()
    yield from islice(ports_apart(matter, _narrowing), _MOST_APART)
    yield from _to_permitted_ends(matter)
    yield from peers_apart(matter, _narrowing)


def _one_after_the_other(matter: Matter) -> Change | None:
    whole: Change | None = None
    for make in _COMBINED:
        change = next(iter(make(matter)), None)
        if change is None:
            continue
        left = matter.left(change.policy)
        if len(left) < len(matter.probes):
            whole = change if whole is None else whole.then(change)
            matter = matter.after(change.policy)
        if not left:
            return whole
    return None


# ------------------------------------------------------------------------------------------------ changes
def _joined(matter: Matter) -> Iterator[Change]:
    """Two peers that should be one."""
    place, peers = split_peers(matter.rule), matter.rule.peers or ()
    if place is None:
        return
    first, second = peers[place - 1], peers[place]
    assert isinstance(first, PodPeer)
    assert isinstance(second, PodPeer)
    one = PodPeer(first.namespaces, second.pods)
    policy = matter.with_rule(replace(matter.rule, peers=(*peers[: place - 1], one, *peers[place + 1 :])))
    said = f"{_joining(matter)}: one peer, not two"
    yield Change(policy, (DropDash(matter.direction, matter.rule.index, place),), (said,), second.pods)


def _joining(matter: Matter) -> str:
    is_json = matter.rule.source.file.endswith(".json")
    return "put `podSelector` into the braces before it" if is_json else "drop the dash before `podSelector`"


def _joined_in_namespaces(matter: Matter) -> Iterator[Change]:
    """The same, in the namespaces alone where such pods are."""
    place = split_peers(matter.rule)
    if place is None:
        return
    peers = matter.rule.peers or ()
    first, second = peers[place - 1], peers[place]
    assert isinstance(first, PodPeer)
    assert isinstance(second, PodPeer)
    names = [
        name
        for name in _permitted(matter, first, second.pods)
        if any(matches(second.pods, w.labels) for w in matter.cluster.workloads_by_namespace.get(name, ()))
    ]
    if not names or len(names) > _MOST_NAMED:
        return
    one = PodPeer(NamespacesMatching(named(names)), second.pods)
    policy = matter.with_rule(replace(matter.rule, peers=(*peers[: place - 1], one, *peers[place + 1 :])))
    said = f"{_joining(matter).removesuffix(' before `podSelector`')}, and name the {_namespaces(names)}"
    at = (matter.direction, matter.rule.index)
    yield Change(policy, (ReplacePeer(*at, place - 1, one), RemovePeer(*at, place)), (said,), second.pods)


def _in_namespaces(matter: Matter) -> Iterator[Change]:
    """Each guilty selector of namespaces names those from which nothing is forbidden."""
    peers, operations, said = list(matter.rule.peers or ()), [], []
    for place, peer in enumerate(peers):
        if not isinstance(peer, PodPeer) or isinstance(peer.namespaces, NamespaceNamed):
            continue
        if not any(is_of(peer, matter.far(probe)) for probe in matter.probes):
            continue
        names = _permitted(matter, peer, peer.pods)
        if not names or len(names) > _MOST_NAMED:
            continue
        peers[place] = replace(peer, namespaces=NamespacesMatching(named(names)))
        at = (matter.direction, matter.rule.index, place)
        operations.append(ReplacePeer(*at, peers[place], "namespaceSelector"))
        said.append(f"name the {_namespaces(names)} in `namespaceSelector`")
    if operations:
        policy = matter.with_rule(replace(matter.rule, peers=tuple(peers)))
        yield Change(policy, tuple(operations), tuple(dict.fromkeys(said)))


def _with_excepts(matter: Matter) -> Iterator[Change]:
    """Blocks of addresses without those of pods, or without the metadata service."""
    peers, operations, said = list(matter.rule.peers or ()), [], []
    fars = [matter.far(probe) for probe in matter.probes]
    for place, peer in enumerate(peers):
        if not isinstance(peer, AddressPeer) or peer.matches_cluster is not None:
            continue
        taken, words = AddressSet.EMPTY, []
        if any(isinstance(far, Pod) and far.ip in peer.addresses for far in fars):
            taken |= peer.addresses & matter.pods
            words.append("the pods' addresses")
        if any(not isinstance(far, Pod) and far.ip in METADATA_SERVICE for far in fars if hasattr(far, "ip")):
            taken |= peer.addresses & METADATA_SERVICE
            words.append("the metadata service")
        networks = [str(network) for network in taken.networks()]
        if not networks or len(networks) > _MOST_EXCEPTS or not peer.addresses - taken:
            continue
        by = replace(peer, addresses=peer.addresses - taken, excepts=(*peer.excepts, *networks))
        peers[place] = by
        operations.append(AddExcepts(matter.direction, matter.rule.index, place, tuple(networks), by))
        said.append(f"except {' and '.join(words)}, or name the addresses that are meant")
    if operations:
        policy = matter.with_rule(replace(matter.rule, peers=tuple(peers)))
        yield Change(policy, tuple(operations), tuple(dict.fromkeys(said)))


def _for_subject(matter: Matter) -> Iterator[Change]:
    """The label of the pods that the claims let be reached, or reach: `… can reach D except pods(L)`.  Of a policy
    with one rule alone, for all rules share their subject."""
    policy = matter.policy
    if len(policy.ingress or ()) + len(policy.egress or ()) != 1:
        return
    workloads = matter.cluster.workloads_by_namespace.get(policy.namespace or "", ())
    spared = {
        (r.key, v)
        for probe in matter.probes
        for r in spared_labels(probe.hit.claim, matter.direction)
        for v in r.values
    }
    for key, value in sorted(spared):
        if not any(w.labels.get(key) == value and matches(policy.subject.pods, w.labels) for w in workloads):
            continue
        asked = Requirement(key, Operator.IN, frozenset({value}))
        pods = Selector((*policy.subject.pods.requirements, asked))
        said = f"select {key}={value} in `podSelector`"
        yield Change(replace(policy, subject=replace(policy.subject, pods=pods)), (SetSubject(pods),), (said,))


def _to_permitted_addresses(matter: Matter) -> Iterator[Change]:
    """The addresses that the claims permit, in the place of a block around them."""
    peers = list(matter.rule.peers or ())
    for place, peer in enumerate(peers):
        if not isinstance(peer, AddressPeer) or peer.matches_cluster is not None:
            continue
        for addresses in dict.fromkeys(it for probe in matter.probes for it in excused_addresses(probe.hit.claim)):
            networks = list((addresses & peer.addresses).networks())
            if len(networks) != 1 or addresses - peer.addresses:
                continue
            by = AddressPeer(addresses, str(networks[0]))
            policy = matter.with_rule(replace(matter.rule, peers=(*peers[:place], by, *peers[place + 1 :])))
            operation = ReplacePeer(matter.direction, matter.rule.index, place, by)
            yield Change(policy, (operation,), (f"name the addresses that are meant: {networks[0]}",))


def _to_permitted_ends(matter: Matter) -> Iterator[Change]:
    """The pods that a claim permits, where it says which."""
    for members in dict.fromkeys(
        it for probe in matter.probes for it in permitted_ends(probe.hit.claim, matter.direction)
    ):
        parts = parts_of(members)
        peers = tuple(_as_peer(*chosen, matter.policy) for part in parts if (chosen := as_pods(part)) is not None)
        if not parts or len(peers) < len(parts) or len(parts) > _MOST_NAMED or not _is_narrower(peers, matter):
            continue
        policy = matter.with_rule(replace(matter.rule, peers=peers))
        key = "from" if matter.direction is Direction.INGRESS else "to"
        said = f"name in `{key}` those that the query permits"
        yield Change(policy, (SetPeers(matter.direction, matter.rule.index, peers),), (said,))


def _is_narrower(peers: Sequence[PodPeer], matter: Matter) -> bool:
    """Each of the peers means namespaces that the rule's own mean too: nobody else is let through instead."""
    own = [peer for peer in matter.rule.peers or () if isinstance(peer, PodPeer)]
    if matter.rule.peers is None:
        return True
    return all(
        any(_selects(one, ns) and _selects(peer, ns) for ns in matter.cluster.namespaces for one in own)
        for peer in peers
    )


def _selects(peer: PodPeer, namespace: Namespace) -> bool:
    if isinstance(peer.namespaces, NamespaceNamed):
        return peer.namespaces.name == namespace.name
    return matches(peer.namespaces.selector, namespace.labels)


def _as_peer(choice: NamespaceChoice, pods: Selector, policy: Policy) -> PodPeer:
    if isinstance(choice, NamespaceNamed) and choice.name != policy.namespace:
        choice = NamespacesMatching(named([choice.name]))
    return PodPeer(choice, pods)


def _from_own_namespace(matter: Matter) -> Iterator[Change]:
    """A rule without peers means everybody."""
    if matter.rule.peers is not None or matter.policy.namespace is None:
        return
    peer = PodPeer(NamespaceNamed(matter.policy.namespace))
    policy = matter.with_rule(replace(matter.rule, peers=(peer,)))
    key = "from" if matter.direction is Direction.INGRESS else "to"
    said = f"name in `{key}` who is meant; `podSelector: {{}}` is the policy's own namespace"
    yield Change(policy, (SetPeers(matter.direction, matter.rule.index, (peer,)),), (said,))


def _to_dns(matter: Matter) -> Iterator[Change]:
    """An egress rule for DNS without peers: the DNS pods."""
    ports = matter.rule.ports or ()
    is_dns = ports and all(isinstance(it, NumberedPorts) and it.low == _DNS and not it.is_range for it in ports)
    if matter.rule.peers is None and matter.direction is Direction.EGRESS and is_dns:
        yield _with_peers(matter, (dns_peer(matter.cluster),), "name the DNS pods in `to`")


_DNS = 53


def _to_those_permitted(matter: Matter) -> Iterator[Change]:
    """In the place of everybody: the own namespace, others, addresses outside, as far as nothing is forbidden there."""
    if matter.rule.peers is not None or matter.policy.namespace is None:
        return
    asked = [(claim, probe.connection) for probe in matter.probes for claim in matter.claims]
    given = groups(matter.policy.namespace, asked, matter.direction, matter.cluster, matter.profile, matter.pods)
    key = "from" if matter.direction is Direction.INGRESS else "to"
    for level in range(1, len(given) + 1):
        peers = widest([peer for group in given[:level] for peer in group.peers])
        yield _with_peers(
            matter, peers, f"name in `{key}` who is meant: {listed([it.words for it in told(given[:level])])}"
        )
    yield from (_with_peers(matter, it.peers, f"name in `{key}` who is meant: {it.words}") for it in given[1:])


def _with_peers(matter: Matter, peers: tuple[Peer, ...], said: str) -> Change:
    policy = matter.with_rule(replace(matter.rule, peers=peers))
    return Change(policy, (SetPeers(matter.direction, matter.rule.index, peers),), (said,))


def _without_peers(matter: Matter) -> Iterator[Change]:
    """Without the guilty peers, where others are left."""
    peers = matter.rule.peers or ()
    fars = [matter.far(probe) for probe in matter.probes]
    guilty = [place for place, peer in enumerate(peers) if any(is_of(peer, far) for far in fars)]
    if not guilty or len(guilty) == len(peers):
        return
    kept = tuple(peer for place, peer in enumerate(peers) if place not in guilty)
    policy = matter.with_rule(replace(matter.rule, peers=kept))
    operations = tuple(RemovePeer(matter.direction, matter.rule.index, place) for place in guilty)
    yield Change(policy, operations, ("remove this peer",))


def _without_rule(matter: Matter) -> Iterator[Change]:
    """Nothing is left where all that the rule means is forbidden."""
    rules = tuple(it for it in matter.policy.rules(matter.direction) or () if it is not matter.rule)
    policy = matter.policy.with_rules(matter.direction, rules)
    if not matter.left(policy):
        yield Change(policy, (RemoveRule(matter.direction, matter.rule.index),), ("remove this rule",))


_SINGLE: Sequence[Make] = (
    _joined,
    _joined_in_namespaces,
    on_ports,
    on_fewer_ports,
    _to_permitted_addresses,
    _with_excepts,
    _for_subject,
    _in_namespaces,
    _from_own_namespace,
    _to_dns,
    _to_those_permitted,
    _without_peers,
)
_COMBINED: Sequence[Make] = (
    _for_subject,
    on_ports,
    _in_namespaces,
    _with_excepts,
    _from_own_namespace,
    _without_peers,
)


# ------------------------------------------------------------------------------------------------ pieces
def _permitted(matter: Matter, peer: PodPeer, pods: Selector) -> list[str]:
    """The namespaces that the peer selects and of whose pods, of those chosen, no claim says anything."""
    guilty = {far.namespace for probe in matter.probes if isinstance(far := matter.far(probe), Pod)}
    asked = [(claim, probe.connection) for probe in matter.probes[:_MOST_LIKE] for claim in matter.claims]
    return [
        namespace.name
        for namespace in matter.cluster.namespaces
        if namespace.name not in guilty
        and isinstance(peer.namespaces, NamespacesMatching)
        and matches(peer.namespaces.selector, namespace.labels)
        and not is_forbidden(namespace.name, asked, matter.direction, matter.cluster, matter.profile, pods)
    ]


def _namespaces(names: Sequence[str]) -> str:
    return f"namespace{'s' if len(names) > 1 else ''} {', '.join(names)}"
