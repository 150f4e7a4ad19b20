"""What a region tells its reader, applied to one connection: neither more nor less than the words."""

from __future__ import annotations

from finite_worlds import NEW_NAMESPACES

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.profile import NamedPortScope, Profile
from analyzer.semantics.ports import declares
from analyzer.sets import ValueSet
from analyzer.verdicts import EndRegion, Region

_KINDS = {Pod: "pod", Host: "node", External: "external"}
_LIKEWISE, _NOT_OF = "and likewise ", "not of workload "


def tells_of(region: Region, connection: Connection, cluster: Cluster, profile: Profile, *, in_scope: bool) -> bool:
    if connection.protocol not in region.protocols:
        return False
    if region.ports is not None and connection.port is not None and connection.port not in region.ports:
        return False
    for fact in region.facts:
        match fact:
            case "over IPv4 only" | "over IPv6 only":
                if f"IPv{connection.src.ip.version}" not in fact:
                    return False
            case "as far as the query's `where` holds" | "as far as the query does not permit it":
                if not in_scope:
                    return False
            case _:
                raise AssertionError(f"nobody reads `{fact}`")
    assert region.dst is not None
    return all(
        _tells_of_end(region_end, end, connection, cluster, profile)
        for region_end, end in ((region.src, connection.src), (region.dst, connection.dst))
    )


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
    if region.workload is not None:
        alike = [w for fact in region.facts if fact.startswith(_LIKEWISE) for w in fact[len(_LIKEWISE) :].split(", ")]
        if (end.name if isinstance(end, Host) else end.workload) not in (region.workload, *alike):
            return False
    return all(_is_fact(fact, end, connection, profile) for fact in region.facts)


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
    return is_new and any(name.startswith("<") for name in region.namespaces)


def _is_fact(fact: str, end: End, connection: Connection | None, profile: Profile) -> bool:
    if fact.startswith(_LIKEWISE):
        return True
    if fact == "not there yet":
        return not (isinstance(end, Host) and end.name is not None)
    assert isinstance(end, Pod)
    if fact == "not on its node's network":
        return not end.host_network
    if fact.startswith(_NOT_OF):
        return not (end.workload or "").startswith(f"{fact[len(_NOT_OF) :]}[")
    if fact.startswith("service account "):
        words = fact.removeprefix("service account ")
        return (end.service_account in words.removeprefix("not ").split(", ")) != words.startswith("not ")
    if "this port" in fact:
        name, protocol = fact.split("`")[1], fact.rpartition("(")[2].rstrip(")")
        assert connection is not None
        is_declared = protocol == connection.protocol.value and declares(
            end, name, connection, NamedPortScope.SIDECARS if "to Services" in fact else profile.named_port_scope
        )
        return is_declared == fact.startswith("declares")
    raise AssertionError(f"nobody reads `{fact}`")
