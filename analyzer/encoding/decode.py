"""From a solver's model to a concrete connection; `embed` leads back.

`decode` lives beside the encoding that gave the symbols their meaning; `embed` is its inverse on concrete connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from analyzer.encoding.asked_for import request_in
from analyzer.encoding.classes import EndClass
from analyzer.encoding.domains import ABSENT
from analyzer.encoding.namespace_names import fresh_name
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.obligation import Obligation
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import TUNNEL
from analyzer.encoding.variables import PROTOCOL_CODES, Attribute, Variable, Which
from analyzer.model.cluster import ContainerKind, ContainerPort
from analyzer.model.endpoints import Connection, End, External, Host, Pod, Through, pod_of
from analyzer.model.formulas import Role
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
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
    number = model.of(Role.CONNECTION, Attribute.NUMBER) if protocol is Protocol.OTHER else 0
    return Connection(src, dst, protocol, port, model.through(), request, number or None)


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
        in_tunnel = self._named(Attribute.TUNNEL_NAME, TUNNEL.protocol, TUNNEL.port)
        return tuple(dict.fromkeys((*self._named(Attribute.PORT_NAME, protocol, port), *in_tunnel)))

    def _named(self, attribute: Attribute, protocol: Protocol, port: int) -> tuple[ContainerPort, ...]:
        found: dict[str, ContainerPort] = {}
        asked: set[str] = set()
        for wanted in self.scope.port_names:  # from narrow to wide
            if wanted.protocol is not protocol:
                continue
            if self.of(Role.DST, attribute, wanted) and wanted.name not in found:
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
