"""Far ends as rules see them that are asked for by a Service's own address (reference A9.6, A13.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.rule_ports import EVERYTHING, declared_names
from analyzer.analysis.connectivity.views import ClassView, OutsideView, Rules
from analyzer.encoding.sights import sees_service
from analyzer.model.claims import At, Both, Either, PodsIn, SetExpr
from analyzer.model.leading import Way, ways
from analyzer.model.policies import Direction, NamedPort, NumberedPorts, Policy, Rule, Tier
from analyzer.model.profile import NamedPortScope, ServiceEval
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.semantics.partitions import refined
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.connectivity import bit_indices


def addresses_of(members: SetExpr) -> AddressSet:
    """The addresses that are written down for a way; those of pods that it selects are not."""
    match members:
        case At(addresses):
            return addresses
        case Either(parts) | Both(parts):
            found = AddressSet.EMPTY
            for part in parts:
                found |= addresses_of(part)
            return found
        case _:
            return AddressSet.EMPTY


class ServiceWays:
    """The ways through Services' addresses that may make a difference under this profile."""

    def __init__(self, index: EndIndex, rules: Rules) -> None:
        self.index, self.rules = index, rules
        profile = rules.profile
        is_seen = profile.enforces and profile.service_eval is not ServiceEval.POST_DNAT
        self.ways = ways(index.cluster) if is_seen else ()
        self._is_sure = profile.service_eval is ServiceEval.PRE_DNAT

    def that_matter(self, policies: Sequence[Policy], version: int) -> list[Way]:
        """Those of the family on which the policies may rule otherwise than on where they lead."""
        if not policies:
            return []
        is_ordered = any(policy.tier is not Tier.NETWORK_POLICY for policy in policies)
        rules = [rule for policy in policies for rule in policy.rules(Direction.EGRESS) or ()]
        return [
            way
            for way in self.ways
            if way.address.version == version
            and (is_ordered or any(sees_service(rule, way, self.rules.profile) for rule in rules))
        ]

    def with_span(self, direct: Span, through: Span) -> Span:
        """What is open directly or by way of a Service."""
        return Span(direct.may | through.may, direct.must | through.must if self._is_sure else direct.must)

    def targets(self, way: Way, bits: int) -> Iterator[tuple[int, ConnectionSet]]:
        """What the way leads to, by classes."""
        target = way.port.target
        if isinstance(target, NumberedPorts):
            yield bits, ConnectionSet.on(target.protocol.value, target.ports)
        elif isinstance(target, NamedPort):
            for i in bit_indices(bits):
                names = declared_names(self.index.classes[i].ports, NamedPortScope.SIDECARS)
                of_protocol = ConnectionSet.on(way.port.protocol.value, NumberedPorts(way.port.protocol).ports)
                yield 1 << i, names.get(target.name, ConnectionSet.EMPTY) & of_protocol

    def on(self, direct: dict[Span, int], way: Way, bits: int, through: dict[Span, int]) -> dict[Span, int]:
        """The rulings together with those on the way, which leads to the classes `bits`."""
        changes = [
            (here & where, Span(span.may & target, span.must & target))
            for where, target in self.targets(way, bits)
            for span, here in through.items()
            if here & where
        ]
        return refined(direct, changes, self.with_span)


@dataclass(frozen=True)
class ServiceView:
    """The classes `everyone`, asked for by way of a Service; `seen` is the same classes asked for themselves."""

    seen: ClassView
    way: Way
    everyone: int

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        if sees_service(rule, self.way, self.seen.near.rules.profile):
            return [(self.everyone, EVERYTHING)]
        if rule.peers is None:
            return []
        found = self.seen.without_blocks().grants(rule)
        return [(where & self.everyone, span) for where, span in found if where & self.everyone]


@dataclass(frozen=True)
class OutsideServiceView:
    """Addresses outside, asked for by way of a Service; `seen` is the same addresses asked for themselves."""

    seen: OutsideView
    way: Way
    everyone: int = 1

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        if sees_service(rule, self.way, self.seen.near.rules.profile):
            return [(1, EVERYTHING)]
        if rule.peers is None:
            return []
        return OutsideView(self.seen.near, 0, self.seen.tests, self.seen.domains).grants(rule)


def members_in(way: Way, view: ClassView, tests: Mapping[int, tuple[int, int]]) -> int:
    """The classes that the way leads to, as far as their addresses are as the view's."""
    members = way.port.members
    if isinstance(members, PodsIn):
        return view.index.backends(members) & view.everyone
    number, asked = tests.get(id(way.port), (0, 0))
    return asked & view.everyone if view.key >> number & 1 else 0
