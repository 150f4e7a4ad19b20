"""All ends and connections that can matter to one claim in one small cluster, spelt out.

An independent statement of the universe (design 1), to hold verdicts against: mentions are gathered by walking over the
fields of the model, ends are made one by one, and the oracle decides.  Ends that no selector, address block, port name
or set tells apart are listed once, unless `is_relational`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from itertools import combinations, product

from clusters import as_made, opened

from analyzer.model.claims import Assumption, Claim, Kind, Universe
from analyzer.model.cluster import Cluster, ContainerPort, Service
from analyzer.model.endpoints import Connection, End, External, Host, Pod, Through, pod_of
from analyzer.model.ends import ANYTHING, Behind, LedPort
from analyzer.model.formulas import All, Attribute, Formula, Member, Name, Not, OfWorkload, Some, Test
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.leading import ways
from analyzer.model.policies import (
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    PodPeer,
    Protocol,
)
from analyzer.model.profile import Profile
from analyzer.semantics import (
    holds,
    is_in_scope,
    is_member,
    is_pod_in_scope,
    isolation_outcomes,
    known,
    known_pods,
    on_ports,
    outcomes,
)
from analyzer.semantics.formulas import matches
from analyzer.semantics.ways import leads_to
from analyzer.sets import DEFAULT_POD_ADDRESSES, AddressSet
from analyzer.sets.addresses import IPAddress
from analyzer.sets.other_protocols import EVERY as EVERY_OTHER

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NEW_NAMESPACES = ("new-one", "new-two")
_WIDTH = {4: 32, 6: 128}


def parts(thing: object) -> Iterator[object]:
    """The thing and all it is made of."""
    yield thing
    if is_dataclass(thing):
        for field in fields(thing):
            yield from parts(getattr(thing, field.name))
    elif isinstance(thing, tuple | frozenset | list):
        for part in thing:
            yield from parts(part)


@dataclass(frozen=True)
class Moment:
    """A connection with what the oracle says of it: the values that "allowed" can take, None where the claim does not
    speak of it as labels that nobody knows turn out."""

    connection: Connection
    allowed: frozenset[bool | None]

    def violates(self, kind: Kind) -> bool:
        """However open facts turn out."""
        return self.allowed == {kind in (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY)}

    def may_violate(self, kind: Kind) -> bool:
        return (kind in (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY)) in self.allowed


def _selectors(members: Formula, name: Name) -> Iterator[Selector]:
    """The tests of such labels that stand in one conjunction, or by themselves."""
    asked: list[Requirement] = []
    for part in members.parts if isinstance(members, All) else (members,):
        test = part.part if isinstance(part, Not) else part
        match test:
            case Test(attribute, frozenset() as values) if attribute.name is name:
                asked.append(Requirement(attribute.key, Operator.IN if test is part else Operator.NOT_IN, values))
            case Test(attribute, None) if attribute.name is name:
                operator = Operator.EXISTS if test is part else Operator.DOES_NOT_EXIST
                asked.append(Requirement(attribute.key, operator))
            case All():
                yield from _selectors(test, name)
            case Some(parts):
                yield from (selector for one in parts for selector in _selectors(one, name))
            case Member(_, Behind(_, ports)):
                yield from (selector for port in ports for selector in _selectors(port.members, name))
            case _:
                pass
    if asked:
        yield Selector(tuple(asked))


@dataclass(frozen=True)
class FiniteWorld:
    cluster: Cluster
    claim: Claim
    universe: Universe
    profile: Profile
    pod_addresses: AddressSet | None = None
    assumptions: tuple[Assumption, ...] = ()
    is_relational: bool = False
    open_labels: bool = False

    # -------------------------------------------------------------------------------------------- mentions
    @cached_property
    def mentions(self) -> tuple[object, ...]:
        cluster = self.cluster
        written = tuple(AddressSet.singles(entry.addresses) for entry in cluster.endpoints)
        return tuple(parts((cluster.policies, cluster.services, written, self.claim, self.assumptions)))

    @cached_property
    def pod_selectors(self) -> tuple[Selector, ...]:
        found = [m.pods for m in self.mentions if isinstance(m, PodPeer)]
        found += self._asked_of_sets(Name.LABEL)
        found += [m.selector for m in self.mentions if isinstance(m, Service | NodePeer) and m.selector is not None]
        return tuple(dict.fromkeys(found))

    @cached_property
    def namespace_selectors(self) -> tuple[Selector, ...]:
        found = [m.selector for m in self.mentions if isinstance(m, NamespacesMatching)]
        return tuple(dict.fromkeys((*found, *self._asked_of_sets(Name.NAMESPACE_LABEL))))

    def _asked_of_sets(self, name: Name) -> list[Selector]:
        """What the claim's sets and those of assumptions ask of labels, each conjunction as one selector."""
        sets = (*self.claim.sets, *(a.members for a in self.assumptions))
        return [selector for members in sets for selector in _selectors(members, name)]

    @cached_property
    def _conditions(self) -> tuple[object, ...]:
        return tuple(parts((self.claim.where, tuple(a.condition for a in self.assumptions))))

    @cached_property
    def terms(self) -> tuple[Attribute, ...]:
        return tuple(dict.fromkeys(m for m in self._conditions if isinstance(m, Attribute)))

    def _combinations(self, selectors: tuple[Selector, ...], attribute: Name) -> list[Labels]:
        """Label maps over the values mentioned for each key, with the absent and fresh ones."""
        values: dict[str, set[str]] = {}
        for selector in selectors:
            for requirement in selector.requirements:
                values.setdefault(requirement.key, set()).update(requirement.values)
        for term in self.terms:
            if term.name is attribute:
                values.setdefault(term.key, set()).update(self.texts)
        values.pop(NAMESPACE_NAME_LABEL, None)
        fresh = ("fresh", "fresh-2") if self.is_relational else ("fresh",)
        choices = [[(key, v) for v in (None, *sorted(found), *fresh)] for key, found in sorted(values.items())]
        found = [Labels({k: v for k, v in chosen if v is not None}) for chosen in product(*choices)]
        if any(term.name is attribute for term in self.terms):
            return found
        return list({tuple(matches(s, labels) for s in selectors): labels for labels in reversed(found)}.values())

    @cached_property
    def texts(self) -> frozenset[str]:
        """What conditions compare values with; where they compare them with one another, what selectors ask for."""
        found: set[str] = set()
        if self.is_relational:
            every = (
                *(m for m in self.mentions if isinstance(m, Selector)),
                *self.pod_selectors,
                *self.namespace_selectors,
            )
            found |= {v for m in every for r in m.requirements for v in r.values}
            found |= self.cluster.namespace_by_name.keys()
        for m in self._conditions:
            if isinstance(m, Test) and isinstance(m.meets, frozenset):
                found |= m.meets
        return frozenset(found)

    @cached_property
    def address_starts(self) -> dict[int, list[int]]:
        """Where, in each family, some block or set begins or has just ended; single known addresses stand apart."""
        cluster = self.cluster
        sets = [p for p in self.mentions if isinstance(p, AddressSet)]
        sets += [AddressSet.single(ip) for owner in (*cluster.workloads, *cluster.nodes) for ip in owner.ips]
        sets += [AddressSet.single(ip) for s in self.cluster.services for ip in s.addresses]
        sets += [AddressSet.singles(e.addresses) for e in self.cluster.endpoints]
        sets += [self.pods_lie_in]
        found = {}
        for version in (4, 6):
            edges = {0} | {e for s in sets for low, high in s.family(version) for e in (low, high + 1)}
            found[version] = sorted(e for e in edges if e < 2 ** _WIDTH[version])
        return found

    @cached_property
    def pods_lie_in(self) -> AddressSet:
        known = AddressSet.singles(ip for w in self.cluster.workloads if not w.host_network for ip in w.ips)
        return ((self.pod_addresses or DEFAULT_POD_ADDRESSES) - self.taken) | known

    @cached_property
    def taken(self) -> AddressSet:
        services = AddressSet.singles(ip for s in self.cluster.services for ip in s.addresses)
        owners = (*self.cluster.workloads, *self.cluster.nodes)
        return services | AddressSet.singles(ip for owner in owners for ip in owner.ips)

    @cached_property
    def blocks(self) -> tuple[AddressSet, ...]:
        return tuple(dict.fromkeys(m for m in self.mentions if isinstance(m, AddressSet)))

    def _blocks_of(self, ip: IPAddress) -> tuple[object, ...]:
        """What can be seen of an address; nothing of it, not even its family, where no block is mentioned."""
        return (ip.version, *(ip in block for block in self.blocks)) if self.blocks else ()

    def addresses(self, within: AddressSet) -> list[IPAddress]:
        """One of every sort."""
        return [ips[0] for ips in self._sorts(within).values()]

    def _sorts(self, within: AddressSet) -> dict[tuple[object, ...], list[IPAddress]]:
        found: dict[tuple[object, ...], list[IPAddress]] = {}
        for version, starts in self.address_starts.items():
            for low, following in zip(starts, (*starts[1:], 2 ** _WIDTH[version]), strict=True):
                for value in (low, low + 1):
                    ip = ip_address(value.to_bytes(_WIDTH[version] // 8, "big"))
                    if value < following and ip in within:
                        found.setdefault(self._blocks_of(ip), []).append(ip)
        return found

    @cached_property
    def _twins(self) -> dict[IPAddress, IPAddress]:
        """For the address of a pod not there yet, another of the same sort."""
        return {ips[0]: ips[1] for ips in self._sorts(self.pods_lie_in).values() if len(ips) > 1}

    @cached_property
    def port_names(self) -> tuple[str, ...]:
        found = {m.name for m in self.mentions if isinstance(m, NamedPort)}
        found |= {p.target for s in self.cluster.services for p in s.ports if isinstance(p.target, str)}
        return tuple(sorted(found))

    @cached_property
    def sockets(self) -> list[tuple[Protocol, int | None]]:
        if self.is_relational:
            return [(Protocol.TCP, 80)]
        edges = {1, 65535}
        for m in self.mentions:
            if isinstance(m, NumberedPorts) and m.low is not None and m.protocol is not Protocol.OTHER:
                edges |= {e for low, high in m.ports for e in (low, high + 1)} | {m.low + 1}
        edges |= {p.number for w in self.cluster.workloads for p in w.ports if p.name in self.port_names}
        edges |= {p.target for s in self.cluster.services for p in s.ports if isinstance(p.target, int)}
        edges |= {p.number for e in self.cluster.endpoints for p in e.ports if p.number}
        edges |= {p.number for w in self.cluster.workloads for p in w.ports if p.host_port}
        numbers = sorted(e for e in edges if 1 <= e <= 65535)
        others: set[int] = set()
        for m in self.mentions:
            if isinstance(m, NumberedPorts) and m.low is not None and m.protocol is Protocol.OTHER:
                others |= {e for low, high in m.ports for e in (low - 1, low, high, high + 1) if e in EVERY_OTHER}
        told = [(Protocol.OTHER, n) for n in sorted(others)] or [(Protocol.OTHER, None)]
        return [(p, n) for p in Protocol if p is not Protocol.OTHER for n in numbers] + told

    # -------------------------------------------------------------------------------------------- ends
    @cached_property
    def namespaces(self) -> list[tuple[str, Labels]]:
        """Every namespace that can exist, with every set of labels it can have."""
        is_closed = self.universe is Universe.INVENTORY and not self.open_labels
        unknown = self._combinations(self.namespace_selectors, Name.NAMESPACE_LABEL)
        found = []
        for namespace in self.cluster.namespaces:
            maps = [namespace.labels] if namespace.is_declared or is_closed else unknown
            found += [(namespace.name, labels) for labels in maps]
        if self.universe is Universe.ANY:
            there = self.cluster.namespace_by_name
            names = {t for m in self.mentions if isinstance(m, str) for t in [m] if _DNS_LABEL.fullmatch(t)}
            if self.is_relational:
                names |= {v for w in self.cluster.workloads for v in w.labels.values() if _DNS_LABEL.fullmatch(v)}
                names |= {"fresh"}
            names = {n for n in names if self._tells_apart(n)} | set(NEW_NAMESPACES[: 1 if self.is_relational else 2])
            found += [(name, labels) for name in sorted(names - there.keys()) for labels in unknown]
        return [(n, Labels({**labels, NAMESPACE_NAME_LABEL: n})) for n, labels in found]

    def _tells_apart(self, name: str) -> bool:
        if self.is_relational:
            return True
        named = {m.name for m in self.mentions if isinstance(m, NamespaceNamed)}
        named |= {m.namespace for m in self.mentions if isinstance(m, OfWorkload)}
        tests = (m for m in self.mentions if isinstance(m, Test) and m.attribute.name is Name.NAMESPACE)
        named |= {name for test in tests if isinstance(test.meets, frozenset) for name in test.meets}
        named |= {v for s in self.namespace_selectors for r in s.requirements for v in r.values}
        return name in named | self.texts

    @cached_property
    def ends(self) -> list[End]:
        """One end of each sort, with its address; those an assumption rules out are left out."""
        found = [*self._declared(), *self._hypothetical(), *self._hosts()]
        found += [External(ip) for ip in self.addresses(~self.taken)]
        found = [end for end in found if self._is_assumed(end)]
        if self.is_relational:
            return found
        return list({self._signature(end): end for end in reversed(found)}.values())[::-1]

    def _is_assumed(self, end: End) -> bool:
        """However labels turn out that nobody knows."""
        return not isinstance(end, Pod) or any(map(self._keeps_assumptions, known_pods(end, self.pod_labels)))

    def _keeps_assumptions(self, end: End) -> bool:
        given = self.assumptions if isinstance(end, Pod) else ()
        return all(holds(a.condition, subject=end) for a in given if is_member(a.members, end))

    @cached_property
    def pod_labels(self) -> dict[str, set[str]]:
        """The values of pods' labels that something mentions, by key."""
        found: dict[str, set[str]] = {}
        for selector in self.pod_selectors:
            for requirement in selector.requirements:
                found.setdefault(requirement.key, set()).update(requirement.values)
        for term in self.terms:
            if term.name is Name.LABEL:
                found.setdefault(term.key, set()).update(self.texts)
        return found

    def _declared(self) -> Iterator[Pod]:
        for w in (made for workload in self.cluster.workloads for made in as_made(workload, self.pod_labels)):
            for name, labels in self.namespaces:
                if name == w.namespace:
                    addresses = w.ips or self.addresses(AddressSet.FULL if w.host_network else self.pods_lie_in)
                    for ip in addresses:
                        yield pod_of(w, labels, ip)

    def _hypothetical(self) -> Iterator[Pod]:
        if self.universe is Universe.INVENTORY:
            return
        accounts = {"default"}
        if any(t.name is Name.SERVICE_ACCOUNT for t in self.terms):
            accounts |= {t for t in self.texts if t} | {"fresh", "fresh-2"}
        labels = self._combinations(self.pod_selectors, Name.LABEL)
        for (name, own), mine, account, ip in product(
            self.namespaces, labels, sorted(accounts), self.addresses(self.pods_lie_in)
        ):
            yield Pod(name, own, mine, ip, account)

    @cached_property
    def supposed(self) -> list[Pod]:
        """The pods on their node's network that objects which are not modelled may make, at whatever address, or a
        node's where all nodes are known: outside the inventory their other pods are like any that is not there yet.
        Whether they are there nobody knows."""
        makers = [thing for thing in self.cluster.unmodelled if thing.adds_pods]
        if self.universe is Universe.INVENTORY or not makers:
            return []
        places = [(name, labels) for name, labels in self.namespaces if any(maker.reaches(name) for maker in makers)]
        labels = self._combinations(self.pod_selectors, Name.LABEL)
        of_nodes = AddressSet.singles(ip for node in self.cluster.nodes for ip in node.ips)
        are_known = self.profile.nodes_complete and bool(self.cluster.nodes)
        drawn = product(places, labels, self.addresses(of_nodes if are_known else AddressSet.FULL))
        found = (Pod(name, own, mine, ip, "default", host_network=True) for (name, own), mine, ip in drawn)
        return list({self._signature(pod): pod for pod in found if self._is_assumed(pod)}.values())

    def _hosts(self) -> Iterator[Host]:
        anywhere = self.addresses(~self._cluster_ips)
        for node in self.cluster.nodes:
            for ip in node.ips or anywhere:
                yield Host(node.name, node.labels, ip)
        are_known = bool(self.cluster.nodes) and self.profile.nodes_complete
        if self.universe is not Universe.INVENTORY and not are_known:
            for labels, ip in product(self._combinations(self.pod_selectors, Name.LABEL), anywhere):
                yield Host(None, labels, ip)

    @cached_property
    def _cluster_ips(self) -> AddressSet:
        """The addresses of Services within the cluster, but for those that a pod or a declared node has too."""
        inner = AddressSet.singles(
            ip for s in self.cluster.services if not s.reached_from_outside for ip in s.addresses
        )
        pods = (w for w in self.cluster.workloads if not w.host_network)
        return inner - AddressSet.singles(ip for owner in (*pods, *self.cluster.nodes) for ip in owner.ips)

    def _signature(self, end: End) -> tuple[object, ...]:
        """What the model can see of it, were it asked everything that is mentioned."""
        where: tuple[object, ...] = (type(end), self._blocks_of(end.ip))
        if isinstance(end, Pod) and not self._is_movable(end):
            where = (*where, end.ip)  # another pod of the same workload has another address
        if isinstance(end, External):
            return where
        labels = tuple(matches(s, end.labels) for s in self.pod_selectors)
        if isinstance(end, Host):
            return (*where, labels, end.name)
        compared = tuple(self._value(t, end) for t in self.terms)
        namespace = (
            end.namespace if end.namespace in self.cluster.namespace_by_name else self._tells_apart(end.namespace)
        )
        spaces = tuple(matches(s, end.namespace_labels) for s in self.namespace_selectors)
        name = end.namespace if self._tells_apart(end.namespace) or end.namespace in NEW_NAMESPACES else ""
        return (*where, labels, namespace, spaces, name, compared, end.workload, end.host_network, end.unknown)

    def _value(self, term: Attribute, pod: Pod) -> str | None:
        match term.name:
            case Name.NAMESPACE:
                return pod.namespace
            case Name.NAMESPACE_LABEL:
                return pod.namespace_labels.get(term.key)
            case Name.LABEL:
                return pod.labels.get(term.key)
            case Name.SERVICE_ACCOUNT:
                return pod.service_account
            case _:
                return None

    # -------------------------------------------------------------------------------------------- connections
    def pairs(self) -> Iterator[tuple[End, End]]:
        for src, given in product(self.ends, repeat=2):
            dst = given
            if isinstance(dst, Pod) and src.ip == dst.ip and self._is_movable(dst):
                dst = replace(dst, ip=self._twins.get(dst.ip, dst.ip))
            elif isinstance(src, Pod) and src.ip == dst.ip and self._is_movable(src):
                src = replace(src, ip=self._twins.get(src.ip, src.ip))
            if (src.ip.version == dst.ip.version or not self.blocks) and self._can_meet(src, dst):
                yield src, dst

    def _is_movable(self, pod: Pod) -> bool:
        """Nobody knows its address."""
        known = {w.id for w in self.cluster.workloads if w.ips}
        return pod.workload not in known and not pod.host_network

    def _can_meet(self, src: End, dst: End) -> bool:
        if not isinstance(src, Pod) and not isinstance(dst, Pod):
            return False
        if isinstance(src, Pod) and isinstance(dst, Pod):
            if src.namespace == dst.namespace and src.namespace_labels != dst.namespace_labels:
                return False
            if src.workload is not None and src.workload == dst.workload and src.workload in self._singles:
                return False
            if not dst.host_network and src.host_network and self._node_of(src) == self._node_of(dst) is not None:
                return False
        if isinstance(src, Host) and isinstance(dst, Pod) and src.name == self._node_of(dst) is not None:
            return dst.host_network
        on_host = [not isinstance(e, External) and (isinstance(e, Host) or e.host_network) for e in (src, dst)]
        return src.ip != dst.ip or all(on_host)

    def _node_of(self, pod: Pod) -> str | None:
        """The only node that the pods of its workload are on."""
        nodes = next((w.nodes for w in self.cluster.workloads if w.id == pod.workload), ())
        return nodes[0] if len(nodes) == 1 else None

    @cached_property
    def _singles(self) -> frozenset[str]:
        return frozenset(w.id for w in self.cluster.workloads if w.is_single)

    def connections(self) -> Iterator[Connection]:
        for src, dst in self.pairs():
            for protocol, port in self.sockets:
                for end in self._declaring(dst, protocol, port):
                    connection = opened(src, end, protocol, port)
                    yield connection
                    yield from self._by_way_of_services(connection)

    def _by_way_of_services(self, connection: Connection) -> Iterator[Connection]:
        """The connection as it is asked for by the addresses of Services that the claim has to be met at."""
        if self.claim.kind not in (Kind.EVERY, Kind.SOME):
            return
        for way in ways(self.cluster):
            is_named = any(isinstance(m, LedPort) and m.service == way.port.service for m in self.claim_parts)
            if is_named and way.address.version == connection.src.ip.version and leads_to(way.port, connection):
                yield replace(connection, through=Through(way.port.service, way.address, way.port.number))

    @cached_property
    def claim_parts(self) -> tuple[object, ...]:
        return tuple(parts(self.claim))

    def _declaring(self, dst: End, protocol: Protocol, port: int | None) -> Iterator[End]:
        """A pod not there yet may give any of the names to the port."""
        if not isinstance(dst, Pod) or dst.workload is not None or port is None:
            yield dst
            return
        for size in range(len(self.port_names) + 1):
            for names in combinations(self.port_names, size):
                yield replace(dst, ports=tuple(ContainerPort(name, port, protocol) for name in names))

    @cached_property
    def moments(self) -> list[Moment]:
        """The connections that the claim speaks of, decided."""
        found = []
        for connection in self.connections():
            allowed = self.allowed(connection)
            if allowed - {None}:
                found.append(Moment(connection, allowed))
        return found

    def allowed(self, connection: Connection) -> frozenset[bool | None]:
        found: set[bool | None] = set()
        for one in known(connection, self.pod_labels):
            if not (self._keeps_assumptions(one.src) and self._keeps_assumptions(one.dst)):
                continue
            if is_in_scope(self.claim, one, self.profile):
                found |= {decision.allowed for decision in outcomes(self.cluster, self.profile, one)}
            else:
                found.add(None)
        return frozenset(found)

    @cached_property
    def unisolated(self) -> list[Pod]:
        """The pods that refute the claim however the open facts turn out."""
        return [p for p, found in self._isolations if found == {True}]

    @cached_property
    def maybe_unisolated(self) -> list[Pod]:
        may_be = [p for p in self.supposed if True in self._unisolated(p)]
        return [*may_be, *(p for p, found in self._isolations if True in found)]

    @cached_property
    def _isolations(self) -> list[tuple[Pod, frozenset[bool]]]:
        return [(pod, self._unisolated(pod)) for pod in self.ends if isinstance(pod, Pod) and self._is_spoken_of(pod)]

    def _unisolated(self, pod: Pod) -> frozenset[bool]:
        found = [one for one in known_pods(pod, self.pod_labels) if self._keeps_assumptions(one)]
        each = (isolation_outcomes(self.claim, one, self.cluster, self.profile) for one in found)
        return frozenset().union(*each)

    @property
    def subjects(self) -> list[Pod]:
        return [end for end in (*self.ends, *self.supposed) if isinstance(end, Pod) and self._is_spoken_of(end)]

    def _is_spoken_of(self, pod: Pod) -> bool:
        """As its labels may turn out that nobody knows."""
        return any(
            is_pod_in_scope(self.claim, one) for one in known_pods(pod, self.pod_labels) if self._keeps_assumptions(one)
        )

    # -------------------------------------------------------------------------------------------- emptiness
    @property
    def sources(self) -> list[End]:
        return [end for end in self.ends if self._is_in(self.claim.sources, end)]

    def _is_in(self, members: Formula, end: End) -> bool:
        """As its labels may turn out that nobody knows."""
        if isinstance(end, Pod):
            return any(is_member(members, one) for one in known_pods(end, self.pod_labels))
        return is_member(members, end)

    def is_spoken_of(self, src: End, dst: End) -> bool:
        """Whether the end is in the set whose connections an `only` claim limits."""
        claim = self.claim
        if claim.kind is Kind.ONLY:
            return claim.destinations is None or self._is_in(claim.destinations, dst)
        return claim.kind is not Kind.REACHES_ONLY or self._is_in(claim.sources, src)

    def has_destination(self) -> bool:
        """Some end of the set has one of the ports."""
        destinations = self.claim.destinations or ANYTHING
        anyone = {4: External(ip_address("0.0.0.0")), 6: External(ip_address("::"))}
        return any(
            on_ports(self.claim.ports, opened(anyone[end.ip.version], end, protocol, port), self.profile)
            for member in self.ends
            if self._is_in(destinations, member)
            for protocol, port in self.sockets
            for end in self._declaring(member, protocol, port)
        )
