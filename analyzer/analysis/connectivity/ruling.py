"""What the tiers rule at one end, for all far ends and all connections at once: the fold of `semantics` over sets.

Nothing here asks about one connection.  A partition of the far ends carries, part by part, the connections that some
way of settling the open facts allows, and those that no way denies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from typing import NamedTuple, Protocol

from analyzer.analysis.connectivity.rule_ports import EVERYTHING
from analyzer.model.calico import CalicoRule
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Formula, OnPorts, Open, Some
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier
from analyzer.model.policies import Policy, Rule, UnknownPeer
from analyzer.semantics.fold import Grants, Matches, Selected, Side, Span, ruling
from analyzer.semantics.partitions import joined, mapped
from analyzer.sets import ConnectionSet

EMPTY, FULL = ConnectionSet.EMPTY, ConnectionSet.FULL


class View(Protocol):
    """The far ends as the rules of one end see them: a bit set, and what each rule means."""

    @property
    def everyone(self) -> int: ...

    def grants(self, rule: Rule) -> Grants:
        """The connections that the rule means, by far ends; the bit sets are disjoint."""
        ...


class _World:
    """A view as the fold asks it."""

    full, empty = FULL, EMPTY

    def __init__(self, view: View) -> None:
        self.view, self.everyone = view, view.everyone

    def grants(self, rule: StagedRule) -> Grants:
        """A rule with a peer of an unknown kind means nobody or everybody (reference B3.2), as the stage says."""
        written = rule.rule
        assert not isinstance(written, CalicoRule), "the map does not read Calico's rules yet"
        if written is None or any(isinstance(peer, UnknownPeer) for peer in written.peers or ()):
            return self.spares(rule.when)
        found = self.view.grants(written)
        return found if written.open is None else [(where, span.unsure()) for where, span in found]

    def spares(self, spared: Formula) -> Grants:
        span = _of_ports(spared)
        return [(self.everyone, span)] if span.may else []

    def tied(self, sides: Sequence[Side]) -> dict[Matches, int]:
        """Which goes first is open: any that matches may."""
        return reduce(lambda left, right: joined(left, right, Matches.tied_with), (found for _, found in sides))

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None) -> None:
        pass


@cache
def _of_ports(formula: Formula) -> Span:
    """What a formula means that says nothing of ends."""
    match formula:
        case All(parts):
            spans = map(_of_ports, parts)
            return reduce(lambda a, b: Span(a.may & b.may, a.must & b.must), spans, EVERYTHING)
        case Some(parts):
            return reduce(Span.__or__, map(_of_ports, parts), Span.sure(EMPTY))
        case OnPorts(protocol, ports, name="") if protocol is not None:
            return Span.sure(ConnectionSet.on(protocol.value, ports))
        case Open():
            return EVERYTHING.unsure()
        case _:
            raise AssertionError(f"{formula} speaks of ends")


class Effects(NamedTuple):
    """What objects that are not modelled may do to the end's ruling: connections that they may allow, may deny."""

    may_allow: ConnectionSet = EMPTY
    may_deny: ConnectionSet = EMPTY

    def on(self, span: Span) -> Span:
        denied = FULL - span.must
        return Span(span.may | denied & self.may_allow, FULL - (denied | span.may & self.may_deny))


class Selecting:
    """The entries of a stage, by policy."""

    def __init__(self, stage: Stage) -> None:
        self._tiers = stage.tiers
        self._always: list[tuple[tuple[int, int, int], Entry]] = []
        self._of: dict[int, list[tuple[tuple[int, int, int], Entry]]] = {}
        for t, tier in enumerate(stage.tiers):
            for s, scale in enumerate(tier.scales):
                for g, group in enumerate(scale):
                    for entry in group:
                        place = self._always if entry.policy is None else self._of.setdefault(id(entry.policy), [])
                        place.append(((t, s, g), entry))

    @staticmethod
    def of(stage: Stage, cluster: Cluster) -> Selecting:
        """Those of a stage of the cluster's pipeline, looked through once."""
        found = cluster.readings.get((Selecting, id(stage)))
        if not isinstance(found, Selecting):  # the cluster holds the stage, so that its id is not given anew
            found = cluster.readings[Selecting, id(stage)] = Selecting(stage)
        return found

    def those(self, policies: Sequence[Policy]) -> Selected:
        """As if these policies of the stage selected the end, and no others."""
        found: dict[int, dict[int, dict[int, list[Entry]]]] = {}
        placed = [*(one for policy in policies for one in self._of.get(id(policy), ())), *self._always]
        for (t, s, g), entry in sorted(placed, key=lambda one: one[0]):
            found.setdefault(t, {}).setdefault(s, {}).setdefault(g, []).append(entry)
        return [(self._tiers[t], [list(groups.values()) for groups in scales.values()]) for t, scales in found.items()]


def rulings(selected: Selected, view: View, effects: Effects = Effects()) -> dict[Span, int]:  # noqa: B008 - immutable
    """The far ends by what the policies, all of which select the end, rule on connections with them."""
    found = ruling(selected, _World(view))
    return mapped(found, effects.on) if any(effects) else found
