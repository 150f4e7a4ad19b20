"""What a region tells its reader, applied to one connection: neither more nor less than the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address

from finite_worlds import NEW_NAMESPACES

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.formulas import Attribute as Asked
from analyzer.model.formulas import Name, OnPorts, Role
from analyzer.model.knobs import NamedPortScope
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.semantics.formulas import Situation, is_true
from analyzer.sets import AddressSet, TextSet, ValueSet
from analyzer.verdicts import Attribute, Constraint, EndRegion, Region
from analyzer.verdicts.regions import NEW_NAMESPACE, YES

_KINDS = {Pod: "pod", Host: "node", External: "external"}
READ_OF_CONNECTIONS = {
    Attribute.PROTOCOL,
    Attribute.PORT,
    Attribute.OTHER,
    Attribute.FAMILY,
    Attribute.SERVICE,
    Attribute.SERVICE_ADDRESS,
    Attribute.SERVICE_PORT,
    Attribute.CLAIM,
}


def tells_of(region: Region, connection: Connection, cluster: Cluster, profile: Profile, *, in_scope: bool) -> bool:
    if connection.protocol not in region.protocols:
        return False
    if region.ports is not None and connection.port is not None and connection.port not in region.ports:
        return False
    if connection.number is not None and connection.number not in region.others:
        return False
    if region.family not in (None, f"IPv{connection.src.ip.version}"):
        return False
    through = connection.through
    if region.service is not None and region.service != (
        through and (through.service, str(through.address), through.number)
    ):
        return False
    if region.claim is not None and not in_scope:
        return False
    assert {it.attribute for it in region.connection} <= READ_OF_CONNECTIONS
    assert region.dst is not None
    return all(
        _tells_of_end(region_end, end, connection, cluster, profile)
        for region_end, end in ((region.src, connection.src), (region.dst, connection.dst))
    )


def tells_of_request(region: Region, its: Mapping[Asked, tuple[str, ...]]) -> bool:
    """Whether the region holds the request with these attributes, as a proxy sees them."""
    return all(_asked(it, its) for it in region.request)


def _asked(it: Constraint, its: Mapping[Asked, tuple[str, ...]]) -> bool:
    within = it.within
    match it.attribute:
        case Attribute.TLS:
            return its[Asked(Role.REQUEST, Name.TLS)][0] in within
        case Attribute.HTTP:
            return (Asked(Role.REQUEST, Name.METHOD) in its) is (within == YES)
        case Attribute.TOKEN:
            return (Asked(Role.REQUEST, Name.TOKEN) in its) is (within == YES)
        case attribute:
            value = "claims by word" if attribute is Attribute.WORD_OF_CLAIM else attribute.value
            texts = its.get(Asked(Role.REQUEST, Name(value), it.key), ())
            if isinstance(within, AddressSet):
                return ip_address(texts[0]) in within
            assert isinstance(within, TextSet)
            return within.is_met(texts)


def tells_of_pod(region: EndRegion, pod: Pod, cluster: Cluster, profile: Profile) -> bool:
    return _tells_of_end(region, pod, None, cluster, profile)


def _tells_of_end(
    region: EndRegion, end: End, connection: Connection | None, cluster: Cluster, profile: Profile
) -> bool:
    if region.kind != _KINDS[type(end)] or (region.addresses is not None and end.ip not in region.addresses):
        return False
    if isinstance(end, External):
        return True
    if any(end.labels.get(key) not in values for key, values in region.labels):
        return False
    if isinstance(end, Pod) and not _tells_of_namespace(region, end, cluster):
        return False
    if isinstance(end, Host):
        return region.nodes is None or end.name in region.nodes
    if region.service_accounts is not None and end.service_account not in region.service_accounts:
        return False
    if region.host_network not in (None, end.host_network) or not _is_of(region.workloads, end):
        return False
    return _declares(region, end, connection, profile)


def _is_of(workloads: ValueSet | None, pod: Pod) -> bool:
    """Whether the pod is of one of the workloads; a name without a kind stands for every workload of that name."""
    if workloads is None:
        return True
    owner = pod.workload or ""
    is_named = owner in workloads.values or owner.partition("[")[0] in workloads.values
    return is_named is not workloads.is_complement


def _declares(region: EndRegion, pod: Pod, connection: Connection | None, profile: Profile) -> bool:
    """Whether the pod gives the connection's port the names that the region asks for."""
    asked = [(name, profile.named_port_scope, is_so) for name, is_so in region.port_names]
    asked += [(name, NamedPortScope.SIDECARS, is_so) for name, is_so in region.service_port_names]
    for key, scope, is_so in asked:
        protocol, _, name = key.partition("/")
        assert connection is not None
        named = OnPorts(Protocol(protocol.upper()), name=name, scope=scope)
        is_declared = is_true(named, replace(Situation.of(connection), ends={Role.DST: pod}))
        if is_declared is not (is_so == YES):
            return False
    return True


def asked_of_namespace(region: EndRegion, name: str, cluster: Cluster) -> tuple[tuple[str, ValueSet], ...]:
    """What the region asks of the labels of the namespace of this name."""
    return region.namespace_labels if name in cluster.namespace_by_name else region.new_namespace_labels


def _tells_of_namespace(region: EndRegion, pod: Pod, cluster: Cluster) -> bool:
    asked = asked_of_namespace(region, pod.namespace, cluster)
    if any(pod.namespace_labels.get(key) not in values for key, values in asked):
        return False
    if region.namespaces is None or pod.namespace in region.namespaces:
        return True
    is_new = pod.namespace.startswith("fresh") or pod.namespace in NEW_NAMESPACES
    return is_new and NEW_NAMESPACE in region.namespaces
