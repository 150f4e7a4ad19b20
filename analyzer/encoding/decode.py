"""From a solver's model to a concrete connection, and back.

`decode` lives beside the encoding that gave the symbols their meaning; `embed` is its inverse on concrete connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from analyzer.encoding.classes import EndClass, declares, mentioned_values
from analyzer.encoding.domains import ABSENT, Attr
from analyzer.encoding.ends import PROTOCOL_CODES
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.obligation import Obligation
from analyzer.encoding.rules import THROUGH
from analyzer.encoding.scope import EXTERNAL, HOST, POD, Scope
from analyzer.model.added_labels import Varying
from analyzer.model.cluster import ContainerKind, ContainerPort, Workload
from analyzer.model.endpoints import Connection, End, External, Host, Pod, Through, pod_of
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import NamedPortScope
from analyzer.sets.addresses import IPAddress

Values = Mapping[str, int]
_PROTOCOLS = {code: protocol for protocol, code in PROTOCOL_CODES.items()}


def decode(obligation: Obligation, values: Values) -> Connection:
    """The connection a model stands for.  `values` maps symbols to integers (booleans 0 or 1)."""
    protocol = _PROTOCOLS[values.get("proto", 0)]
    port = None if protocol is Protocol.OTHER else values.get("port", 0) or 1
    which = _other_member(obligation, values)
    version = _common_version(obligation, values, which)
    src = decode_end(obligation, values, "s", protocol, None, version=version)
    dst = decode_end(obligation, values, "d", protocol, port, which, version, src.ip)
    return Connection(src, dst, protocol, port, _through(obligation, values))


def _through(obligation: Obligation, values: Values) -> Through | None:
    chosen = values.get(THROUGH, 0)
    if not chosen:
        return None
    way = obligation.scope.ways[chosen - 1]
    return Through(way.port.service, way.address, way.port.number)


def _way(connection: Connection, obligation: Obligation) -> dict[str, int]:
    """The symbol's value for what the client asks for; none where several numbers stand for it."""
    through = connection.through
    if through is None:
        return {THROUGH: 0}
    asked = (through.service, through.address, through.number, connection.protocol)
    ways = ((number, obligation.scope.ways[number - 1]) for number in obligation.scope.through)
    found = [n for n, w in ways if (w.port.service, w.address, w.port.number, w.port.protocol) == asked]
    return {THROUGH: found[0]} if len(found) == 1 else {}


def _common_version(obligation: Obligation, values: Values, which: int) -> int:
    """A family that both ends have, where no rule looks at addresses."""
    pods = obligation.scope.pod_addresses
    found = {4, 6}
    for letter, place in (("s", 0), ("d", which)):
        known = _known_addresses(obligation, values, letter, place)
        if known:
            found &= {ip.version for ip in known}
        elif _kind(obligation, values, letter) == POD:
            found &= {version for version in (4, 6) if pods.family(version)}
    return min(found, default=4)


def _known_addresses(obligation: Obligation, values: Values, letter: str, which: int) -> tuple[IPAddress, ...]:
    chosen = values.get(f"{letter}.w", 0)
    if not chosen:
        return ()
    member = obligation.classes[chosen - 1]
    if member.node is not None:
        return member.node.ips
    return member.members[which].ips if member.members else ()


def _other_member(obligation: Obligation, values: Values) -> int:
    """Which member of its class the destination is: not the single pod that the source is already."""
    chosen = values.get("d.w", 0)
    if not chosen or values.get("s.w", 0) != chosen:
        return 0
    members = obligation.classes[chosen - 1].members
    return 1 if len(members) > 1 and members[0].is_single else 0


def decode_end(
    obligation: Obligation,
    values: Values,
    letter: str,
    protocol: Protocol = Protocol.TCP,
    port: int | None = None,
    which: int = 0,
    version: int = 4,
    peer: IPAddress | None = None,
) -> End:
    """One end of the connection; for `is isolated` the only one.

    `which` member it is of a class of workloads.  `version`, `peer`: the family wished for, and the address of the
    other end, for when no rule looks at addresses.
    """
    scope = obligation.scope
    kind = _kind(obligation, values, letter)
    chosen = values.get(f"{letter}.w", 0)
    member = obligation.classes[chosen - 1] if chosen else None
    if scope.needs_addresses:
        address = _address(obligation, values, letter, kind, member)
    else:
        known = _known_addresses(obligation, values, letter, which)
        address = _any_address(scope, letter, kind, known, version, peer)
    if kind == EXTERNAL:
        return External(address)
    if kind == HOST:
        if member is not None and member.node is not None:
            return Host(member.node.name, member.node.labels, address)
        return Host(None, Labels(_labels(scope, values, letter)), address)
    namespace, namespace_labels = _namespace(obligation, values, letter)
    if member is not None and member.maker is None:
        return pod_of(member.members[which], namespace_labels, address)
    maker = member.maker if member is not None else None
    account = Attr("sa")
    return Pod(
        namespace=namespace,
        namespace_labels=namespace_labels,
        labels=Labels(_labels(scope, values, letter)),
        ip=address,
        service_account=(
            scope.domains[account].value(values.get(f"{letter}.sa", 1)) or "default"
            if account in scope.domains
            else "default"
        ),
        ports=_declared(scope, values, protocol, port) if letter == "d" and port is not None else (),
        host_network=member is not None and member.host_network,
        workload=None if maker is None else f"{namespace}/{maker.name}[{maker.kind}]",
        maker="" if maker is None else maker.id,
    )


def _declared(scope: Scope, values: Values, protocol: Protocol, port: int) -> tuple[ContainerPort, ...]:
    """What a pod declares so that each name is found in the containers that it is found in, and in no others."""
    found: dict[str, ContainerPort] = {}
    asked: set[str] = set()
    for i, (name, offered, where) in enumerate(scope.port_names):  # from narrow to wide
        if offered is protocol and values.get(f"d.p.{i}") and name not in found:
            is_elsewhere = name in asked  # not where a narrower look would find it
            kind = _ADDED[where] if is_elsewhere else ContainerKind.CONTAINER
            found[name] = ContainerPort(name, port, offered, kind)
        if offered is protocol:
            asked.add(name)
    return tuple(found.values())


_ADDED = {NamedPortScope.SIDECARS: ContainerKind.SIDECAR, NamedPortScope.ALL: ContainerKind.INIT}


def _kind(obligation: Obligation, values: Values, letter: str) -> str:
    kinds = (obligation.scope.src if letter == "s" else obligation.scope.dst).kinds
    if len(kinds) == 1:
        return next(iter(kinds))
    if values.get(f"{letter}.pod"):
        return POD
    return HOST if values.get(f"{letter}.host") else EXTERNAL


def _labels(scope: Scope, values: Values, letter: str) -> dict[str, str]:
    found = {}
    for i, attr in enumerate(a for a in scope.domains if a.kind == "pod"):
        value = scope.domains[attr].value(values.get(f"{letter}.l.{i}", ABSENT))
        if value is not None:
            found[attr.key] = value
    return found


def _namespace(obligation: Obligation, values: Values, letter: str) -> tuple[str, Labels]:
    scope = obligation.scope
    code = values[f"{letter}.ns"]
    entry = scope.table.entries[code]
    if entry.standing is Standing.KNOWN and entry.name is not None:
        return entry.name, entry.labels
    name = entry.name or fresh_name(scope, code)
    labels = {NAMESPACE_NAME_LABEL: name}
    prefix = "fl" if entry.standing is Standing.FUTURE else "nl"
    for i, attr in enumerate(a for a in scope.domains if a.kind == "ns"):
        value = scope.domains[attr].value(values.get(f"{letter}.{prefix}.{i}", ABSENT))
        if value is not None:
            labels[attr.key] = value
    return name, Labels(labels)


def fresh_name(scope: Scope, code: int) -> str:
    """A name for a namespace that nothing mentions: `new-namespace`, then `new-namespace-2`."""
    table, name = scope.table, Attr("name")
    index = sum(1 for e in table.entries[:code] if e.name is None)
    if name in scope.domains:  # compared with labels: the value it stands for there
        domain = scope.domains[name]
        return domain.value(len(domain.values) + 1 + index) or ""
    text = "new-namespace" if index == 0 else f"new-namespace-{index + 1}"
    while table.code(text) is not None:
        text = f"x-{text}"
    return text


def _address(obligation: Obligation, values: Values, letter: str, kind: str, member: EndClass | None) -> IPAddress:
    """What the model says; rules look at addresses."""
    version = 6 if values.get("v6") else 4
    known = kind == EXTERNAL or (member is not None and member.addresses is not None)
    value = values.get(f"{letter}.{'x' if known else 'u'}{version}", 0)
    return ip_address(value.to_bytes(4 if version == 4 else 16, "big"))


def _any_address(
    scope: Scope, letter: str, kind: str, known: tuple[IPAddress, ...], version: int, peer: IPAddress | None
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
        return ip_address(f"{prefix[kind, version]}{1 if letter == 's' else 2}")
    family = version if scope.pod_addresses.family(version) else 10 - version
    low = scope.pod_addresses.family(family)[0][0]
    offset = 11 if letter == "s" else 12
    return ip_address((low + offset).to_bytes(4 if family == 4 else 16, "big"))


# ------------------------------------------------------------------------------------------------ and back
def embed(obligation: Obligation, connection: Connection) -> dict[str, int] | None:
    """The symbols' values for a concrete connection; None if an end is outside the obligation's universe."""
    values: dict[str, int] = {
        "proto": PROTOCOL_CODES[connection.protocol],
        "port": connection.port or 0,
        "v6": int(connection.src.ip.version == 6),
        **_way(connection, obligation),
    }
    ends = (("s", connection.src), ("d", connection.dst))
    coder = _Coder(obligation.scope, [end for _, end in ends])
    for letter, end in ends:
        found = _embed_end(obligation, letter, end, connection, coder)
        if found is None:
            return None
        values |= found
    return {symbol: value for symbol, value in values.items() if symbol in obligation.symbols}


def embed_end(obligation: Obligation, end: End, letter: str = "s") -> dict[str, int] | None:
    """The same for one end alone."""
    found = _embed_end(obligation, letter, end, None, _Coder(obligation.scope, [end]))
    return None if found is None else {s: v for s, v in found.items() if s in obligation.symbols}


class _Coder:
    """Codes for concrete values: different unmentioned values of compared attributes get different fresh codes."""

    def __init__(self, scope: Scope, ends: Iterable[End]) -> None:
        self._domains = scope.domains
        self._fresh: dict[int, dict[str, int]] = {}
        name, pods = Attr("name"), [end for end in ends if isinstance(end, Pod)]
        self.namespaces = _namespace_codes(scope, pods)
        for end in pods:  # a new namespace's name has a code of its own
            code = self.namespaces[end.namespace]
            if name in self._domains and code is not None and scope.table.entries[code].name is None:
                domain = self._domains[name]
                index = sum(1 for e in scope.table.entries[:code] if e.name is None)
                self._fresh.setdefault(id(domain), {})[end.namespace] = len(domain.values) + 1 + index

    def code(self, attr: Attr, value: str | None) -> int:
        domain = self._domains[attr]
        if value is None or value in domain.codes:
            return domain.code(value)
        taken = self._fresh.setdefault(id(domain), {})
        free = (c for c in range(len(domain.values) + 1, domain.size) if c not in taken.values())
        return taken.setdefault(value, next(free, domain.size - 1))


def _embed_end(
    obligation: Obligation, letter: str, end: End, connection: Connection | None, coder: _Coder
) -> dict[str, int] | None:
    scope = obligation.scope
    reach = scope.src if letter == "s" else scope.dst
    kind = {Pod: POD, Host: HOST, External: EXTERNAL}[type(end)]
    if kind not in reach.kinds:
        return None
    chosen = _class_of(obligation, end)
    values = {f"{letter}.pod": int(kind == POD), f"{letter}.host": int(kind == HOST), f"{letter}.w": chosen}
    values[f"{letter}.ns"] = scope.table.none
    known = kind == EXTERNAL or (chosen > 0 and obligation.classes[chosen - 1].addresses is not None)
    values[f"{letter}.{'x' if known else 'u'}{end.ip.version}"] = int(end.ip)
    labels = end.labels if not isinstance(end, External) else Labels()
    hidden = {key: varying for varying in _unknown(end) for key in varying.all_keys}
    mentioned, _ = mentioned_values(scope)
    for i, attr in enumerate(a for a in scope.domains if a.kind == "pod"):
        if attr.key not in hidden:
            values[f"{letter}.l.{i}"] = coder.code(attr, labels.get(attr.key))
        elif not chosen:  # like a pod of which it is known, with one of the values that it may have
            some = dict(hidden[attr.key].options(mentioned)[-1].labels)
            values[f"{letter}.l.{i}"] = coder.code(attr, some.get(attr.key))
    if not isinstance(end, Pod):
        return values
    code = coder.namespaces[end.namespace]
    if code is None or code not in reach.namespaces:
        return None
    values[f"{letter}.ns"] = code
    account = Attr("sa")
    if account in scope.domains:
        values[f"{letter}.sa"] = coder.code(account, end.service_account)
    prefix = "fl" if scope.table.entries[code].standing is Standing.FUTURE else "nl"
    for i, attr in enumerate(a for a in scope.domains if a.kind == "ns"):
        values[f"{letter}.{prefix}.{i}"] = coder.code(attr, end.namespace_labels.get(attr.key))
    if letter == "d" and connection is not None:
        for i, wanted in enumerate(scope.port_names):
            numbers = declares(end.ports, wanted)
            values[f"d.p.{i}"] = int(connection.port is not None and connection.port in numbers)
    return values


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


def _unknown(end: End) -> tuple[Varying, ...]:
    return end.unknown if isinstance(end, Pod) else ()


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
