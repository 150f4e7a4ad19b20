"""Ends that a stage sees in place of a connection's own: behind a node's address, or as the client asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.terms import FALSE, TRUE, Term, conj, disj, neg, within
from analyzer.encoding.variables import Attribute, VariableBuilder
from analyzer.model.cluster import Node
from analyzer.model.formulas import EndKind, Role
from analyzer.model.open_facts import OpenFact
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress


class UnseenEnd:
    """A source behind the address of some node, which nobody knows but is one and the same for every rule: blocks that
    cover all addresses of a family together are sure to match it."""

    kind = EndKind.NODE

    def __init__(self, variables: VariableBuilder, assertions: AssertionNames) -> None:
        self._variables, self._assertions = variables, assertions

    def inside(self, addresses: AddressSet) -> Term:
        v6, found = self._variables.symbol(Role.CONNECTION, Attribute.FAMILY), []
        for version, width, is_family in ((4, 32, neg(v6)), (6, 128, v6)):
            if ranges := addresses.family(version):
                address = self._assertions.open(self._address(version), width)
                found.append(conj([is_family, within(address, ranges, width)]))
        return disj(found)

    def on_one_of(self, nodes: Sequence[Node], *, is_any: bool, words: str) -> Term:
        """It is a node with labels that these nodes have; `is_any`: with any labels."""
        return TRUE if is_any else FALSE

    def _address(self, version: int) -> OpenFact:
        text = "which address a node puts in place of the source's on the way through a Service is not known"
        return OpenFact("service-source", f"service-source node IPv{version}", text)


class Balancer(UnseenEnd):
    """A source behind the address of a load balancer, which is outside the cluster."""

    kind = EndKind.OUTSIDE

    def on_one_of(self, nodes: Sequence[Node], *, is_any: bool, words: str) -> Term:
        return FALSE

    def _address(self, version: int) -> OpenFact:
        text = "which address a load balancer puts in place of the source's is not known"
        return OpenFact("service-source", f"service-source balancer IPv{version}", text)


class AskedNode(UnseenEnd):
    """A destination that is some node: one of those `known`, or one of which nothing is known where that is empty."""

    def __init__(self, variables: VariableBuilder, assertions: AssertionNames, known: Sequence[Node]) -> None:
        super().__init__(variables, assertions)
        self._known = known

    def exists(self) -> Term:
        return self.inside(addresses_of(self._known)) if self._known else TRUE

    def on_one_of(self, nodes: Sequence[Node], *, is_any: bool, words: str) -> Term:
        if self._known:
            return self.inside(addresses_of(nodes))
        if is_any:
            return TRUE
        text = f"whether a node that leads to the destination has the labels `{words}` is not known"
        return self._assertions.open(OpenFact("node-way", f"node-way labels {words}", text))

    def _address(self, version: int) -> OpenFact:
        text = "by which node's address a client comes to the destination is not known"
        return OpenFact("node-way", f"node-way IPv{version}", text)


@dataclass(frozen=True, slots=True)
class WrittenAddress:
    """A destination as it is asked for by a Service's address, to what means addresses."""

    address: IPAddress

    def inside(self, addresses: AddressSet) -> Term:
        return TRUE if self.address in addresses else FALSE


def addresses_of(nodes: Iterable[Node]) -> AddressSet:
    return AddressSet.singles(ip for node in nodes for ip in node.ips)
