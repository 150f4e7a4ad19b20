"""Where in a policy a cause stands, and what is wrong there in words."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.analysis.findings.causes import Cause, split_peers
from analyzer.analysis.findings.closing import selectors_of
from analyzer.analysis.findings.guessed_ports import port_text
from analyzer.analysis.findings.near_rules import end_of, is_of
from analyzer.analysis.findings.operations import DropDash, MovePorts, Operation, SetPeers, SetPorts, SetSubject
from analyzer.analysis.findings.text_edits import peer_path, rule_path
from analyzer.analysis.findings.texts import Path, Texts
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Operator, Selector
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    Peer,
    PodPeer,
    Policy,
    Rule,
)
from analyzer.model.source import NOWHERE, Source
from analyzer.semantics import matches
from analyzer.verdicts.findings import Fault, Spot


def guilty_path(cause: Cause, operations: Sequence[Operation]) -> Path:
    """The peer, port or selector that lets the connection through: what the fix changes, if there is one."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or direction is None or not isinstance(ref.rule, Rule) or not isinstance(ref.policy, Policy):
        return ()
    path = rule_path(direction, ref.rule.index)
    first = operations[0] if operations else None
    if isinstance(first, SetSubject):
        return ("spec", "podSelector")
    if isinstance(first, SetPorts) and ref.rule.ports is not None:
        return (*path, "ports")
    if isinstance(first, SetPorts | SetPeers):
        return path
    if isinstance(first, DropDash):
        return peer_path(direction, ref.rule.index, first.peer - 1)
    place = guilty_peer(cause)
    return peer_path(direction, ref.rule.index, place) if place is not None else path


def guilty_peer(cause: Cause) -> int | None:
    """The first of the rule's peers that the far end of a hit is of."""
    ref, direction = cause.ref, cause.key.direction
    rule = ref.rule if ref is not None else None
    if not isinstance(rule, Rule) or direction is None or rule.peers is None:
        return None
    fars = [end_of(c, direction, is_near=False) for hit in cause.hits if (c := hit.example.connection) is not None]
    places = range(len(rule.peers))
    return next((place for place in places if any(is_of(rule.peers[place], far) for far in fars)), None)


# ------------------------------------------------------------------------------------------------ words
def wrong_with(cause: Cause, operations: Sequence[Operation]) -> str:
    """What is wrong with a rule that lets something through, as one phrase."""
    ref, direction = cause.ref, cause.key.direction
    rule = ref.rule if ref is not None else None
    verb = "lets in" if direction is Direction.INGRESS else "lets out to"
    if not isinstance(rule, Rule):
        return f"{verb} what the query forbids"
    kinds = {type(operation) for operation in operations}
    if SetSubject in kinds and isinstance(ref and ref.policy, Policy):
        assert ref is not None
        assert isinstance(ref.policy, Policy)
        chosen = ref.policy.subject.pods
        who = f"the pods with {chosen}" if chosen.requirements else "every pod"
        return f"selects {who}{', and opens every port' if SetPorts in kinds else ''}"
    if kinds & {SetPorts, MovePorts} and rule.ports is not None:
        told, way = ", ".join(map(port_text, rule.ports)), "in" if direction is Direction.INGRESS else "out"
        return f"lets {way} on ports that the query forbids: {told}"
    if SetPorts in kinds:
        return f"names no ports: {verb} on every port" if direction is Direction.INGRESS else "names no ports"
    if rule.peers is None:
        return (
            f"names nobody: {verb} everybody"
            if direction is Direction.INGRESS
            else "names nobody: lets out to everything"
        )
    place = guilty_peer(cause)
    if place is None:
        return f"{verb} what the query forbids"
    peer, connection = rule.peers[place], cause.hits[0].example.connection
    text = f"{verb} {_who(peer, direction, connection)}"
    if split_peers(rule) == place + 1:
        is_json = rule.source.file.endswith(".json")
        text += ", for `podSelector` has " + ("braces of its own" if is_json else "a dash of its own")
    return text


def _who(peer: Peer, direction: Direction | None, connection: Connection | None) -> str:
    if isinstance(peer, AddressPeer):
        far = end_of(connection, direction, is_near=False) if connection is not None and direction is not None else None
        return f"{peer.text}, which holds pods' addresses" if isinstance(far, Pod) else peer.text
    if not isinstance(peer, PodPeer):
        return "what the query forbids"
    pods = f"pods with {peer.pods}" if peer.pods.requirements else "every pod"
    if isinstance(peer.namespaces, NamespaceNamed):
        return f"{pods} of {peer.namespaces.name}"
    named = names_of(peer.namespaces)
    where = " and ".join(named) if named else _where(peer.namespaces)
    return (
        where
        if not peer.pods.requirements and not named and peer.namespaces.selector.requirements
        else f"{pods} of {where}"
    )


def names_of(namespaces: NamespacesMatching) -> list[str]:
    """The namespaces, where the selector asks for names and nothing else."""
    requirements = namespaces.selector.requirements
    if len(requirements) != 1 or requirements[0].key != NAMESPACE_NAME_LABEL:
        return []
    return sorted(requirements[0].values) if requirements[0].operator is Operator.IN else []


def _where(namespaces: NamespacesMatching) -> str:
    selector = namespaces.selector
    if selector == Selector.EVERYTHING:
        return "every namespace"
    text = f"namespaces with {selector}"
    negative = [it.key for it in selector.requirements if it.operator in (Operator.NOT_IN, Operator.DOES_NOT_EXIST)]
    if negative and any(it.operator is Operator.NOT_IN for it in selector.requirements):
        text += f" or without {negative[0]}"
    return text


# ------------------------------------------------------------------------------------------------ places
def spot_of(cause: Cause, path: Path, cluster: Cluster, texts: Texts) -> Spot:
    """The place of the path in the policy, or of the policy, or of the namespace that lacks one."""
    policy = cause.ref.policy if cause.ref is not None else None
    if policy is None:
        return _lacking(cause, cluster)
    placed = texts.policy(policy)
    ref = cause.ref
    if placed is None or ref is None:
        return Spot(ref.source if ref is not None else NOWHERE)
    found = None
    if not path and ref.rule is not None:
        path = rule_path(ref.direction, ref.rule.index)
    while path and (found := placed.start(*path)) is None:
        path = path[:-1]
    if found is None:
        found = placed.start("metadata", "name") or placed.start()
    assert found is not None
    line, column = found
    return _spot(Source(policy.source.file, line), column, placed.lines[line - 1])


def _lacking(cause: Cause, cluster: Cluster) -> Spot:
    """The namespace that lacks a policy, or its first workload; of namespaces to come one like them, or the first.
    What no policy selects: the workload that shows it."""
    if cause.key.fault is Fault.BEYOND:
        shown = [hit.example.connection for hit in cause.hits if hit.example.connection is not None]
        ids = {end.workload for it in shown for end in (it.src, it.dst) if isinstance(end, Pod) and end.host_network}
        beyond = next((workload for workload in cluster.workloads if workload.id in ids), None)
        if beyond is not None:
            return Spot(beyond.source)
    declared = [namespace for namespace in cluster.namespaces if namespace.is_declared]
    if cause.key.namespace in cluster.namespace_by_name:
        there = cluster.namespace_by_name[cause.key.namespace]
        workloads = cluster.workloads_by_namespace.get(there.name, ())
        sources = [there.source if there.is_declared else NOWHERE, *(workload.source for workload in workloads)]
        sources += [it.source for it in cluster.services if it.namespace == there.name]
        sources += [it.source for it in cluster.network_policies_by_namespace.get(there.name, ())]
    else:
        asked = [selector for hit in cause.hits for selector in selectors_of(hit)]
        like = [n for n in declared if any(matches(selector, n.labels) for selector in asked)]
        sources = [namespace.source for namespace in (*like, *declared)]
    source = next((it for it in sources if it.file), Source(next(iter(cluster.files), "")))
    return Spot(source)


def _spot(source: Source, column: int, text: str) -> Spot:
    bare = text.partition(" #")[0].rstrip()
    return Spot(source, column, max(1, len(bare) - column + 1), text)
