"""What may be open to those who ask for a Service by its own address (reference A9.6, A13.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.analysis.connectivity.ruling import Asked, Ruled, View, within
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.subjects import Subject
from analyzer.model.endpoints import External
from analyzer.model.formulas import Formula
from analyzer.model.knobs import ServiceEval
from analyzer.model.leading import Way, leads
from analyzer.model.pipeline import StagedRule
from analyzer.semantics.meaning import EMPTY, Ends, Meaning, OneEnd
from analyzer.semantics.partitions import refined
from analyzer.sets import ConnectionSet, PortSet

Ruling = Callable[[Subject, View], dict[Ruled, int]]
"""What the policies of a subject rule on the far ends of a view."""


class ServiceWays:
    """The ways through Services' addresses that a stage sees, or may see."""

    def __init__(self, rules: StageRules) -> None:
        self.rules = rules
        self._is_sure = rules.stage.service_eval is ServiceEval.PRE_DNAT
        self._seen: dict[tuple[int, int], bool] = {}

    def where(self, way: Way) -> Formula:
        return leads(self.rules.cluster, way.port)

    def that_matter(self, subject: Subject, near: Ends, version: int) -> list[Way]:
        """Those of the family on which the policies may rule otherwise than on where they lead: where rules only
        accept, those that they see."""
        if not subject.numbers:
            return []
        is_ordered = any(not tier.is_union for tier, _ in subject.selected)
        return [
            way
            for number, way in enumerate(self.rules.stage.ways)
            if way.address.version == version
            and (is_ordered or any(self._is_seen(rule, number, near) for rule in subject.staged))
        ]

    def _is_seen(self, rule: StagedRule, number: int, near: Ends) -> bool:
        if self.rules.shapes.of(rule.by_address).near:
            return True
        found = self._seen.get((id(rule), number))
        if found is None:
            asked = self._asked(self.rules.stage.ways[number], Meaning(self.rules.shapes, near, near, {}))
            found = self._seen[id(rule), number] = asked.sees(rule.by_address)[0]
        return found

    def _asked(self, way: Way, meaning: Meaning) -> Asked:
        seen = Meaning(meaning.shapes, OneEnd(External(way.address)), meaning.near, meaning.settled)
        return Asked(seen, ConnectionSet.on(way.port.protocol.value, PortSet.of(way.port.number)))

    def opened(
        self, subject: Subject, meaning: Meaning, through: Sequence[Way], direct: dict[Ruled, int], rule: Ruling
    ) -> dict[Ruled, int]:
        """The rulings together with those on the ways through which the far ends are reached."""
        found = direct
        for way in through:
            led = meaning.of(self.where(way))
            if led:
                ruled = rule(subject, View(meaning, self._asked(way, meaning)))
                changes = [
                    (both, (span.may, its))
                    for bits, span in led
                    for its, where in ruled.items()
                    if (both := bits & where)
                ]
                found = refined(found, changes, lambda known, change: self._with(subject, known, *change))
        return found

    def _with(self, subject: Subject, direct: Ruled, target: ConnectionSet, its: Ruled) -> Ruled:
        """Whichever of the two is open; for certain only if every engine sees the address."""
        hits = subject.opening(within(its.hits, target & its.may))
        return direct.opened(its.may & target, its.must & target if self._is_sure else EMPTY, hits)
