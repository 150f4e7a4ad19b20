"""From a solver's model to a concrete connection, and back.

`decode` lives beside the encoding that gave the symbols their meaning; `embed` is its inverse on concrete connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from analyzer.encoding.asked_for import Its, embedded, request_in
from analyzer.encoding.classes import EndClass, declares, mentioned_values
from analyzer.encoding.domains import ABSENT, Attr, Domain
from analyzer.encoding.namespace_names import fresh_name
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.obligation import Obligation
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.scope import Role, Scope
from analyzer.encoding.variables import PROTOCOL_CODES, Attribute, Variable, Which
from analyzer.encoding.vocabulary import PortName
from analyzer.model.added_labels import Varying, unknown_under
from analyzer.model.cluster import ContainerKind, ContainerPort, Workload
from analyzer.model.endpoints import Connection, End, External, Host, Pod, Through, pod_of
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import NamedPortScope
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress

Values = Mapping[str, int]
_PROTOCOLS = {code: protocol for protocol, code in PROTOCOL_CODES.items()}


def decode(obligation: Obligation, values: Values) -> Connection:
    """The connection a model stands for.  `values` maps symbols to integers (booleans 0 or 1)."""
    model = _Model(obligation, values)
    protocol = model.protocol
    port = None if protocol is Protocol.OTHER else model.of(Role.CONNECTION, Attribute.PORT) or 1
    which = model.other_member()
    version = model.common_version(which)
    src = model.end(Role.SRC, protocol, None, version=version)
    dst = model.end(Role.DST, protocol, port, which, version, src.ip)
    request = request_in(obligation.scope, obligation.variables, values)
    return Connection(src, dst, protocol, port, model.through(), request)


def decode_end(
    obligation: Obligation,
    values: Values,
    role: Role = Role.SRC,
    protocol: Protocol = Protocol.TCP,
    port: int | None = None,
    version: int = 4,
) -> End:
    """One end of the connection; for `is isolated` the only one.  `version`: the family wished for, for when no rule
    looks at addresses."""
    return _Model(obligation, values).end(role, protocol, port, version=version)


class _Model:
    """The values of an obligation's variables."""

    def __init__(self, obligation: Obligation, values: Values) -> None:
        self.obligation, self.scope, self.values = obligation, obligation.scope, values

    def of(self, role: Role, attribute: Attribute, which: Which = "", default: int = 0) -> int:
        variable = self.obligation.variables.find(role, attribute, which)
        return default if variable is None else self.values.get(variable.symbol, default)

    def strings(self, role: Role, attribute: Attribute) -> dict[str, str]:
        """The strings that codes stand for, by key; without those that are absent."""
        found = ((row, _value(row, self.values)) for row in self.obligation.variables.of(role, attribute))
        return {str(row.which): value for row, value in found if value is not None}

    @property
    def protocol(self) -> Protocol:
        return _PROTOCOLS[self.of(Role.CONNECTION, Attribute.PROTOCOL)]

    def through(self) -> Through | None:
        chosen = self.of(Role.CONNECTION, Attribute.WAY)
        if not chosen:
            return None
        way = self.scope.ways[chosen - 1]
        return Through(way.port.service, way.address, way.port.number)

    def member(self, role: Role) -> EndClass | None:
        chosen = self.of(role, Attribute.MEMBER)
        return self.obligation.classes[chosen - 1] if chosen else None

    def kind(self, role: Role) -> str:
        kinds = self.scope.reach(role).kinds
        if len(kinds) == 1:
            return next(iter(kinds))
        if self.of(role, Attribute.IS_POD):
            return POD
        return HOST if self.of(role, Attribute.IS_NODE) else EXTERNAL

    def other_member(self) -> int:
        """Which member of its class the destination is: not the single pod that the source is already."""
        member = self.member(Role.DST)
        if member is None or self.member(Role.SRC) is not member:
            return 0
        return 1 if len(member.members) > 1 and member.members[0].is_single else 0

    def common_version(self, which: int) -> int:
        """A family that both ends have, where no rule looks at addresses."""
        pods = self.scope.pod_addresses
        found = {4, 6}
        for role, place in ((Role.SRC, 0), (Role.DST, which)):
            known = self.known_addresses(role, place)
            if known:
                found &= {ip.version for ip in known}
            elif self.kind(role) == POD:
                found &= {version for version in (4, 6) if pods.family(version)}
        return min(found, default=4)

    def known_addresses(self, role: Role, which: int) -> tuple[IPAddress, ...]:
        member = self.member(role)
        if member is None:
            return ()
        if member.node is not None:
            return member.node.ips
        return member.members[which].ips if member.members else ()

    def end(
        self,
        role: Role,
        protocol: Protocol,
        port: int | None,
        which: int = 0,
        version: int = 4,
        peer: IPAddress | None = None,
    ) -> End:
        """`which` member it is of a class of workloads.  `version`, `peer`: the family wished for, and the address of
        the other end, for when no rule looks at addresses."""
        kind, member = self.kind(role), self.member(role)
        if self.scope.needs_addresses:
            is_known = kind == EXTERNAL or (member is not None and member.addresses is not None)
            address = self.address(role, is_known=is_known)
        else:
            address = _any_address(self.scope, role, kind, self.known_addresses(role, which), version, peer)
        if kind == EXTERNAL:
            return External(address)
        labels = Labels(self.strings(role, Attribute.LABEL))
        if kind == HOST:
            if member is not None and member.node is not None:
                return Host(member.node.name, member.node.labels, address)
            return Host(None, labels, address)
        namespace, namespace_labels = self.namespace(role)
        if member is not None and member.maker is None:
            return pod_of(member.members[which], namespace_labels, address)
        maker = member.maker if member is not None else None
        account = self.obligation.variables.find(role, Attribute.ACCOUNT)
        return Pod(
            namespace=namespace,
            namespace_labels=namespace_labels,
            labels=labels,
            ip=address,
            service_account=(account and _value(account, self.values, 1)) or "default",
            ports=self.declared(protocol, port) if role is Role.DST and port is not None else (),
            host_network=member is not None and member.host_network,
            workload=None if maker is None else f"{namespace}/{maker.name}[{maker.kind}]",
            maker="" if maker is None else maker.id,
        )

    def declared(self, protocol: Protocol, port: int) -> tuple[ContainerPort, ...]:
        """What a pod declares so that each name is found in the containers that it is found in, and in no others."""
        found: dict[str, ContainerPort] = {}
        asked: set[str] = set()
        for wanted in self.scope.port_names:  # from narrow to wide
            if wanted.protocol is not protocol:
                continue
            if self.of(Role.DST, Attribute.PORT_NAME, wanted) and wanted.name not in found:
                is_elsewhere = wanted.name in asked  # not where a narrower look would find it
                kind = _ADDED[wanted.scope] if is_elsewhere else ContainerKind.CONTAINER
                found[wanted.name] = ContainerPort(wanted.name, port, protocol, kind)
            asked.add(wanted.name)
        return tuple(found.values())

    def namespace(self, role: Role) -> tuple[str, Labels]:
        code = self.of(role, Attribute.NAMESPACE)
        entry = self.scope.table.entries[code]
        if entry.standing is Standing.KNOWN and entry.name is not None:
            return entry.name, entry.labels
        name = entry.name or fresh_name(self.scope, code)
        is_new = entry.standing is Standing.FUTURE
        labels = self.strings(role, Attribute.NEW_NAMESPACE_LABEL if is_new else Attribute.NAMESPACE_LABEL)
        return name, Labels({NAMESPACE_NAME_LABEL: name, **labels})

    def address(self, role: Role, *, is_known: bool) -> IPAddress:
        """What the model says; rules look at addresses."""
        version = 6 if self.of(Role.CONNECTION, Attribute.FAMILY) else 4
        value = self.of(role, Attribute.KNOWN_ADDRESS if is_known else Attribute.UNKNOWN_ADDRESS, version)
        return ip_address(value.to_bytes(4 if version == 4 else 16, "big"))


_ADDED = {NamedPortScope.SIDECARS: ContainerKind.SIDECAR, NamedPortScope.ALL: ContainerKind.INIT}


def _value(row: Variable, values: Values, default: int = ABSENT) -> str | None:
    assert row.domain is not None
    return row.domain.value(values.get(row.symbol, default))


def _any_address(
    scope: Scope, role: Role, kind: str, known: tuple[IPAddress, ...], version: int, peer: IPAddress | None
) -> IPAddress:
    """No rule looks at addresses: any of the family will do, but not the peer's own where there is another."""
    if known:
        return min(known, key=lambda ip: (ip.version != version, ip == peer))
    if kind != POD:
        prefix = {
            (EXTERNAL, 4): "198.51.100.",
            (EXTERNAL, 6): "2001:db8::",
            (HOST, 4): "192.0.2.",
            (HOST, 6): "2001:db8:1::",
        }
        return ip_address(f"{prefix[kind, version]}{1 if role is Role.SRC else 2}")
    family = version if scope.pod_addresses.family(version) else 10 - version
    low = scope.pod_addresses.family(family)[0][0]
    offset = 11 if role is Role.SRC else 12
    return ip_address((low + offset).to_bytes(4 if family == 4 else 16, "big"))


# ------------------------------------------------------------------------------------------------ and back
def embed(obligation: Obligation, connection: Connection, its: Its | None = None) -> dict[str, int] | None:
    """The symbols' values for a concrete connection, of those that say something of it; None if an end is outside the
    obligation's universe.  `its`: its request by the attributes that a proxy sees."""
    ends = {Role.SRC: connection.src, Role.DST: connection.dst}
    placed = _placed(obligation, ends)
    if placed is None:
        return None
    values: dict[str, int] = {}
    for row in obligation.variables.of(Role.CONNECTION):
        value = _of_connection(row, connection, obligation)
        if value is not None:
            values[row.symbol] = value
    for place in placed:
        values |= place.values(connection)
    if its is not None:
        values |= embedded(obligation.scope, obligation.variables, its)
    return values


def embed_end(obligation: Obligation, end: End, role: Role = Role.SRC) -> dict[str, int] | None:
    """The same for one end alone."""
    placed = _placed(obligation, {role: end})
    return None if placed is None else placed[0].values(None)


def _of_connection(row: Variable, connection: Connection, obligation: Obligation) -> int | None:
    match row.attribute:
        case Attribute.PROTOCOL:
            return PROTOCOL_CODES[connection.protocol]
        case Attribute.PORT:
            return connection.port or 0
        case Attribute.FAMILY:
            return int(connection.src.ip.version == 6)
        case _:
            return _way(connection, obligation)


def _way(connection: Connection, obligation: Obligation) -> int | None:
    """The number of the way that the client asks for; None where several numbers stand for it."""
    through = connection.through
    if through is None:
        return 0
    asked = (through.service, through.address, through.number, connection.protocol)
    ways = ((number, obligation.scope.ways[number - 1]) for number in obligation.scope.through)
    found = [n for n, w in ways if (w.port.service, w.address, w.port.number, w.port.protocol) == asked]
    return found[0] if len(found) == 1 else None


class _Coder:
    """Codes for concrete values: different unmentioned values of compared attributes get different fresh codes."""

    def __init__(self, scope: Scope, ends: Iterable[End]) -> None:
        self._fresh: dict[int, dict[str, int]] = {}
        name, pods = Attr("name"), [end for end in ends if isinstance(end, Pod)]
        self.namespaces = _namespace_codes(scope, pods)
        for end in pods:  # a new namespace's name has a code of its own
            code = self.namespaces[end.namespace]
            if name in scope.domains and code is not None and scope.table.entries[code].name is None:
                domain = scope.domains[name]
                index = sum(1 for e in scope.table.entries[:code] if e.name is None)
                self._fresh.setdefault(id(domain), {})[end.namespace] = len(domain.values) + 1 + index

    def code(self, domain: Domain, value: str | None) -> int:
        if value is None or value in domain.codes:
            return domain.code(value)
        taken = self._fresh.setdefault(id(domain), {})
        alike = domain.alike(value)
        return taken.setdefault(value, next((c for c in alike if c not in taken.values()), alike[-1]))


@dataclass(frozen=True, slots=True)
class _Place:
    """An end with its place in the obligation's universe: its kind, the codes of its namespace and of its class."""

    obligation: Obligation
    role: Role
    end: End
    kind: str
    namespace: int
    member: int
    coder: _Coder

    def values(self, connection: Connection | None) -> dict[str, int]:
        found = ((row.symbol, self._value(row, connection)) for row in self.obligation.variables.of(self.role))
        return {symbol: value for symbol, value in found if value is not None}

    def _value(self, row: Variable, connection: Connection | None) -> int | None:
        """None where the variable says nothing of the end, or nobody asks."""
        match row.attribute:
            case Attribute.IS_POD:
                return int(self.kind == POD)
            case Attribute.IS_NODE:
                return int(self.kind == HOST)
            case Attribute.NAMESPACE:
                return self.namespace
            case Attribute.MEMBER:
                return self.member
            case Attribute.KNOWN_ADDRESS | Attribute.UNKNOWN_ADDRESS:
                is_asked = row.which == self.end.ip.version and self._is_address_known == (not row.is_open)
                return int(self.end.ip) if is_asked else None
            case Attribute.LABEL:
                return self._label(row)
            case _ if isinstance(self.end, Pod):
                return self._of_pod(row, self.end, connection)
            case _:
                return None

    @property
    def _is_address_known(self) -> bool:
        if self.kind == EXTERNAL:
            return True
        return self.member > 0 and self.obligation.classes[self.member - 1].addresses is not None

    def _label(self, row: Variable) -> int | None:
        key = str(row.which)
        hidden = next((v for v in _unknown(self.end, key) if key in v.all_keys), None)
        if hidden is None:
            labels = self.end.labels if not isinstance(self.end, External) else Labels()
            return self._code(row, labels.get(key))
        if self.member:
            return None
        # Like a pod of which it is known, with one of the values that it may have.
        mentioned, _ = mentioned_values(self.obligation.scope)
        return self._code(row, dict(hidden.options(mentioned)[-1].labels).get(key))

    def _of_pod(self, row: Variable, pod: Pod, connection: Connection | None) -> int | None:
        is_new = self.obligation.scope.table.entries[self.namespace].standing is Standing.FUTURE
        match row.attribute:
            case Attribute.ACCOUNT:
                return self._code(row, pod.service_account)
            case Attribute.NAMESPACE_LABEL if not is_new:
                return self._code(row, pod.namespace_labels.get(str(row.which)))
            case Attribute.NEW_NAMESPACE_LABEL if is_new:
                return self._code(row, pod.namespace_labels.get(str(row.which)))
            case Attribute.PORT_NAME if connection is not None and isinstance(row.which, PortName):
                return int(connection.port is not None and connection.port in declares(pod.ports, row.which))
            case _:
                return None

    def _code(self, row: Variable, value: str | None) -> int:
        assert row.domain is not None
        return self.coder.code(row.domain, value)


def _placed(obligation: Obligation, ends: Mapping[Role, End]) -> list[_Place] | None:
    scope, found = obligation.scope, []
    coder = _Coder(scope, ends.values())
    for role, end in ends.items():
        kind, reach = {Pod: POD, Host: HOST, External: EXTERNAL}[type(end)], scope.reach(role)
        code = coder.namespaces[end.namespace] if isinstance(end, Pod) else scope.table.none
        if kind not in reach.kinds or code is None or (kind == POD and code not in reach.namespaces):
            return None
        found.append(_Place(obligation, role, end, kind, code, _class_of(obligation, end), coder))
    return found


def _namespace_codes(scope: Scope, pods: Iterable[Pod]) -> dict[str, int | None]:
    """By name; namespaces that nothing mentions are different fresh ones, None where there are no more of those."""
    names = dict.fromkeys(pod.namespace for pod in pods)
    found = {name: scope.table.code(name) for name in names}
    fresh = [c for c in sorted(scope.table.every) if scope.table.entries[c].name is None]
    own = {fresh_name(scope, c): c for c in fresh}
    found |= {name: own[name] for name in names if name in own}
    free = iter([c for c in fresh if c not in found.values()])
    return {name: next(free, None) if code is None else code for name, code in found.items()}


def _class_of(obligation: Obligation, end: End) -> int:
    if isinstance(end, Pod) and end.maker:
        return _supposed_class(obligation, end)
    name = None if isinstance(end, External) else end.name if isinstance(end, Host) else end.workload
    for code in obligation.class_codes.get(name, ()) if name is not None else ():
        c = obligation.classes[code - 1]
        if isinstance(end, Host) and c.node is not None and (c.node.name, c.node.labels) == (end.name, end.labels):
            return code
        is_like = isinstance(end, Pod) and _has_labels(obligation.scope, c, end)
        if is_like and any(_is_pod_of(end, w) for w in c.members if w.owner == name):
            return code
    return 0


def _supposed_class(obligation: Obligation, pod: Pod) -> int:
    for code in sorted(obligation.supposed):
        c = obligation.classes[code - 1]
        if c.maker is not None and (c.maker.id, c.host_network) == (pod.maker, pod.host_network):
            return code
    return 0


def _has_labels(scope: Scope, c: EndClass, pod: Pod) -> bool:
    """Whether the pod has the labels of the class, as far as the question tells values apart."""
    domains = ((attr, scope.domains[attr], value) for attr, value in c.values if attr.kind == "pod")
    return all(domain.code(pod.labels.get(attr.key)) == value for attr, domain, value in domains)


def _unknown(end: End, key: str) -> tuple[Varying, ...]:
    return unknown_under((key,), end.unknown) if isinstance(end, Pod) else ()


def _is_pod_of(pod: End, workload: Workload) -> bool:
    """By more than its id, which two revisions may give to workloads that differ."""
    return (
        isinstance(pod, Pod)
        and (
            (pod.workload, pod.host_network, pod.service_account, pod.ports, pod.unknown)
            == (
                workload.owner,
                workload.host_network,
                workload.service_account,
                workload.ports,
                workload.unknown_labels,
            )
        )
        and (not workload.ips or pod.ip in workload.ips)
    )
