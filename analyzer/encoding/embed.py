"""The symbols' values for a connection: the way back from decoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.encoding.asked_for import Its, embedded
from analyzer.encoding.classes import EndClass, declares, mentioned_values
from analyzer.encoding.domains import Attr, Domain
from analyzer.encoding.namespace_names import fresh_name
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.obligation import Obligation
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import TUNNEL
from analyzer.encoding.variables import PROTOCOL_CODES, Attribute, Variable
from analyzer.encoding.vocabulary import PortName
from analyzer.model.added_labels import Varying, unknown_under
from analyzer.model.cluster import Workload
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.formulas import Role
from analyzer.model.labels import Labels
from analyzer.records import dataclass


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
        shows_chosen = not isinstance(connection.src, Pod)
        values |= embedded(obligation.scope, obligation.variables, its, shows_chosen=shows_chosen)
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
        case Attribute.NUMBER:
            return connection.number
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
            case Attribute.TUNNEL_NAME if isinstance(row.which, PortName):
                return int(TUNNEL.port in declares(pod.ports, row.which))
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
            (
                pod.workload,
                pod.host_network,
                pod.annotations,
                pod.service_account,
                pod.ports,
                pod.unknown,
                pod.node_groups,
                pod.nodes,
            )
            == (
                workload.owner,
                workload.host_network,
                workload.annotations,
                workload.service_account,
                workload.ports,
                workload.unknown_labels,
                workload.host.groups,
                workload.host.nodes,
            )
        )
        and (not workload.ips or pod.ip in workload.ips)
    )
