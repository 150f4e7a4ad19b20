"""Clusters written back as manifests, and a disagreement as a folder of tests/conformance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from shrinking import Trial
from trials import Encoded, by_oracle

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Endpoints, Service, Unmodelled, Workload
from analyzer.model.endpoints import Connection, End, Host, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceNamed,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES, Profile
from analyzer.sets.other_protocols import term

Document = dict[str, Any]
_IMAGE = {"name": "c", "image": "registry.k8s.io/pause:3.10"}
_KEYS = {Direction.INGRESS: ("ingress", "from"), Direction.EGRESS: ("egress", "to")}


def documents(cluster: Cluster) -> list[Document]:
    """The objects of a cluster, as far as manifests can hold them."""
    found = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n.name, "labels": _plain(n.labels)}}
        for n in cluster.namespaces
        if n.is_declared
    ]
    for node in cluster.nodes:
        status = {"addresses": [{"type": "InternalIP", "address": str(ip)} for ip in node.ips]}
        metadata = {"name": node.name, "labels": dict(node.labels)}
        found.append({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status})
    found += [_workload(w) for w in cluster.workloads]
    found += [_service(s) for s in cluster.services]
    found += [_endpoints(n, entry, cluster.services) for n, entry in enumerate(cluster.endpoints) if entry.addresses]
    found += [_policy(p) for p in cluster.policies]
    return found + [_unmodelled(u) for u in cluster.unmodelled]


def _plain(labels: Labels) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != NAMESPACE_NAME_LABEL}


# ------------------------------------------------------------------------------------------------ objects
def _workload(workload: Workload) -> Document:
    """A bare Pod with its addresses; of any other kind the addresses of its pods are not written."""
    spec: Document = {"serviceAccountName": workload.service_account, "containers": [dict(_IMAGE)]}
    for kind, field, name in (
        (ContainerKind.CONTAINER, "containers", "c"),
        (ContainerKind.SIDECAR, "initContainers", "s"),
        (ContainerKind.INIT, "initContainers", "i"),
    ):
        ports = [_container_port(p) for p in workload.ports if p.container is kind]
        if ports:
            made = {**_IMAGE, "name": name, "ports": ports}
            made |= {"restartPolicy": "Always"} if kind is ContainerKind.SIDECAR else {}
            spec[field] = [c for c in spec.get(field, []) if c["name"] != name] + [made]
    if workload.host_network:
        spec |= {"hostNetwork": True}
    metadata: Document = {"name": workload.name, "namespace": workload.namespace}
    if workload.kind == "Pod":
        metadata["labels"] = dict(workload.labels)
        spec |= {"nodeName": workload.nodes[0]} if workload.nodes else {}
        status = {"podIPs": [{"ip": str(ip)} for ip in workload.ips]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
    template = {"metadata": {"labels": dict(workload.labels)}, "spec": spec}
    selector = {"matchLabels": dict(workload.labels)}
    return {
        "apiVersion": "apps/v1",
        "kind": workload.kind,
        "metadata": metadata,
        "spec": {"selector": selector, "template": template},
    }


def _container_port(port: ContainerPort) -> Document:
    found = {"name": port.name, "containerPort": port.number, "protocol": port.protocol.value}
    return found | ({"hostPort": port.host_port} if port.host_port else {})


def _service(service: Service) -> Document:
    """As a manifest says it, which can select by equality only."""
    ports = []
    for number, port in enumerate(service.ports):
        found = {"name": port.name or f"p{number}", "port": port.port, "targetPort": port.target}
        found |= {"nodePort": port.node_port} if port.node_port is not None else {}
        ports.append({**found, "protocol": port.protocol.value})
    spec: Document = {"type": "LoadBalancer" if service.reached_from_outside else "ClusterIP", "ports": ports}
    if service.selector is not None:
        spec["selector"] = {r.key: next(iter(r.values)) for r in service.selector.requirements if r.values}
    if service.addresses:
        spec |= {"clusterIP": str(service.addresses[0]), "clusterIPs": list(map(str, service.addresses))}
    if service.reached_from_outside and service.preserves_client:
        spec["externalTrafficPolicy"] = "Local"
    if service.reached_from_outside and not service.allocates_node_ports:
        spec["allocateLoadBalancerNodePorts"] = False
    metadata = {"name": service.name, "namespace": service.namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _endpoints(number: int, entry: Endpoints, services: Iterable[Service]) -> Document:
    """An EndpointSlice; an entry names the Service's ports as `_service` does."""
    names = {p.name: f"p{i}" for s in services if s.name == entry.service for i, p in enumerate(s.ports) if not p.name}
    labels = {"kubernetes.io/service-name": entry.service}
    if entry.is_derived:
        labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
    ports = [
        {"name": names.get(p.name, p.name), "protocol": p.protocol.value} | ({"port": p.number} if p.number else {})
        for p in entry.ports
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{entry.service}-{number}", "namespace": entry.namespace, "labels": labels},
        "addressType": f"IPv{entry.addresses[0].version}",
        "endpoints": [{"addresses": [str(ip)]} for ip in entry.addresses],
        "ports": ports,
    }


def _unmodelled(thing: Unmodelled) -> Document:
    is_wide = thing.namespace is None
    kind = "CiliumClusterwideNetworkPolicy" if is_wide else "CiliumNetworkPolicy"
    metadata = {"name": thing.name} | ({} if is_wide else {"namespace": thing.namespace})
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata, "spec": {}}


# ------------------------------------------------------------------------------------------------ policies
def _selector(selector: Selector) -> Document:
    expressions = [
        {"key": r.key, "operator": r.operator.value} | ({"values": sorted(r.values)} if r.values else {})
        for r in selector.requirements
    ]
    return {"matchExpressions": expressions} if expressions else {}


def _policy(policy: Policy) -> Document:
    if policy.tier is Tier.NETWORK_POLICY:
        spec: Document = {"podSelector": _selector(policy.subject.pods), "policyTypes": []}
        for direction, (key, _) in _KEYS.items():
            rules = policy.rules(direction)
            if rules is not None:
                spec["policyTypes"].append(key.capitalize())
                spec[key] = [_union_rule(rule, direction, policy) for rule in rules]
        metadata = {"name": policy.name, "namespace": policy.namespace}
        return {"apiVersion": "networking.k8s.io/v1", "kind": policy.kind, "metadata": metadata, "spec": spec}
    is_cnp = policy.kind == "ClusterNetworkPolicy"
    spec = {"subject": _pods(policy.subject)}
    if policy.kind != "BaselineAdminNetworkPolicy":
        spec["priority"] = policy.priority
    if is_cnp:
        spec["tier"] = policy.tier.value
    for direction, (key, _) in _KEYS.items():
        spec[key] = [_first_match_rule(rule, direction, is_cnp=is_cnp) for rule in policy.rules(direction) or ()]
    version = "v1alpha2" if is_cnp else "v1alpha1"
    if any(rule.open is not None for direction in Direction for rule in policy.rules(direction) or ()):
        spec["subject"] = {"namespaces": {"matchExpressions": [{"key": "k", "operator": "Like"}]}}
    metadata = {"name": policy.name, "uid": "6d1f"}  # stored: a file may not hold peers that nobody knows
    return {
        "apiVersion": f"policy.networking.k8s.io/{version}",
        "kind": policy.kind,
        "metadata": metadata,
        "spec": spec,
    }


def _union_rule(rule: Rule, direction: Direction, policy: Policy) -> Document:
    found: Document = {}
    if rule.peers is not None:
        found[_KEYS[direction][1]] = [_union_peer(peer, policy) for peer in rule.peers]
    if rule.ports is not None:
        found["ports"] = [_union_port(port) for port in rule.ports]
    return found


def _union_peer(peer: Peer, policy: Policy) -> Document:
    if isinstance(peer, AddressPeer):
        cidr, _, excepts = peer.text.partition(" except ")
        return {"ipBlock": {"cidr": cidr} | ({"except": excepts.split(", ")} if excepts else {})}
    assert isinstance(peer, PodPeer)
    if isinstance(peer.namespaces, NamespaceNamed):
        assert peer.namespaces.name == policy.namespace
        return {"podSelector": _selector(peer.pods)}
    return {"namespaceSelector": _selector(peer.namespaces.selector), "podSelector": _selector(peer.pods)}


def _union_port(port: Ports) -> Document:
    if isinstance(port, NamedPort):
        return {"port": port.name, "protocol": (port.protocol or Protocol.TCP).value}
    found: Document = {"protocol": port.protocol.value}
    found |= {} if port.low is None else {"port": port.low}
    return found | ({} if port.high is None else {"endPort": port.high})


def _pods(choice: PodPeer) -> Document:
    assert not isinstance(choice.namespaces, NamespaceNamed)
    namespaces = _selector(choice.namespaces.selector)
    if choice.pods == Selector.EVERYTHING:
        return {"namespaces": namespaces}
    return {"pods": {"namespaceSelector": namespaces, "podSelector": _selector(choice.pods)}}


def _first_match_rule(rule: Rule, direction: Direction, *, is_cnp: bool) -> Document:
    accept = "Accept" if is_cnp else "Allow"
    found: Document = {"action": accept if rule.action is Action.ACCEPT else rule.action.value}
    found[_KEYS[direction][1]] = [_first_match_peer(peer) for peer in rule.peers or ()]
    if rule.ports is not None:
        write = _protocol if is_cnp else _port
        found["protocols" if is_cnp else "ports"] = [write(port) for port in rule.ports]
    return found


def _first_match_peer(peer: Peer) -> Document:
    match peer:
        case PodPeer():
            return _pods(peer)
        case AddressPeer():
            return {"networks": [str(network) for network in peer.addresses.networks()]}
        case NodePeer(selector):
            return {"nodes": _selector(selector)}
        case DomainPeer(names):
            return {"domainNames": list(names)}
        case UnknownPeer(field):
            return {field: {}}


def _span(port: NumberedPorts) -> tuple[int, int]:
    low = port.low or 1
    return low, (port.high or low) if port.low is not None else 65535


def _port(port: Ports) -> Document:
    if isinstance(port, NamedPort):
        return {"namedPort": port.name}
    low, high = _span(port)
    if low == high:
        return {"portNumber": {"protocol": port.protocol.value, "port": low}}
    return {"portRange": {"protocol": port.protocol.value, "start": low, "end": high}}


def _protocol(port: Ports) -> Document:
    if isinstance(port, NamedPort):
        return {"destinationNamedPort": port.name}
    low, high = _span(port)
    where: Document = {"number": low} if low == high else {"range": {"start": low, "end": high}}
    return {port.protocol.value.lower(): {"destinationPort": where}}


def as_yaml(found: Iterable[Document]) -> str:
    return yaml.safe_dump_all(found, sort_keys=False, default_flow_style=None, width=120)


# ------------------------------------------------------------------------------------------------ a folder
def save(trial: Trial, folder: Path) -> None:
    """Write a disagreement as a conformance case: what is expected is the oracle's word, for a person to judge.

    A disagreement over something else than what is allowed keeps the claim as a comment.
    """
    asked, subject = trial
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifests.yaml").write_text(as_yaml(documents(asked.cluster)), encoding="utf-8")
    oracle, encoding = by_oracle(*trial), Encoded(asked).answer(subject)
    lines = [f"oracle: {_truth(oracle)}", f"encoding: {_truth(encoding)}", f"universe: {asked.universe.value}"]
    is_plain = isinstance(subject, Connection) and asked.claim.kind is Kind.NO and asked.before is None
    lines += [] if is_plain else [f"claim: {asked.claim}", f"assumptions: {asked.assumptions}"]
    lines += _losses(asked.cluster, folder)
    text: Document = {"why": "found by benchmarks.agree: the oracle and the encoding disagree", "base": False}
    text |= _profile(asked.profile)
    if isinstance(subject, Connection) and subject.through is None:
        pods: dict[str, Document] = {}
        entry = {"from": _end("source", subject.src, pods), "to": _end("destination", subject.dst, pods)}
        if subject.number is not None:
            kind, *place = term(subject.number).split("/")
            port = f"ip/{place[0]}" if kind == "protocol" else f"{kind}/{'.'.join(place)}"
        else:
            port = "other" if subject.port is None else f"{subject.protocol.value.lower()}/{subject.port}"
        expect = {(True,): "allow", (False,): "deny"}.get(tuple(oracle or ()), "open")
        text |= {"pods": pods} if pods else {}
        text |= {"decisions": [{**entry, "port": port, "expect": expect}]}
    else:
        lines.append(f"{'connection' if isinstance(subject, Connection) else 'pod'}: {subject}")
        text |= {"decisions": []}
    comments = "".join(f"# {line}\n" for line in lines if line)
    (folder / "decisions.yaml").write_text(comments + as_yaml([text]), encoding="utf-8")
    if asked.before is not None:
        (folder / "before.yaml").write_text(as_yaml(documents(asked.before)), encoding="utf-8")


def _truth(found: frozenset[bool] | None) -> str:
    return "left out" if found is None else " or ".join(map(str, sorted(found))) or "cannot exist"


def _losses(cluster: Cluster, folder: Path) -> Iterator[str]:
    """What no manifest can say quite as the cluster has it."""
    try:
        load([str(folder / "manifests.yaml")])
    except ManifestError as error:
        yield f"no manifest can say quite this: {error.problems[0]}"
    yield from (f"left out: {w.id} has added labels {w.added}" for w in cluster.workloads if w.added)
    yield from (f"left out: addresses of {w.id}" for w in cluster.workloads if w.ips and w.kind != "Pod")
    for service in cluster.services:
        if service.selector is not None and not is_by_equality(service.selector):
            yield f"left out: {service.id} selects {service.selector}"


def is_by_equality(selector: Selector) -> bool:
    """Whether a Service can select so."""
    keys = [requirement.key for requirement in selector.requirements]
    one_of_one = all(r.operator is Operator.IN and len(r.values) == 1 for r in selector.requirements)
    return bool(keys) and len(set(keys)) == len(keys) and one_of_one


def _profile(profile: Profile) -> Document:
    if profile in PROFILES.values():
        return {"profile": profile.name}
    plain = PROFILES["generic"].knobs()
    return {"knobs": {name: value for name, value in profile.knobs().items() if value != plain[name]}}


def _end(role: str, end: End, pods: dict[str, Document]) -> str:
    if isinstance(end, Host):
        return f"node:{end.name}"
    if not isinstance(end, Pod):
        return str(end.ip)
    if end.workload is not None:
        return end.workload.partition("[")[0]
    pods[role] = {"namespace": end.namespace, "labels": dict(end.labels), "ip": str(end.ip)}
    pods[role] |= {"ports": [_hypothetical_port(p) for p in end.ports]} if end.ports else {}
    labels = _plain(end.namespace_labels)
    pods[role] |= {"namespace_labels": labels} if labels else {}
    return role


def _hypothetical_port(port: ContainerPort) -> Document:
    return {"name": port.name, "port": port.number, "protocol": port.protocol.value}
