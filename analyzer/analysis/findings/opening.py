"""What opens a connection that should pass and is denied: a rule mended, or one more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.closing import added
from analyzer.analysis.findings.near_rules import end_of, is_in
from analyzer.analysis.findings.operations import AddPeer, Operation, ReplacePeer, SetPorts, SetSubject
from analyzer.analysis.findings.probes import admits, alone
from analyzer.analysis.findings.spelling import misspelt_port, respelt
from analyzer.analysis.findings.text_edits import edit_of, peer_path, rule_path
from analyzer.analysis.findings.texts import Path, Texts
from analyzer.analysis.findings.ways import Way
from analyzer.model.aws import GroupPolicy, NodeGroups
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.ends import as_pods, base_and_taken, leaves_of, led_ports_in, parts_of
from analyzer.model.formulas import AtAddress, Formula, Member
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    AddressPeer,
    Direction,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Rule,
)
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import is_member, matches, on_ports
from analyzer.verdicts.findings import Fix

_NAME = re.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NAMES = ("app.kubernetes.io/name", "app", "k8s-app", "name")


@dataclass(frozen=True, slots=True)
class Opened:
    """A rule as it would be, what is wrong with it now, where that stands in its policy, and what is done."""

    rule: Rule
    wrong: str
    path: Path
    operation: Operation
    said: str


def opened(cause: Cause, cluster: Cluster, profile: Profile, texts: Texts) -> Iterator[Way]:
    """What is wrong, where in the policy, and the fix: a rule mended, the likeliest slip first, or one more policy."""
    connections = [hit.example.connection for hit in cause.hits if hit.example.connection is not None]
    ref, direction = cause.ref, cause.key.direction
    assert direction is not None
    yield from respelt_subject(cause, texts)
    if ref is not None and isinstance(ref.policy, Policy) and isinstance(ref.rule, Rule):
        placed = texts.policy(ref.policy)
        for found in _mended(cause, ref.policy, ref.rule, connections, cluster, profile):
            edit = edit_of([it.operation for it in found], placed) if placed is not None else None
            yield Way(found[0].wrong, found[0].path, Fix("; ".join(dict.fromkeys(it.said for it in found)), edit))
    if ref is not None and isinstance(ref.policy, GroupPolicy | NodeGroups):
        yield _in_groups(ref.policy, connections[0], direction)
        return
    connection = connections[0]
    what = connection.service
    isolates = "isolates" if ref is not None else "denies"
    wrong = f"{isolates} the {'source' if direction is Direction.EGRESS else 'destination'}, and no rule allows {what}"
    yield Way(wrong, (), _one_more(cause, connection, cluster, texts))


def respelt_subject(cause: Cause, texts: Texts) -> Iterator[Way]:
    """A policy that selects no pod, for the label of those that are meant is misspelt."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or direction is None or ref.rule is not None or not isinstance(ref.policy, Policy):
        return
    policy, placed = ref.policy, texts.policy(ref.policy)
    ends = (
        end_of(it, direction) if (it := hit.example.connection) is not None else hit.example.subject
        for hit in cause.hits
    )
    chosen = policy.subject.pods
    for right in dict.fromkeys(respelt(chosen, end.labels) for end in ends if isinstance(end, Pod)):
        if right is None or placed is None or policy.rules(direction) is None:
            continue
        wrong = f"selects no pod: none of {policy.namespace} has {chosen}"
        yield Way(wrong, ("spec", "podSelector"), Fix(f"spell it {right}", edit_of([SetSubject(right)], placed)))


def _in_groups(policy: GroupPolicy | NodeGroups, connection: Connection, direction: Direction) -> Way:
    """No rule of an end's security groups lets it through."""
    what = connection.service
    verb, way = ("out", "to") if direction is Direction.EGRESS else ("in", "from")
    groups = ", ".join(policy.groups)
    wrong = f"gives {groups}, of which no rule lets {what} {verb}"
    return Way(wrong, (), Fix(f"add a rule for {direction.value} {way} the other end to one of {groups}"))


def _mended(
    cause: Cause, policy: Policy, rule: Rule, connections: Sequence[Connection], cluster: Cluster, profile: Profile
) -> Iterator[list[Opened]]:
    """The rule's peer and ports put right, one after the other, where that lets all of the connections through."""
    direction = cause.key.direction
    assert direction is not None
    for peer in [[it] for it in _peer(cause, policy, rule, connections)] or [[]]:
        later = peer[0].rule if peer else rule
        for ports in [[it] for it in _ports(cause, later, connections, cluster, profile)] or [[]]:
            found = [*peer, *ports]
            if found and _admits_all(policy, found[-1].rule, direction, connections, cluster, profile):
                yield found


def _admits_all(
    policy: Policy,
    rule: Rule,
    direction: Direction,
    connections: Sequence[Connection],
    cluster: Cluster,
    profile: Profile,
) -> bool:
    rules = tuple(rule if it.index == rule.index else it for it in policy.rules(direction) or ())
    by_itself = alone(policy.with_rules(direction, rules), cluster)
    return all(admits(by_itself, direction, connection, profile) for connection in connections)


def _peer(cause: Cause, policy: Policy, rule: Rule, connections: Sequence[Connection]) -> Iterator[Opened]:
    """A peer that names the right pods in a namespace that is not theirs, or the other way round: put right, or left
    to those that it serves, with one more beside it."""
    direction = cause.key.direction
    assert direction is not None
    far = end_of(connections[0], direction, is_near=False)
    if not isinstance(far, Pod) or rule.peers is None or any(_is_met(peer, far) for peer in rule.peers):
        return
    for place, peer in enumerate(rule.peers):
        if not isinstance(peer, PodPeer):
            continue
        path, only = peer_path(direction, rule.index, place), ""
        in_place, chosen = is_in(peer, far), matches(peer.pods, far.labels)
        name = Selector((Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({far.namespace})),))
        if chosen and not in_place and isinstance(peer.namespaces, NamespaceNamed):
            by = replace(peer, namespaces=NamespacesMatching(name))
            wrong = f"`podSelector` alone means pods of {policy.namespace}, and the {_few(far)} are in {far.namespace}"
            said = f"add a `namespaceSelector` that names {far.namespace}"
        elif chosen and not in_place:
            assert isinstance(peer.namespaces, NamespacesMatching)
            spelt = respelt(peer.namespaces.selector, far.namespace_labels)
            by = replace(peer, namespaces=NamespacesMatching(spelt or name))
            wrong = f"namespace {far.namespace} does not have {peer.namespaces.selector}"
            said = f"select it by its name, `{NAMESPACE_NAME_LABEL}: {far.namespace}`"
            said = f"spell it {spelt}" if spelt is not None else said
            path, only = (*path, "namespaceSelector"), "namespaceSelector"
        elif not chosen and (right := respelt(peer.pods, far.labels)) is not None:
            by = replace(peer, pods=right) if in_place else PodPeer(NamespacesMatching(name), right)
            wrong = f"the {_few(far)} do not have {peer.pods}"
            said = f"spell it {right}" + ("" if in_place else f", and name {far.namespace} in a `namespaceSelector`")
            path, only = (*path, "podSelector"), "podSelector" if in_place else ""
        elif in_place and peer.pods.requirements:
            pods = _selecting(peer.pods, far.labels)
            by = replace(peer, pods=pods)
            wrong = f"the {_few(far)} do not have {peer.pods}"
            said = f"select them by the labels that they have: {pods}" if pods.requirements else "select every pod"
            path, only = (*path, "podSelector"), "podSelector"
        else:
            continue
        peers = tuple(by if at == place else it for at, it in enumerate(rule.peers))
        instead = ReplacePeer(direction, rule.index, place, by, only)
        yield Opened(replace(rule, peers=peers), wrong, path, instead, said)
        beside = AddPeer(direction, rule.index, by)
        told = f"add a peer beside it, for {_called(by, policy)}: it serves others"
        yield Opened(replace(rule, peers=(*rule.peers, by)), wrong, path, beside, told)
        return


def _called(peer: PodPeer, policy: Policy) -> str:
    """`pods with app=web of shop`."""
    pods = f"pods with {peer.pods}" if peer.pods.requirements else "every pod"
    if isinstance(peer.namespaces, NamespaceNamed):
        return f"{pods} of {policy.namespace}"
    return f"{pods} of namespaces with {peer.namespaces.selector}".replace(
        f"namespaces with {NAMESPACE_NAME_LABEL}=", ""
    )


def _is_met(peer: Peer, far: Pod) -> bool:
    return isinstance(peer, PodPeer) and is_in(peer, far) and matches(peer.pods, far.labels)


def _few(pod: Pod) -> str:
    return f"pods of {pod.workload}" if pod.workload else "pods"


def _selecting(asked: Selector, labels: Labels) -> Selector:
    """What is asked for, with the values that the labels have; where they have none of the keys, the pod's name."""
    kept = {it.key: labels[it.key] for it in asked.requirements if it.key in labels}
    kept = kept or {key: labels[key] for key in _NAMES if key in labels} or dict(sorted(labels.items())[:1])
    return Selector(tuple(Requirement(key, Operator.IN, frozenset({value})) for key, value in sorted(kept.items())))


def _ports(
    cause: Cause, rule: Rule, connections: Sequence[Connection], cluster: Cluster, profile: Profile
) -> Iterator[Opened]:
    """The ports that are asked for, in the place of those that are a Service's, or beside them all."""
    direction = cause.key.direction
    assert direction is not None
    if rule.ports is None or all(on_ports(rule.ports, it, profile) for it in connections):
        return
    destinations = [it for hit in cause.hits if (it := hit.claim.destinations) is not None]
    if any(any(led_ports_in(it)) for it in destinations):  # of which pods to come may give another number the name
        wanted = [_listened(it, cluster) for it in connections]
    else:
        wanted = [*_asked(cause), *(NumberedPorts(it.protocol, it.port) for it in connections)]
    missing = [entry for entry in dict.fromkeys(wanted) if _is_port(entry) and not _is_named(entry, rule.ports)]
    if not missing:
        return
    slips = [entry for entry in rule.ports if _is_service_port(entry, connections, cluster)]
    spelt = _misspelt_ports(rule.ports, connections)
    if spelt and not slips:
        slips, missing = list(spelt), list(dict.fromkeys(spelt.values()))
    numbered = ", ".join(map(_number, missing))
    by_number = [it for it in missing if isinstance(it, NumberedPorts)]
    same = [e for e in rule.ports if isinstance(e, NumberedPorts) and e.low in {it.low for it in by_number}]
    if spelt and slips == list(spelt):
        wrong, said = f"no pod there has {_number(slips[0])}", f"spell it {_number(missing[0])}"
    elif slips:
        listened = missing[0].low if isinstance(missing[0], NumberedPorts) else f"`{missing[0].name}`"
        wrong = f"{_number(slips[0])} is the Service's port, and the pods listen on {listened}"
        said = f"name the pods' port: {numbered}"
    elif same:
        wrong = f"it allows {_number(same[0])}, and not {numbered}"
        said = (
            f"add `protocol: {by_number[0].protocol.value}` for the same port"
            if len(missing) == 1
            else f"add {numbered}"
        )
    else:
        wrong = f"{numbered} is not among its ports"
        said = f"add {numbered}"
    path: Path = (*rule_path(direction, rule.index), "ports")
    place = rule.ports.index(slips[0] if slips else same[0]) if slips or same else None
    path = (*path, place) if place is not None else path
    kept = tuple(entry for entry in rule.ports if entry not in slips)
    for ports in dict.fromkeys(((*kept, *missing), (*rule.ports, *missing))):
        is_beside = slips and ports[: len(rule.ports)] == rule.ports
        told = f"add the pods' port: {numbered}" if is_beside else said
        yield Opened(replace(rule, ports=ports), wrong, path, SetPorts(direction, rule.index, ports), told)


def _misspelt_ports(ports: Sequence[Ports], connections: Sequence[Connection]) -> dict[Ports, NamedPort]:
    """Those whose name is nearly that of a port that is asked for."""
    found = {}
    for entry in ports:
        for it in connections:
            right = misspelt_port(entry, it.dst, it.port) if isinstance(it.dst, Pod) else None
            if right is not None:
                found[entry] = right
    return found


def _number(entry: Ports) -> str:
    if isinstance(entry, NamedPort):
        return f"port `{entry.name}`"
    return f"{entry.protocol.value} {entry.low}"


def _listened(connection: Connection, cluster: Cluster) -> Ports:
    """The connection's port; by its name where a Service leads there by name."""
    for target in _targets(connection, cluster):
        return NamedPort(target, connection.protocol)
    return NumberedPorts(connection.protocol, connection.port)


def _targets(connection: Connection, cluster: Cluster) -> Iterator[str]:
    """The names by which Services lead to the connection's port."""
    dst = connection.dst
    if not isinstance(dst, Pod):
        return
    names = {port.name for port in dst.ports if (port.number, port.protocol) == (connection.port, connection.protocol)}
    for service in cluster.services:
        if service.namespace == dst.namespace and service.selector and matches(service.selector, dst.labels):
            yield from (it.target for it in service.ports if isinstance(it.target, str) and it.target in names)


def _is_port(entry: Ports) -> bool:
    return isinstance(entry, NamedPort) or (entry.low is not None and entry.protocol in PORT_PROTOCOLS)


def _asked(cause: Cause) -> Iterator[NumberedPorts]:
    """The ports that the claims ask for one by one."""
    for hit in cause.hits:
        for entry in hit.claim.ports:
            if isinstance(entry, NumberedPorts) and entry.low is not None and not entry.is_range:
                yield entry


def _is_named(entry: Ports, among: Sequence[Ports]) -> bool:
    if isinstance(entry, NamedPort):
        return entry in among
    return any(
        isinstance(it, NumberedPorts) and it.protocol is entry.protocol and entry.ports <= it.ports for it in among
    )


def _is_service_port(entry: Ports, connections: Sequence[Connection], cluster: Cluster) -> bool:
    """The number is the port of a Service that leads to the destination on the port that is asked for."""
    if not isinstance(entry, NumberedPorts) or entry.low is None:
        return False
    for connection in connections:
        dst = connection.dst
        if not isinstance(dst, Pod):
            continue
        for service in cluster.services:
            if service.namespace != dst.namespace or service.selector is None:
                continue
            if not matches(service.selector, dst.labels):
                continue
            named = {port.name: port.number for port in dst.ports}
            for port in service.ports:
                target = named.get(port.target) if isinstance(port.target, str) else port.target
                if (port.port, target) == (entry.low, connection.port) and port.port != target:
                    return True
    return False


# ------------------------------------------------------------------------------------------------ one more policy
def _one_more(cause: Cause, connection: Connection, cluster: Cluster, texts: Texts) -> Fix:
    """A policy that allows what is asked for, where no rule comes near it."""
    direction = cause.key.direction
    assert direction is not None
    near, far = end_of(connection, direction), end_of(connection, direction, is_near=False)
    hit = cause.hits[0]
    members = hit.claim.sources if direction is Direction.EGRESS else hit.claim.destinations
    others = hit.claim.destinations if direction is Direction.EGRESS else hit.claim.sources
    text = f"add a NetworkPolicy that allows it for {direction.value}"
    peers = _peers_of(others, far) if others is not None else ()
    if not isinstance(near, Pod) or not peers or near.namespace not in cluster.namespace_by_name:
        return Fix(text)
    asked = hit.broken.query.id.removesuffix("-cut-off")
    title = f"allow-{asked if _NAME.fullmatch(asked) else near.namespace}"[:54].rstrip("-") + f"-{direction.value}"
    rule = (direction, peers, tuple(dict.fromkeys(_asked(cause))) or None)
    pods = _pods_of(members, near) if members is not None else Selector()
    value = policy_values.network_policy(title, near.namespace, pods, [direction], [rule])
    home = cause.ref.policy.source.file if cause.ref is not None else ""
    return Fix(text, added([value], home, texts, f"{title}.yaml"))


def _pods_of(members: Formula, pod: Pod) -> Selector:
    """The selector of the part of a set that the pod is in; the pod's own labels where there is none."""
    asked = (chosen[1] for part in parts_of(members) if (chosen := as_pods(part)) and is_member(part, pod))
    return next(asked, None) or _selecting(Selector(), pod.labels)


def _peers_of(members: Formula, far: End) -> tuple[Peer, ...]:
    """The peers that a set is, as far as the end is concerned; none if that cannot be written."""
    if isinstance(far, Pod):
        base, _ = base_and_taken(members)
        choices = [chosen[0] for part in parts_of(base) if (chosen := as_pods(part)) and is_member(part, far)]
        name = Selector((Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({far.namespace})),))
        if choices and isinstance(choices[0], NamespacesMatching):
            name = choices[0].selector
        return (PodPeer(NamespacesMatching(name), _pods_of(members, far)),)
    at = [leaf.ends for leaf in leaves_of(members) if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress)]
    addresses = [ends.addresses for ends in at if far.ip in ends.addresses]
    networks = [str(network) for network in addresses[0].networks()] if addresses else []
    return tuple(AddressPeer(addresses[0], network) for network in networks) if len(networks) <= _MOST_BLOCKS else ()


_MOST_BLOCKS = 8
