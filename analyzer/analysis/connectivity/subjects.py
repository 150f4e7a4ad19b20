"""The ends of the cluster by what decides the ruling at them."""

from __future__ import annotations

from collections.abc import Hashable

from analyzer.analysis.connectivity.classes import VERSIONS, EndClass, Sort, replaces_sources
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.judging import Subject
from analyzer.analysis.connectivity.rule_ports import declared_names, names_used
from analyzer.analysis.connectivity.ruling import Effects
from analyzer.analysis.connectivity.views import Rules
from analyzer.model.cluster import Endpoints, Service, ServicePort, Unmodelled
from analyzer.model.policies import Direction, NamespaceNamed, PodPeer, Policy, Protocol, Tier
from analyzer.model.profile import NamedPortScope
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.connectivity import bit_indices


class Subjects:
    """Which policies, objects that are not modelled, and Services bear on each class of ends.

    `backends`: the classes behind each Service that may put a node's address in place of the source's.
    """

    def __init__(self, index: EndIndex, rules: Rules) -> None:
        self.index, self.rules = index, rules
        cluster = index.cluster
        self._fronted = {version: [c.at_host for c in index.classes] for version in VERSIONS}
        self.backends: list[tuple[Service, int]] = []
        for service in filter(replaces_sources, cluster.services):
            backends = 0
            if service.selector is not None:
                backends = index.chosen(PodPeer(NamespaceNamed(service.namespace), service.selector))
                for i in bit_indices(backends):
                    for version in VERSIONS:
                        self._fronted[version][i] |= _targets(service, index.classes[i])
            for entry in cluster.written_endpoints(service):
                backends |= self._front(service, entry)
            self.backends.append((service, backends))
        self._effects: dict[tuple[Direction, str | None], Effects] = {}
        for thing in cluster.unmodelled:
            others = [n for n in cluster.namespace_by_name if thing.reaches(n)] if thing.elsewhere_than else []
            for place in others if thing.elsewhere_than else [thing.namespace]:
                for direction in thing.directions:
                    at = (direction, place)
                    self._effects[at] = _both(self._effects.get(at, Effects()), _effects_of(thing))

    def _front(self, service: Service, entry: Endpoints) -> int:
        """The classes with an address that is written among the Service's endpoints, or that may have one."""
        names, led_to = {port.name for port in service.ports}, ConnectionSet.EMPTY
        for port in entry.ports:
            if port.number and port.name in names:
                led_to |= ConnectionSet.on(port.protocol.value, PortSet.of(port.number))
        found = 0
        for version in VERSIONS:
            addresses = AddressSet.singles(ip for ip in entry.addresses if ip.version == version)
            met = self.index.plain_at(addresses, version) if addresses else 0
            for i in bit_indices(met):
                self._fronted[version][i] |= led_to
            found |= met
        return found

    def of(self, direction: Direction) -> list[tuple[Subject, int]]:
        """Each subject with the classes it stands for; every class is in one."""
        policies = self._selecting(direction)
        found: dict[Hashable, tuple[Subject, int]] = {}
        for i, c in enumerate(self.index.classes):
            subject = self._subject(direction, i, c, tuple(policies[i]))
            _, bits = found.get(subject.key, (subject, 0))
            found[subject.key] = (subject, bits | 1 << i)
        return list(found.values())

    def _selecting(self, direction: Direction) -> list[list[Policy]]:
        """By class, the policies that select it and speak of the direction, in order of evaluation."""
        found: list[list[Policy]] = [[] for _ in self.index.classes]
        if not self.rules.profile.enforces:
            return found
        for tier in Tier:
            for policy in self.index.cluster.policies_by_tier[tier]:
                if policy.rules(direction) is not None:
                    for i in bit_indices(self.index.chosen(policy.subject)):
                        found[i].append(policy)
        return found

    def _subject(self, direction: Direction, i: int, c: EndClass, policies: tuple[Policy, ...]) -> Subject:
        if c.sort is not Sort.POD:
            return Subject(direction, (), Effects(), c.versions, is_judged=False)
        if direction is Direction.EGRESS:
            return Subject(direction, policies, self._effects_in(direction, c.namespace), c.versions)
        used = self.rules.port_names(policies, direction)
        names = names_used(c.ports, used, self.rules.profile)
        fronted = tuple(self._fronted[version][i] for version in VERSIONS)
        return Subject(direction, policies, self._effects_in(direction, c.namespace), c.versions, names, fronted)

    def _effects_in(self, direction: Direction, namespace: str) -> Effects:
        everywhere, here = (self._effects.get((direction, where), Effects()) for where in (None, namespace))
        return _both(everywhere, here)


def _effects_of(thing: Unmodelled) -> Effects:
    full = ConnectionSet.EMPTY
    for protocol in thing.protocols:
        full |= ConnectionSet.OTHER if protocol is Protocol.OTHER else ConnectionSet.on(protocol.value, PortSet.FULL)
    nothing = ConnectionSet.EMPTY
    return Effects(full if thing.may_allow else nothing, full if thing.may_deny else nothing)


def _both(left: Effects, right: Effects) -> Effects:
    return Effects(left.may_allow | right.may_allow, left.may_deny | right.may_deny)


def _targets(service: Service, c: EndClass) -> ConnectionSet:
    """The pod's ports that the Service leads to; names are looked up in containers and sidecars (reference A13.2)."""
    names = declared_names(c.ports, NamedPortScope.SIDECARS)
    found = ConnectionSet.EMPTY
    for port in service.ports:
        found |= target_of(port, names)
    return found


def target_of(port: ServicePort, names: dict[str, ConnectionSet]) -> ConnectionSet:
    """What the Service's port leads to on a pod that gives its ports these names (reference A13.2)."""
    if isinstance(port.target, int):
        return ConnectionSet.on(port.protocol.value, PortSet.of(port.target))
    of_protocol = ConnectionSet.on(port.protocol.value, PortSet.FULL)
    return names.get(port.target, ConnectionSet.EMPTY) & of_protocol
