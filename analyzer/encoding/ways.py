"""Ways to a destination that its connection's own address and port do not show: Services' addresses, nodes' ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.formulas import FormulaTerms
from analyzer.encoding.scope import Scope
from analyzer.encoding.slices import is_way_of
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, conj, disj, implies, neg
from analyzer.encoding.variables import Attribute, VariableBuilder
from analyzer.encoding.vocabulary import SERVICE_SCOPE
from analyzer.model.endpoints import Through
from analyzer.model.ends import LedPort, leaves_of
from analyzer.model.formulas import AtAddress, Formula, Leaf, Member, Name, OnPorts, Role, Test, on_any
from analyzer.model.knobs import NamedPortScope
from analyzer.model.policies import NumberedPorts, Ports, Protocol


class WayTerms:
    """Terms for what the client asks for, and for where that leads."""

    def __init__(
        self,
        scope: Scope,
        src: EndTerms,
        dst: EndTerms | None,
        formulas: FormulaTerms,
        variables: VariableBuilder,
        script: Script,
    ) -> None:
        self.scope, self.src, self.dst = scope, src, dst
        self.formulas, self.variables, self.script = formulas, variables, script

    def is_possible(self, number: int) -> Term:
        """The way of that number leads to the destination, on the connection's port."""
        return self.script.share(conj([self._is_on_way(number), self._is_behind(number)]))

    def _is_on_way(self, number: int) -> Term:
        """The connection is of the family of the way's address, on the port that the way leads to."""
        way = self.scope.ways[number - 1]
        v6 = self.variables.symbol(Role.CONNECTION, Attribute.FAMILY)
        return conj([v6 if way.address.version == 6 else neg(v6), self.on_target(way.port)])

    def _is_behind(self, number: int) -> Term:
        """The destination is one that the way leads to."""
        assert self.dst is not None
        return self.formulas.is_in(self.scope.ways[number - 1].port.members, self.dst)

    def is_chosen(self, number: int) -> Term:
        """The client asks for the way of that number; 0: for none."""
        numbers = self.scope.through
        if number and number not in numbers:
            return FALSE
        if not numbers:
            return TRUE
        return self.variables.row(Role.CONNECTION, Attribute.WAY).lies_in(((number, number),))

    def by_no_service(self) -> Term:
        return self.is_chosen(0)

    def by_way_of(self, port: LedPort) -> Term:
        """The client asks for one of the port's addresses, if that makes a difference."""
        chosen = [n for n in self.scope.through if is_way_of(self.scope.ways[n - 1], port)]
        return disj(self.is_chosen(n) for n in chosen) if chosen else self.is_chosen(0)

    def by_asking_for(self, through: Through) -> Term:
        """The client asks for this Service, at this address and port."""
        ways = ((n, self.scope.ways[n - 1]) for n in self.scope.through)
        asked = (through.service, through.address, through.number)
        return disj(self.is_chosen(n) for n, w in ways if (w.port.service, w.address, w.port.number) == asked)

    def by_possible_way(self) -> list[Term]:
        """What the client asks for leads to where the connection goes.  Where it hangs on what nobody knows of the
        destination, that is left to the claim, which says it of its own sets: what is not known excludes nothing."""
        numbers = self.scope.through
        if not numbers:
            return []
        rules = [implies(self.is_chosen(n), conj([self._is_on_way(n), self._may_be_behind(n)])) for n in numbers]
        return [disj(self.is_chosen(n) for n in (0, *numbers)), *rules]

    def _may_be_behind(self, number: int) -> Term:
        assert self.dst is not None
        return disj([self._is_behind(number), self._hangs_on_unknown(self.scope.ways[number - 1].port.members)])

    def _hangs_on_unknown(self, members: Formula) -> Term:
        """Nobody knows some label or address of the destination on which its membership hangs."""
        assert self.dst is not None
        parts = list(leaves_of(members))
        keys = {it.attribute.key for it in parts if isinstance(it, Test) and it.attribute.name is Name.LABEL}
        is_of_addresses = any(isinstance(it, Member) and isinstance(it.ends, AtAddress) for it in parts)
        hidden = self.dst.has_unknown_label(keys)
        return disj([hidden, self.dst.unknown_address()]) if is_of_addresses else hidden

    def on_target(self, port: LedPort) -> Term:
        """The connection is on the port that the Service's leads to."""
        return self.on_ports(() if port.target is None else (port.target,), SERVICE_SCOPE)

    def on_ports(self, ports: Iterable[Ports], where: NamedPortScope | None = None) -> Term:
        """The connection is on one of the ports; `where`: in which containers names are looked up, if not in those that
        the profile looks at."""
        return self.formulas.of(
            on_any(ports, where or self.scope.question.profile.named_port_scope), {Role.SRC: self.src}
        )

    def of_nodes(self) -> Iterator[tuple[Protocol, int, int, Term]]:
        """Each port of the nodes, or range of which one is, and that it leads to the destination."""
        assert self.dst is not None
        for way in self.scope.node_ways:
            leads = conj([self.formulas.is_in(way.port.members, self.dst), self.on_target(way.port)])
            yield way.port.protocol, way.low, way.high, leads
        by_port: dict[tuple[Protocol, int, int], list[int]] = {}
        for code, c in self.dst.classes:
            for protocol, number, at_host in () if c.host_network else c.host_ports:
                by_port.setdefault((protocol, number, at_host), []).append(code)
        for (protocol, number, at_host), codes in by_port.items():
            here = self.on_ports([NumberedPorts(protocol, number)])
            yield protocol, at_host, at_host, conj([self.dst.is_class(codes), here])


def distinguished(low: int, high: int, told: Iterable[Leaf]) -> list[int]:
    """The numbers at which some rule's ports begin or end, and the lowest."""
    ranges = (pair for leaf in told if isinstance(leaf, OnPorts) for pair in leaf.ports.intervals)
    edges = {edge for first, last in ranges for edge in (first, last + 1)}
    return sorted({low, *(edge for edge in edges if low <= edge <= high)})
