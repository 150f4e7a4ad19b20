"""Why a selector, a peer or a list of ports does not mean what it is compared with: short phrases for people."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.analysis.connectivity.classes import namespace_labels
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    AddressPeer,
    DomainPeer,
    NamedPort,
    NamespaceNamed,
    NodePeer,
    Peer,
    PodPeer,
    Ports,
    Protocol,
)
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet, ConnectionSet

End = Workload | Node | AddressSet


def labels_mismatch(selector: Selector, labels: Labels, what: str = "label") -> str:
    """The first requirement that does not hold: `label tier is absent`; empty if all do (reference A2.3)."""
    return next((text for r in selector.requirements if (text := _unmet(r, labels, what))), "")


def _unmet(requirement: Requirement, labels: Labels, what: str) -> str:
    key, values = requirement.key, sorted(requirement.values)
    value = labels.get(key)
    wanted = values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    match requirement.operator:
        case Operator.IN if value is None:
            return f"{what} {key} is absent"
        case Operator.IN if value not in requirement.values:
            return f"{what} {key} is {value or 'empty'}, not {wanted or 'empty'}"
        case Operator.NOT_IN if value in requirement.values:
            return f"{what} {key} is {value or 'empty'}"
        case Operator.EXISTS if value is None:
            return f"{what} {key} is absent"
        case Operator.DOES_NOT_EXIST if value is not None:
            return f"{what} {key} is present"
        case _:
            return ""


def pods_mismatch(choice: PodPeer, pod: Workload, cluster: Cluster) -> str:
    """Why a subject or a peer does not mean the pod; empty if it does (reference A3, A8)."""
    if pod.host_network:
        return "it uses its node's network: selectors do not mean it"
    if isinstance(choice.namespaces, NamespaceNamed):
        if choice.namespaces.name != pod.namespace:
            return f"it is in namespace {pod.namespace}, not {choice.namespaces.name}"
    else:
        labels = namespace_labels(cluster, pod.namespace)
        for requirement in choice.namespaces.selector.requirements:
            if _unmet(requirement, labels, ""):
                return _namespace_unmet(requirement, pod.namespace, labels)
    return labels_mismatch(choice.pods, pod.labels)


def _namespace_unmet(requirement: Requirement, name: str, labels: Labels) -> str:
    """`namespace b lacks team=a`."""
    if requirement.operator in (Operator.IN, Operator.EXISTS):
        return f"namespace {name} lacks {Selector((requirement,))}"
    value = labels.get(requirement.key)
    return f"namespace {name} has {requirement.key}={value}"


def peer_mismatches(peers: tuple[Peer, ...], far: End, cluster: Cluster, profile: Profile) -> Iterator[str]:
    """For each peer why it does not mean the far end, or may not."""
    for peer in peers:
        match peer:
            case PodPeer():
                if isinstance(far, Workload):
                    yield pods_mismatch(peer, far, cluster)
                else:
                    yield f"{end_words(far)} is no pod"
            case AddressPeer():
                yield _address_mismatch(peer, far, profile)
            case NodePeer():
                yield _node_mismatch(peer, far)
            case DomainPeer():
                names = ", ".join(peer.names)
                if isinstance(far, AddressSet) or any(map(cluster.domain_of_cluster, peer.names)):
                    yield f"whether {names} stands for {end_words(far)} is not known"
                else:
                    yield f"domain name {names} stands for addresses outside the cluster"
            case _:
                yield f"its peer `{peer.field}` is of a kind that netproof does not know"


def _address_mismatch(peer: AddressPeer, far: End, profile: Profile) -> str:
    if isinstance(far, AddressSet):
        part = "partly " if far & peer.addresses else ""
        return f"{end_words(far)} is {part}outside {peer.text}"
    is_pod = isinstance(far, Workload) and not far.host_network
    in_force = profile.ipblock_matches_pods if is_pod else profile.ipblock_matches_nodes
    if not (in_force if peer.matches_cluster is None else peer.matches_cluster):
        return (
            f"profile {profile.name} does not compare {peer.text} with the addresses of {'pods' if is_pod else 'nodes'}"
        )
    if not far.ips:
        return f"its address is not known, so whether it lies in {peer.text} is not known"
    outside = [str(ip) for ip in far.ips if ip not in peer.addresses]
    return f"{', '.join(outside)} is outside {peer.text}" if outside else ""


def _node_mismatch(peer: NodePeer, far: End) -> str:
    if isinstance(far, Node):
        return labels_mismatch(peer.selector, far.labels)
    if isinstance(far, Workload) and far.host_network:
        return "whether it runs on such a node is not known" if not far.ips else "its node has other labels"
    return f"{end_words(far)} is no node"


def ports_mismatch(ports: tuple[Ports, ...], asked: ConnectionSet, dst: End) -> str:
    """Why none of the entries covers anything asked about: `port 8080 is outside 80–90`."""
    protocols = {name for name, numbers in asked.by_protocol if numbers}
    of_protocol = [e for e in ports if e.protocol is None or e.protocol.value in protocols]
    if not of_protocol:
        if asked == ConnectionSet.OTHER:
            return "it lists ports, and protocols without ports have none"
        listed = " and ".join(sorted({e.protocol.value for e in ports if e.protocol is not None}))
        return f"{' and '.join(sorted(protocols))} is not {listed}"
    return "; ".join(dict.fromkeys(_entry_mismatch(entry, asked, dst) for entry in of_protocol))


def _entry_mismatch(entry: Ports, asked: ConnectionSet, dst: End) -> str:
    numbers = dict(asked.by_protocol)
    if isinstance(entry, NamedPort):
        if not isinstance(dst, Workload):
            return f"port name {entry.name} means nothing on {end_words(dst)}"
        declared = [str(p.number) for p in dst.ports if p.name == entry.name and entry.protocol in (None, p.protocol)]
        if not declared:
            return f"no container declares port name {entry.name}"
        return f"port name {entry.name} is {', '.join(declared)}"
    ports = numbers.get(entry.protocol.value) if entry.protocol is not Protocol.OTHER else None
    return f"port {ports} is outside {entry.ports}" if ports else f"{entry.protocol.value} is not asked about"


def end_words(end: End) -> str:
    """One end in a few words."""
    if isinstance(end, AddressSet):
        networks = end.networks()
        first = networks[0]
        text = str(first.network_address if first.prefixlen == first.max_prefixlen else first)
        return text if len(networks) == 1 else f"{text} and others"
    return f"node {end.name}" if isinstance(end, Node) else end.id
