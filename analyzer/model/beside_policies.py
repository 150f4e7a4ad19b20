"""What besides policies bears on what a stage decides: objects that are not modelled, Services that hide a source."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster, Service, Unmodelled
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    AtAddress,
    Attribute,
    Formula,
    Member,
    Name,
    Not,
    OnHostPort,
    OnPorts,
    Open,
    Role,
    Test,
    both,
    either,
    in_namespaces,
    labels,
)
from analyzer.model.leading import on_target
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Disguise, Doubt
from analyzer.model.policies import (
    Direction,
    NamespaceNamed,
    Protocol,
)
from analyzer.sets import AddressSet, PortSet


# ------------------------------------------------------------------------------------------------ what is not modelled
def doubt_of(thing: Unmodelled, direction: Direction) -> Doubt | None:
    """What the object may overturn in this direction; None if nothing."""
    if direction not in thing.directions:
        return None
    where = reach(thing)
    is_all = len(thing.protocols) == len(Protocol) and thing.ports is None
    ports = PortSet.FULL if thing.ports is None else thing.ports
    what = both([where, TRUE if is_all else either(OnPorts(protocol, ports) for protocol in thing.protocols)])

    def may(is_said: bool, reach: Formula, verb: str, text: str) -> Formula:
        id_ = f"{thing.id} {thing.content} {direction.value} {verb}"
        return both([reach, Open(OpenFact("unmodelled", id_, text))]) if is_said else FALSE

    said = f"{thing.id} ({thing.source}) is not modelled and may"
    return Doubt(
        thing,
        denies=may(thing.may_deny, what, "denies", f"{said} deny {direction.value} traffic"),
        allows=may(thing.may_allow, what, "allows", f"{said} allow {direction.value} traffic"),
        isolates=may(thing.may_isolate, where, "isolates", f"{said} isolate pods for {direction.value}"),
    )


def reach(thing: Unmodelled) -> Formula:
    name = Attribute(Role.SELF, Name.NAMESPACE)
    if thing.namespace is not None:
        return Test(name, frozenset({thing.namespace}))
    return Not(Test(name, frozenset({thing.elsewhere_than}))) if thing.elsewhere_than else TRUE


# ------------------------------------------------------------------------------------------------ disguises
def disguises_of(cluster: Cluster) -> Iterator[Disguise]:
    """Services with externalTrafficPolicy Cluster that are reached from outside, and hostPorts (reference 0.2, E3)."""
    for service in cluster.services:
        if service.reached_from_outside and not service.preserves_client:
            when = either(_leads(service, cluster))
            if when != FALSE:
                what = f"{service.id} ({service.source})"
                yield Disguise(f"{service.namespace}/{service.name}", what, when, service.source)
    yield Disguise("host-port", "a hostPort", OnHostPort())


def balanced_of(cluster: Cluster) -> Formula:
    """What load balancers of Services may lead to, each of which may put its own address in place of the source's."""
    found = []
    for service in cluster.services:
        if service.is_balanced and (when := either(_leads(service, cluster))) != FALSE:
            text = f"the load balancer of {service.id} ({service.source}) may bring clients with its own address"
            fact = OpenFact("service-source", f"balancer {service.namespace}/{service.name}", text)
            found.append(both([when, Open(fact)]))
    return either(found)


def handed_on(cluster: Cluster) -> Formula:
    """What nodes may hand on to pods of their own for clients whose address they keep: behind Services from outside
    with externalTrafficPolicy Local (aws.md S10)."""
    found = []
    for service in cluster.services:
        is_local = service.reached_from_outside and service.preserves_client
        if is_local and (when := either(_leads(service, cluster))) != FALSE:
            text = f"a node may hand on what comes through {service.id} ({service.source}) to its own pods"
            fact = OpenFact("service-source", f"handed-on {service.namespace}/{service.name}", text)
            found.append(both([when, Open(fact)]))
    return either(found)


def _leads(service: Service, cluster: Cluster) -> Iterator[Formula]:
    """Its backends: by their labels, or by their address written among its endpoints (reference A13.2, A13.4).

    A target's name is looked up in containers and sidecars, whatever engine enforces the policies.
    """
    if service.selector is not None:
        home = in_namespaces(NamespaceNamed(service.namespace), Role.DST)
        yield both([home, labels(service.selector, Role.DST), either(map(on_target, service.ports))])
    names = {port.name for port in service.ports}
    for entry in cluster.written_endpoints(service):
        here = Member(Role.DST, AtAddress(AddressSet.singles(entry.addresses)))
        numbers = (
            OnPorts(p.protocol, PortSet.of(p.number)) for p in entry.ports if p.name in names and p.number is not None
        )
        yield both([here, either(numbers)])
