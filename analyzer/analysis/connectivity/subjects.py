"""The ends of the cluster by what decides the ruling at them."""

from __future__ import annotations

from collections.abc import Hashable

from analyzer.analysis.connectivity.classes import EndClass, Sort
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.judging import Subject
from analyzer.analysis.connectivity.rule_ports import declared_names, names_used
from analyzer.analysis.connectivity.ruling import Effects
from analyzer.analysis.connectivity.views import Rules
from analyzer.model.cluster import Service, ServicePort
from analyzer.model.policies import Direction, NamespaceNamed, PodPeer, Policy, Tier
from analyzer.model.profile import NamedPortScope
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import bit_indices


class Subjects:
    """Which policies, objects that are not modelled, and Services bear on each class of ends.

    `backends`: the classes behind each Service that may replace the address of a client outside.
    """

    def __init__(self, index: EndIndex, rules: Rules) -> None:
        self.index, self.rules = index, rules
        cluster = index.cluster
        self._fronted = [ConnectionSet.EMPTY] * len(index.classes)
        self.backends: list[tuple[Service, int]] = []
        for service in cluster.services:
            if service.reached_from_outside and not service.preserves_client and service.selector is not None:
                backends = index.chosen(PodPeer(NamespaceNamed(service.namespace), service.selector))
                self.backends.append((service, backends))
                for i in bit_indices(backends):
                    self._fronted[i] |= _targets(service, index.classes[i])
        self._effects: dict[str | None, Effects] = {None: Effects()}
        for thing in cluster.unmodelled:
            old = self._effects.get(thing.namespace, Effects())
            self._effects[thing.namespace] = Effects(old.may_allow or thing.may_allow, old.may_deny or thing.may_deny)

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
            return Subject(direction, policies, self._effects_in(c.namespace), c.versions)
        used = self.rules.port_names(policies, direction)
        names = names_used(c.ports, used, self.rules.profile)
        return Subject(direction, policies, self._effects_in(c.namespace), c.versions, names, self._fronted[i])

    def _effects_in(self, namespace: str) -> Effects:
        everywhere, here = self._effects[None], self._effects.get(namespace, Effects())
        return Effects(everywhere.may_allow or here.may_allow, everywhere.may_deny or here.may_deny)


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
