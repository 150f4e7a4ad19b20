"""A formula as a term over the two ends of a connection: the one translator.

What asks of namespaces alone is evaluated at once to the set of those whose labels are known, and stays symbolic for
those that are merely mentioned or not created yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, assert_never

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.domains import ABSENT, Attr, is_like
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.far_ends import UnseenEnd, WrittenAddress, addresses_of
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.scope import Role as End
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import Asked, is_on
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, conj, disj, equal, neg, number
from analyzer.encoding.variables import PROTOCOL_CODES, VariableBuilder
from analyzer.encoding.variables import Attribute as Symbol
from analyzer.errors import InternalError
from analyzer.model.formulas import (
    FALSE as NEVER,
)
from analyzer.model.formulas import (
    ON_NODES,
    PODS,
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
    both,
    either,
    leaves,
)
from analyzer.model.formulas import TRUE as ALWAYS
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.open_facts import OpenFact, which_of_others
from analyzer.model.policies import Protocol
from analyzer.sets import PortSet

if TYPE_CHECKING:
    from analyzer.encoding.requests import RequestTerms

Seen = EndTerms | UnseenEnd | WrittenAddress
Ends = Mapping[Role, Seen]

_OF_NAMESPACES = (Name.NAMESPACE, Name.NAMESPACE_LABEL)


class FormulaTerms:
    """Terms over the connection's protocol and port, and the ends that a formula is asked about."""

    def __init__(
        self, scope: Scope, dst: EndTerms | None, variables: VariableBuilder, script: Script, assertions: AssertionNames
    ) -> None:
        self.scope, self.dst, self.variables, self.script, self.assertions = scope, dst, variables, script, assertions
        self._protocol, self.port = (variables.row(End.CONNECTION, it) for it in (Symbol.PROTOCOL, Symbol.PORT))
        self.subjects = Subjects()
        self._settled = dict(scope.question.settled)
        self.memory: dict[int, tuple[Formula, Term]] | None = None  # by formula, where the ends stay what they are
        self.requests: RequestTerms | None = None  # where nobody says so, what is asked for is no HTTP
        self._chosen: dict[tuple[Formula, End, bool], Term] = {}
        self._added_keys = scope.members.added_keys

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
                return self._on_ports(formula) if asked is None else (TRUE if is_on(formula, asked) else FALSE)
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
                if (left.name, right.name) != (Name.NODE, Name.NODE):
                    raise InternalError("no rule compares two attributes but nodes")
                return TRUE  # of neither end is it said; what asks for it asks first whether it is
            case _:
                assert_never(formula)

    def _all(self, parts: tuple[Formula, ...], ends: Ends, asked: Asked | None) -> Term:
        """What ends are goes first, then their namespaces: where those cannot be, nobody asks for more."""
        pods = {p.role for p in parts if isinstance(p, Member) and isinstance(p.ends, OfKind) and p.ends.kinds <= _PODS}
        kinds = [part for part in parts if isinstance(part, Member)]
        found = [self.of(part, ends, asked) for part in kinds]
        if FALSE in found:
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
                return self._is_a(kinds, end)
            case AtAddress(addresses):
                return end.inside(addresses)
            case OnNodes(labels):
                return self._on_nodes(labels, end)
            case OnNodesOf(namespaces, selector):
                return self._is_a(ON_NODES, end) if any(_meets(selector, its) for its in namespaces) else FALSE
            case OfWorkload():
                raise InternalError("no rule names a workload")

    @staticmethod
    def _is_a(kinds: frozenset[EndKind], end: Seen) -> Term:
        if isinstance(end, WrittenAddress):
            return TRUE if EndKind.OUTSIDE in kinds else FALSE
        if isinstance(end, UnseenEnd):
            return TRUE if EndKind.NODE in kinds else FALSE
        every = {
            EndKind.OUTSIDE: end.external,
            EndKind.POD: end.plain_pod,
            EndKind.NODE: end.host,
            EndKind.HOST_POD: end.host_network,
        }
        return disj(term for kind, term in every.items() if kind in kinds)

    def _on_nodes(self, labels: Formula, end: Seen) -> Term:
        nodes = [node for node in self.scope.cluster.nodes if _meets(labels, node.labels)]
        if isinstance(end, WrittenAddress):
            return FALSE
        if isinstance(end, UnseenEnd):
            return end.on_one_of(nodes, is_any=labels == ALWAYS, words=_in_words(labels))
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
        if attribute.name is Name.ANNOTATION:
            return end.is_class(i for i, c in end.classes if is_met(test, c.annotations.get(attribute.key)))
        if not isinstance(test.meets, frozenset) and test.meets is not None and attribute.key in self._added_keys:
            text = f"whether the label {attribute.key} that a controller adds {test.meets} is not worked out"
            return self.assertions.open(OpenFact("added-label", f"{end.role.value} {attribute.key} {test.meets}", text))
        attr = Attr("pod", attribute.key) if attribute.name is Name.LABEL else Attr("sa")
        symbol = end.label(attr) if attribute.name is Name.LABEL else end.service_account()
        return _is_one_of(test, symbol, attr, end)

    # -------------------------------------------------------------------------------------------- namespaces
    def _of_namespaces(self, formula: Formula, end: Seen, *, is_pod: bool) -> Term:
        """`is_pod`: something else says that the end is one."""
        if not isinstance(end, EndTerms):
            return TRUE if _meets(formula, None) else FALSE
        key = formula, end.role, is_pod
        found = self._chosen.get(key)
        if found is None:
            parts = [end.in_namespaces(self.scope.table.known_where(formula))]
            for standing in (Standing.MENTIONED, Standing.FUTURE):
                codes = self.scope.table.of(standing) & end.reach.namespaces
                for left, some in _by_residue(formula, codes, end).items():
                    parts.append(conj([end.in_namespaces(some), self._of_labels(left, standing, end)]))
            if not is_pod and _meets(formula, None):
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
            wanted = [w for w in self.scope.port_names if (w.name, w.scope) == (ports.name, ports.scope)]
            fits = [w for w in wanted if ports.protocol in (None, w.protocol)]
            declared = ((w, self.variables.symbol(End.DST, Symbol.PORT_NAME, w)) for w in fits)
            return disj(conj([self.has_protocol(w.protocol), symbol]) for w, symbol in declared)
        protocol = TRUE if ports.protocol is None else self.has_protocol(ports.protocol)
        if ports.ports == PortSet.FULL:
            return protocol
        if ports.protocol is Protocol.OTHER:
            return conj([protocol, self.assertions.open(which_of_others(ports.ports))])
        return conj([protocol, self.variables.lies_in(ports.ports.intervals, End.CONNECTION, Symbol.PORT)])

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


_PODS = PODS | {EndKind.HOST_POD}


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


def _by_residue(formula: Formula, codes: Iterable[int], end: EndTerms) -> dict[Formula, list[int]]:
    """What is left to ask of these namespaces' labels, once their names are known."""
    names = {value for leaf in leaves(formula) for value in _names_in(leaf)}
    found: dict[Formula, list[int]] = {}
    left: dict[str | None, Formula] = {}
    for code in sorted(codes):
        name = end.scope.table.entries[code].name
        told = name if name in names else None
        if told not in left:
            left[told] = _named(formula, told)
        if left[told] != NEVER:
            found.setdefault(left[told], []).append(code)
    return found


def _is_of_name(test: Test) -> bool:
    attribute = test.attribute
    return attribute.name is Name.NAMESPACE or attribute.key == NAMESPACE_NAME_LABEL


def _names_in(leaf: Formula) -> frozenset[str]:
    is_asked = isinstance(leaf, Test) and _is_of_name(leaf) and isinstance(leaf.meets, frozenset)
    return leaf.meets if is_asked and isinstance(leaf, Test) and isinstance(leaf.meets, frozenset) else frozenset()


def _named(formula: Formula, name: str | None) -> Formula:
    """The formula for a namespace of that name; None: of one that it does not mention."""
    match formula:
        case All(parts):
            return both(_named(part, name) for part in parts)
        case Some(parts):
            return either(_named(part, name) for part in parts)
        case Not(part):
            left = _named(part, name)
            return NEVER if left == ALWAYS else ALWAYS if left == NEVER else Not(left)
        case Test() if _is_of_name(formula):
            return (
                ALWAYS
                if formula.meets is None or (isinstance(formula.meets, frozenset) and name in formula.meets)
                else NEVER
            )
        case _:
            return formula


def _meets(formula: Formula, labels: Labels | None) -> bool:
    """Labels, of which everything is known, meet the formula; None: of an end that has none (reference A2)."""
    match formula:
        case All(parts):
            return all(_meets(part, labels) for part in parts)
        case Some(parts):
            return any(_meets(part, labels) for part in parts)
        case Not(part):
            return not _meets(part, labels)
        case Test(attribute, meets):
            value = None if labels is None else labels.get(attribute.key)
            return value is not None and is_like(value, meets)
        case _:
            raise InternalError(f"{formula} asks of more than labels")


def _in_words(formula: Formula) -> str:
    match formula:
        case All(parts):
            return ",".join(map(_in_words, parts))
        case Not(part):
            return f"not {_in_words(part)}"
        case Test(attribute, meets):
            values = f" in ({', '.join(sorted(meets))})" if isinstance(meets, frozenset) else ""
            return f"{attribute.key}{values}"
        case _:
            return str(formula)
