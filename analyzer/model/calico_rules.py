"""Rules of Calico's policies as formulas over both ends, the ports and the request (calico-cilium.md 1.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.calico import OF_NAMESPACE, CalicoRule, Entity, EntityPorts, HostEndpoint, Icmp
from analyzer.model.calico_labels import HAS_NAMESPACE, CalicoLabels, of_tests
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    OF_FAMILY,
    TRUE,
    AtAddress,
    Attribute,
    Formula,
    Member,
    Name,
    Not,
    OnPorts,
    Open,
    Role,
    Test,
    both,
    either,
    in_namespaces,
    labels,
    negated,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.leading import on_target
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import StagedRule
from analyzer.model.policies import Action, NamespaceNamed, PodPeer, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet, PortSet, other_protocols

_WITH_PORTS = {6: Protocol.TCP, 17: Protocol.UDP, 132: Protocol.SCTP}


class CalicoRules:
    """Reads rules, given the labels of the cluster's things and the host endpoints that stand where addresses are."""

    def __init__(
        self,
        profile: Profile,
        cluster: Cluster,
        named: CalicoLabels,
        hosts: tuple[HostEndpoint, ...],
        far: Role,
    ) -> None:
        self.profile, self.cluster, self.labels, self.hosts, self.far = profile, cluster, named, hosts, far
        self.calico = cluster.calico

    def read(self, rules: Iterable[CalicoRule]) -> Iterator[StagedRule]:
        for rule in rules:
            if rule.action is not None:
                yield staged(rule, rule.action, self._when(rule))

    def _when(self, rule: CalicoRule) -> Formula:
        parts = [self._of_version(rule)]
        if rule.protocol is not None:
            parts.append(_of_protocol(rule.protocol))
        if rule.not_protocol is not None:
            parts.append(negated(_of_protocol(rule.not_protocol)))
        if rule.icmp is not None and rule.icmp.type is not None:
            parts.append(_of_icmp(rule.icmp))
        if rule.not_icmp is not None and rule.not_icmp.type is not None:
            parts.append(negated(_of_icmp(rule.not_icmp)))
            if rule.protocol not in other_protocols.ICMP_OF.values():
                text = f"what notICMP means in a rule without `protocol: ICMP` ({rule.source}) is not specified"
                parts.append(Open(OpenFact("unspecified", f"notICMP {rule.source}", text)))
        for role, entity in ((Role.SRC, rule.src), (Role.DST, rule.dst)):
            parts += self._side(rule, role, entity)
        parts.append(self._of_request(rule))
        return both(parts)

    @staticmethod
    def _of_version(rule: CalicoRule) -> Formula:
        """A rule is not there for packets of a version of which a list of its networks holds none (1.7.1)."""
        versions = {4, 6} if rule.version is None else {rule.version}
        for entity in (rule.src, rule.dst):
            for nets in filter(None, (entity.nets, entity.not_nets)):
                versions &= {version for version in (4, 6) if nets.family(version)}
            if entity.not_nets is not None:
                versions -= {v for v in (4, 6) if entity.not_nets.family(v) == AddressSet.FULL.family(v)}
        return TRUE if versions == {4, 6} else either(OF_FAMILY[version] for version in sorted(versions))

    def _side(self, rule: CalicoRule, role: Role, entity: Entity) -> Iterator[Formula]:
        """What a rule asks of one end (1.7): labels mean the endpoints that have them, by their addresses."""
        if entity.selected is not None:
            without = () if entity.unselected is None else (negated(entity.unselected),)
            yield self._members(both([entity.selected, *without]), role)
        elif entity.unselected is not None:
            yield negated(self._members(entity.unselected, role))
        if entity.nets is not None:
            yield Member(role, AtAddress(entity.nets))
        if entity.not_nets is not None:
            yield negated(Member(role, AtAddress(entity.not_nets)))
        if entity.ports.is_given:
            yield self._on_ports(rule, role, entity, entity.ports)
        if entity.not_ports.is_given:
            yield negated(self._on_ports(rule, role, entity, entity.not_ports))
        if entity.service is not None:
            yield self._of_service(*entity.service, role)

    def _members(self, formula: Formula, role: Role) -> Formula:
        """Pods, and whatever is at an address of a set or a host endpoint, the labels of which meet the formula."""
        return either([self.labels.of_pod(formula, role, role), self._at_groups(formula, role)])

    def sets_of(self, peer: PodPeer) -> Formula:
        """What a `namespaces` peer of Kubernetes' own means besides pods (calico-cilium.md 0.5)."""
        choice = peer.namespaces
        if not peer.means_sets or isinstance(choice, NamespaceNamed):
            return FALSE
        asked = of_tests(labels(choice.selector, Role.SELF), _of_namespace)
        return self._at_groups(HAS_NAMESPACE if asked == TRUE else asked, self.far)

    def _at_groups(self, formula: Formula, role: Role) -> Formula:
        known, open_ = AddressSet.EMPTY, []
        for group in self.calico.groups:
            met = self.labels.of_group(formula, group)
            if met == TRUE:
                known |= group.addresses
            elif met != FALSE:
                open_.append(both([Member(role, AtAddress(group.addresses)), met]))
        for endpoint in self.hosts:
            if endpoint.expected and self.labels.of_host(formula, endpoint):
                known |= AddressSet.singles(endpoint.expected)
        return either([*([Member(role, AtAddress(known))] if known else ()), *open_])

    # -------------------------------------------------------------------------------------------- ports
    def _on_ports(self, rule: CalicoRule, role: Role, entity: Entity, ports: EntityPorts) -> Formula:
        """A name is that of a port of an endpoint that the positive selector selects (1.7.2); which port a client sends
        from is its own choice."""
        if role is Role.SRC:
            said = ", ".join(filter(None, (str(ports.numbers) if ports.numbers else "", *ports.names)))
            text = f"whether a client sends from port {said} ({rule.source}) is its own choice"
            return Open(OpenFact("source-port", f"source-port {said}", text))
        protocol = None if rule.protocol is None else _WITH_PORTS.get(rule.protocol)
        found = [OnPorts(protocol, ports.numbers)] if ports.numbers and protocol is not None else []
        return either([*found, *(self._on_name(name, protocol, entity) for name in ports.names)])

    def _on_name(self, name: str, protocol: Protocol | None, entity: Entity) -> Formula:
        selected = TRUE if entity.selected is None else entity.selected
        named = OnPorts(protocol, name=name, scope=NamedPortScope.ALL)
        found = [both([self.labels.of_pod(selected, Role.DST, Role.DST), named])]
        for endpoint in self.hosts:
            for port in endpoint.ports:
                is_it = port.name == name and _WITH_PORTS[port.protocol] in (protocol or _WITH_PORTS[port.protocol],)
                if is_it and endpoint.expected and self.labels.of_host(selected, endpoint):
                    here = Member(Role.DST, AtAddress(AddressSet.singles(endpoint.expected)))
                    found.append(both([here, on_port(port.protocol, port.number)]))
        return either(found)

    def _of_service(self, namespace: str, name: str, role: Role) -> Formula:
        """Where the Service leads: addresses and ports at the destination, addresses at the source (1.7.3)."""
        found: list[Formula] = []
        service = self.cluster.service_by_name.get((namespace, name))
        if service is not None and service.selector is not None:
            home, on = in_namespaces(NamespaceNamed(namespace), role), either(map(on_target, service.ports))
            found.append(both([home, labels(service.selector, role), on if role is Role.DST else TRUE]))
        for entry in self.cluster.endpoints_by_service.get((namespace, name), ()):
            here = Member(role, AtAddress(AddressSet.singles(entry.addresses)))
            numbers = (OnPorts(p.protocol, PortSet.of(p.number)) for p in entry.ports if p.number is not None)
            found.append(both([here, either(numbers) if role is Role.DST else TRUE]))
        return either(found)

    # -------------------------------------------------------------------------------------------- requests
    def _of_request(self, rule: CalicoRule) -> Formula:
        """What is no HTTP has no method and no path, and is let through (the checker's matchHTTP)."""
        if rule.http is None or not self.profile.application_layer_policy:
            return TRUE
        method, path = (Attribute(Role.REQUEST, name) for name in (Name.METHOD, Name.PATH))
        parts: list[Formula] = []
        if rule.http.methods and "*" not in rule.http.methods:
            parts.append(either([Not(Test(method)), Test(method, frozenset(rule.http.methods))]))
        if rule.http.paths:
            parts.append(either([Not(Test(path)), *(_on_path(path, text, p) for text, p in rule.http.paths)]))
        return both(parts)


def staged(rule: CalicoRule | None, action: Action, when: Formula) -> StagedRule:
    return StagedRule(rule, action, FALSE, when, when)


def _of_namespace(test: Test) -> Formula:
    """The same of a label of the namespace."""
    return Test(Attribute(Role.SELF, Name.LABEL, OF_NAMESPACE + test.attribute.key), test.meets)


# ------------------------------------------------------------------------------------------------ protocols
def on_port(protocol: int, number: int) -> Formula:
    return OnPorts(_WITH_PORTS[protocol], PortSet.of(number)) if number else OnPorts(_WITH_PORTS[protocol])


def _of_protocol(number: int) -> Formula:
    if number in _WITH_PORTS:
        return OnPorts(_WITH_PORTS[number])
    odd = OnPorts(Protocol.OTHER, other_protocols.protocol(number))
    for version, own in other_protocols.ICMP_OF.items():
        if own == number:
            icmp = OnPorts(Protocol.OTHER, other_protocols.icmp())
            return either([both([OF_FAMILY[version], icmp]), both([OF_FAMILY[10 - version], odd])])
    return odd


def _of_icmp(icmp: Icmp) -> Formula:
    return OnPorts(Protocol.OTHER, other_protocols.icmp(icmp.type, icmp.code))


def _on_path(path: Attribute, text: str, is_prefix: bool) -> Formula:
    """A prefix is one of whole segments; paths are compared clean, and one that cannot be made so matches nothing."""
    from analyzer.sets.strings import prefix
    from analyzer.sets.strings.paths import clean_path

    clean = clean_path(text)
    if clean is None:
        return FALSE
    found = [Test(path, frozenset({clean}))]
    return either([*found, Test(path, prefix(f"{clean.rstrip('/')}/"))] if is_prefix else found)
