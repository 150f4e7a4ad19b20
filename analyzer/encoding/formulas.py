"""A formula as a term over the two ends of a connection: the one translator.

What asks of namespaces alone is evaluated at once to the set of those whose labels are known, and stays symbolic for
those that are merely mentioned or not created yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.domains import ABSENT, Attr, is_like
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.far_ends import UnseenEnd, WrittenAddress, addresses_of
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.residues import by_residue, in_words, meets
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import Asked, is_on
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, conj, disj, equal, implies, neg, number
from analyzer.encoding.variables import PROTOCOL_CODES, VariableBuilder
from analyzer.encoding.variables import Attribute as Symbol
from analyzer.encoding.vocabulary import PortName, attr_of
from analyzer.errors import InternalError
from analyzer.model.ends import Behind
from analyzer.model.formulas import (
    ANY_PODS,
    ON_NODES,
    All,
    AtAddress,
    Attribute,
    EndKind,
    EndSet,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OfNode,
    OfWorkload,
    OnHostPort,
    OnNodes,
    OnNodesOf,
    OnPorts,
    Open,
    Role,
    Same,
    Some,
    Test,
    Word,
    both,
)
from analyzer.model.formulas import TRUE as ALWAYS
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.sets import PortSet, ValueSet

if TYPE_CHECKING:
    from analyzer.encoding.requests import RequestTerms

Seen = EndTerms | UnseenEnd | WrittenAddress
Ends = Mapping[Role, Seen]

_NAME = Attr("name")
_OF_NAMESPACES = (Name.NAMESPACE, Name.NAMESPACE_LABEL)


class FormulaTerms:
    """Terms over the connection's protocol and port, and the ends that a formula is asked about."""

    def __init__(
        self, scope: Scope, dst: EndTerms | None, variables: VariableBuilder, script: Script, assertions: AssertionNames
    ) -> None:
        self.scope, self.dst, self.variables, self.script, self.assertions = scope, dst, variables, script, assertions
        self._protocol, self.port = (variables.row(Role.CONNECTION, it) for it in (Symbol.PROTOCOL, Symbol.PORT))
        self.subjects = Subjects()
        self._settled = dict(scope.question.settled)
        self.memory: dict[int, tuple[Formula, Term]] | None = None  # by formula, where the ends stay what they are
        self.requests: RequestTerms | None = None  # where nobody says so, what is asked for is no HTTP
        self._chosen: dict[tuple[Formula, Role, bool], Term] = {}
        self._added_keys = scope.members.added_keys
        self._kinds: dict[tuple[frozenset[EndKind], int], tuple[Seen, Term]] = {}  # by `id()` of the end

    def of(self, formula: Formula, ends: Ends, asked: Asked | None = None) -> Term:
        """The formula holds of the ends, on the connection's port or the one that is asked for."""
        if self.memory is None:
            return self._of(formula, ends, asked)
        known = self.memory.get(id(formula))
        if known is None:
            known = self.memory[id(formula)] = formula, self._of(formula, ends, asked)
        return known[1]

    def _of(self, formula: Formula, ends: Ends, asked: Asked | None) -> Term:
        role = self.subjects.namespace_of(formula)
        if role is not None:
            return self._of_namespaces(formula, ends[role], is_pod=False)
        match formula:
            case All(parts):
                return self._all(parts, ends, asked)
            case Some(parts):
                return self.script.share(disj(self.of(part, ends, asked) for part in parts))
            case Not(part):
                return neg(self.of(part, ends, asked))
            case Member(role, members):
                return self._member(members, ends[role])
            case OnPorts():
                return self._on_ports(formula) if asked is None else self._on_asked(formula, asked)
            case OnHostPort():
                return FALSE if asked is not None else self._on_host_port()
            case Test(Attribute(Role.REQUEST)):
                return FALSE if self.requests is None else self.requests.test(formula)
            case Test():
                return self._test(formula, ends[formula.attribute.role])
            case Open(fact):
                is_so = self._settled.get(fact)
                return self.assertions.open(fact) if is_so is None else TRUE if is_so else FALSE
            case Same(left, right):
                return self._same(left, right, ends)
            case _:
                assert_never(formula)

    def _all(self, parts: tuple[Formula, ...], ends: Ends, asked: Asked | None) -> Term:
        """What ends are goes first, then their namespaces: where those cannot be, nobody asks for more."""
        pods = {
            p.role for p in parts if isinstance(p, Member) and isinstance(p.ends, OfKind) and p.ends.kinds <= ANY_PODS
        }
        found: list[Term] = []
        for part in parts:
            if isinstance(part, Member):
                found.append(self.of(part, ends, asked))
                if found[-1] == FALSE:
                    return FALSE
        of_namespaces: dict[Role, list[Formula]] = {}
        others: list[Formula] = []
        for part in parts:
            if (role := self.subjects.namespace_of(part)) is not None:
                of_namespaces.setdefault(role, []).append(part)
            elif not isinstance(part, Member):
                others.append(part)
        for role, told in of_namespaces.items():
            found.append(self._of_namespaces(both(told), ends[role], is_pod=role in pods))
        ports: list[Term] = []
        for part in others:
            if FALSE in found or FALSE in ports:
                return FALSE
            (ports if self.subjects.is_of_ports(part) else found).append(self.of(part, ends, asked))
        return self.script.share(conj([self.script.share(conj(found)), *ports]))  # one end on many ports is one term

    # -------------------------------------------------------------------------------------------- ends
    def _member(self, members: EndSet, end: Seen) -> Term:
        match members:
            case OfKind(kinds):
                known = self._kinds.get((kinds, id(end)))
                if known is None:  # it holds the end, so that its id is not given anew
                    known = self._kinds[kinds, id(end)] = end, self._is_a(kinds, end)
                return known[1]
            case AtAddress(addresses):
                return end.inside(addresses)
            case OnNodes(labels):
                return self._on_nodes(labels, end)
            case OnNodesOf(namespaces, selector):
                return self._is_a(ON_NODES, end) if any(meets(selector, its) for its in namespaces) else FALSE
            case OfWorkload():
                codes = (i for i, c in end.classes if members in c.named) if isinstance(end, EndTerms) else ()
                return end.is_class(codes) if isinstance(end, EndTerms) else FALSE
            case OfNode(names):
                return _of_node(names, end) if isinstance(end, EndTerms) else FALSE
            case Behind(_, ports):
                return disj(self.is_in(port.members, end) for port in ports)
            case Word():
                raise InternalError(f"nobody has looked up what `{members}` stands for")

    def is_in(self, members: Formula, end: Seen) -> Term:
        """The end is in the set, which is a formula over SELF."""
        return self.of(members, {Role.SELF: end})

    @staticmethod
    def _is_a(kinds: frozenset[EndKind], end: Seen) -> Term:
        if isinstance(end, WrittenAddress):
            return TRUE if EndKind.OUTSIDE in kinds else FALSE
        if isinstance(end, UnseenEnd):
            return TRUE if end.kind in kinds else FALSE
        every = {
            EndKind.OUTSIDE: end.external,
            EndKind.POD: end.plain_pod,
            EndKind.NODE: end.host,
            EndKind.HOST_POD: end.host_network,
        }
        if kinds >= ANY_PODS:
            return disj([end.pod, *(every[kind] for kind in kinds - ANY_PODS)])
        return disj(term for kind, term in every.items() if kind in kinds)

    def _on_nodes(self, labels: Formula, end: Seen) -> Term:
        nodes = [node for node in self.scope.cluster.nodes if meets(labels, node.labels)]
        if isinstance(end, WrittenAddress):
            return FALSE
        if isinstance(end, UnseenEnd):
            return end.on_one_of(nodes, is_any=labels == ALWAYS, words=in_words(labels))
        addresses = addresses_of(nodes)
        shared = conj([end.host_network, end.inside(addresses)]) if addresses else FALSE
        own = FALSE if end.host == FALSE else conj([end.host, self.of(labels, {Role.SELF: end})])
        return disj([own, shared])

    def _test(self, test: Test, end: Seen) -> Term:
        """The end's own label, or a pod's service account; of nothing else is there any.  No end of the universe is
        said to be on a node, or to be one that the engine runs itself."""
        attribute = test.attribute
        if not isinstance(end, EndTerms) or attribute.name in (Name.NODE, Name.ENTITY):
            return FALSE
        if attribute.name is Name.NODE_GROUPS:
            return end.is_class(i for i, c in end.classes if is_met(test, c.node_groups))
        if attribute.name is Name.NODES:
            return end.is_class(i for i, c in end.classes if is_met(test, c.nodes))
        if attribute.name is Name.ANNOTATION:
            return end.is_class(i for i, c in end.classes if is_met(test, c.annotations.get(attribute.key)))
        if not isinstance(test.meets, frozenset) and test.meets is not None and attribute.key in self._added_keys:
            text = f"whether the label {attribute.key} that a controller adds {test.meets} is not worked out"
            return self.assertions.open(OpenFact("added-label", f"{end.role.value} {attribute.key} {test.meets}", text))
        attr = Attr("pod", attribute.key) if attribute.name is Name.LABEL else Attr("sa")
        symbol = end.label(attr) if attribute.name is Name.LABEL else end.service_account()
        return _is_one_of(test, symbol, attr, end)

    def _same(self, left: Attribute, right: Attribute, ends: Ends) -> Term:
        """Of no end is it said which node it is on; what compares those asks first whether it is."""
        if left.name is Name.NODE:
            return TRUE
        found = ends[left.role], ends[right.role]
        attrs = attr_of(left), attr_of(right)
        if not isinstance(found[0], EndTerms) or not isinstance(found[1], EndTerms):
            raise InternalError("no rule compares attributes of the two ends")
        if attrs == (_NAME, _NAME):
            return equal(found[0].ns, found[1].ns)
        return equal(found[0].value(attrs[0]), found[1].value(attrs[1]))

    # -------------------------------------------------------------------------------------------- namespaces
    def _of_namespaces(self, formula: Formula, end: Seen, *, is_pod: bool) -> Term:
        """`is_pod`: something else says that the end is one."""
        if not isinstance(end, EndTerms):
            return TRUE if meets(formula, None) else FALSE
        key = formula, end.role, is_pod
        found = self._chosen.get(key)
        if found is None:
            parts = [end.in_namespaces(self.scope.table.known_where(formula))]
            for standing in (Standing.MENTIONED, Standing.FUTURE):
                codes = self.scope.table.of(standing) & end.namespaces
                for left, some in by_residue(formula, codes, self.scope.table).items():
                    parts.append(conj([end.in_namespaces(some), self._of_labels(left, standing, end)]))
            if not is_pod and meets(formula, None):
                parts.append(neg(end.pod))
            found = self._chosen[key] = self.script.share(disj(parts))
        return found

    def _of_labels(self, formula: Formula, standing: Standing, end: EndTerms) -> Term:
        """Over the labels of a namespace that nobody knows."""
        match formula:
            case All(parts):
                return conj(self._of_labels(part, standing, end) for part in parts)
            case Some(parts):
                return disj(self._of_labels(part, standing, end) for part in parts)
            case Not(part):
                return neg(self._of_labels(part, standing, end))
            case Test(attribute):
                attr = Attr("ns", attribute.key)
                return _is_one_of(formula, end.namespace_label(attr, standing), attr, end)
            case _:
                raise InternalError(f"{formula} asks of more than a namespace")

    # -------------------------------------------------------------------------------------------- ports
    def has_protocol(self, protocol: Protocol) -> Term:
        return equal(self._protocol.symbol, number(PROTOCOL_CODES[protocol], self._protocol.width))

    def _on_ports(self, ports: OnPorts) -> Term:
        if ports.name:
            declared = ((w, self.variables.symbol(Role.DST, Symbol.PORT_NAME, w)) for w in self._wanted(ports))
            return disj(conj([self.has_protocol(w.protocol), symbol]) for w, symbol in declared)
        protocol = TRUE if ports.protocol is None else self.has_protocol(ports.protocol)
        if ports.ports == PortSet.FULL:
            return protocol
        row = Symbol.NUMBER if ports.protocol is Protocol.OTHER else Symbol.PORT
        return conj([protocol, self.variables.lies_in(ports.ports.intervals, Role.CONNECTION, row)])

    def exactly_others(self) -> Term:
        """What has no port is no protocol that has some; where something asks which it is."""
        if not self.variables.has(Role.CONNECTION, Symbol.NUMBER):
            return TRUE
        row = self.variables.row(Role.CONNECTION, Symbol.NUMBER)
        return implies(self.has_protocol(Protocol.OTHER), row.lies_in(row.every))

    def _on_asked(self, ports: OnPorts, asked: Asked) -> Term:
        if not ports.name or not asked.of_pod:
            return TRUE if is_on(ports, asked) else FALSE
        named = (w for w in self._wanted(ports) if w.protocol is asked.protocol)
        return disj(self.variables.symbol(Role.DST, Symbol.TUNNEL_NAME, w) for w in named)

    def _wanted(self, ports: OnPorts) -> list[PortName]:
        wanted = (w for w in self.scope.port_names if (w.name, w.scope) == (ports.name, ports.scope))
        return [w for w in wanted if ports.protocol in (None, w.protocol)]

    def _on_host_port(self) -> Term:
        by_port: dict[tuple[Protocol, int], list[int]] = {}
        assert self.dst is not None
        for code, c in self.dst.classes:
            for protocol, port, _ in () if c.host_network else c.host_ports:
                by_port.setdefault((protocol, port), []).append(code)
        return disj(
            conj([self.dst.is_class(codes), self._on_ports(OnPorts(protocol, PortSet.of(port)))])
            for (protocol, port), codes in by_port.items()
        )


def _of_node(names: ValueSet, end: EndTerms) -> Term:
    """Those that are not there yet have no name."""
    there = [(i, c.node) for i, c in end.classes if c.node is not None]
    named = end.is_class(i for i, node in there if node.name in names.values)
    others = conj([end.host, neg(end.is_class(i for i, _ in there))]) if None in names.values else FALSE
    listed = disj([named, others])
    return conj([end.host, neg(listed)]) if names.is_complement else listed


def _is_one_of(test: Test, symbol: Term, attr: Attr, end: EndTerms) -> Term:
    domain = end.domain(attr)
    meets = test.meets
    if meets is None:
        return neg(equal(symbol, number(ABSENT, domain.width)))
    values = sorted(meets) if isinstance(meets, frozenset) else [v for v in domain.values if is_like(v, meets)]
    return disj(equal(symbol, number(domain.code(value), domain.width)) for value in values)


def is_met(test: Test, value: str | None) -> bool:
    return value is not None and is_like(value, test.meets)


class Subjects:
    """Of what formulas ask, each looked through once however many others share it."""

    def __init__(self) -> None:
        self._namespaces: dict[int, tuple[Formula, Role | None]] = {}
        self._ports: dict[int, tuple[Formula, bool]] = {}

    def namespace_of(self, formula: Formula) -> Role | None:
        """The end of whose namespace the formula asks, if of nothing else."""
        known = self._namespaces.get(id(formula))
        if known is None:
            known = self._namespaces[id(formula)] = formula, self._namespace_of(formula)
        return known[1]

    def _namespace_of(self, formula: Formula) -> Role | None:
        match formula:
            case Test(attribute):
                return attribute.role if attribute.name in _OF_NAMESPACES else None
            case Not(part):
                return self.namespace_of(part)
            case All(parts) | Some(parts) if parts:
                first = self.namespace_of(parts[0])
                return first if first and all(self.namespace_of(part) is first for part in parts[1:]) else None
            case _:
                return None

    def is_of_ports(self, formula: Formula) -> bool:
        known = self._ports.get(id(formula))
        if known is None:
            known = self._ports[id(formula)] = formula, self._is_of_ports(formula)
        return known[1]

    def _is_of_ports(self, formula: Formula) -> bool:
        match formula:
            case All(parts) | Some(parts):
                return any(map(self.is_of_ports, parts))
            case Not(part):
                return self.is_of_ports(part)
            case leaf:
                return isinstance(leaf, OnPorts | OnHostPort)
