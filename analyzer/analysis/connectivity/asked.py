"""What the stages of a pipeline ask of ends: labels, accounts, port names, addresses.  All else tells no ends apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field

from analyzer.analysis.connectivity.stages import StageRules
from analyzer.model.cluster import Workload
from analyzer.model.formulas import (
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Leaf,
    Member,
    Name,
    OfKind,
    OfWorkload,
    OnNodes,
    OnPorts,
    Same,
    Test,
)
from analyzer.model.labels import Labels
from analyzer.model.leading import leads
from analyzer.records import dataclass
from analyzer.semantics.asked import asked_in

Reduced = tuple[tuple[str, str | None], ...]
"""Labels as far as anything tells them apart: None stands for every value that nothing mentions."""


@dataclass
class Values:
    """The values of one attribute that are mentioned; all of them count where patterns or comparisons ask for it."""

    known: set[str] = field(default_factory=set)
    is_told: bool = False

    def add(self, leaf: Test | Same) -> None:
        if isinstance(leaf, Same) or not (leaf.meets is None or isinstance(leaf.meets, frozenset)):
            self.is_told = True
        elif leaf.meets is not None:
            self.known |= leaf.meets

    def reduced(self, value: str) -> str | None:
        return value if self.is_told or value in self.known else None


class OfKindAsked:
    """What is asked of one kind of end."""

    def __init__(self, mentioned: Mapping[str, Collection[str]]) -> None:
        self.labels = {key: Values(set(values)) for key, values in mentioned.items()}
        self.accounts: Values | None = None
        self.port_names: set[str] = set()
        self.workloads: set[tuple[str, str]] = set()
        self.asks_for_addresses = False
        self.asks_for_node_groups = self.asks_for_nodes = False
        self._reduced: dict[Labels, Reduced] = {}

    def add(self, leaf: Leaf) -> None:
        match leaf:
            case Test(attribute):
                self._add_value(attribute, leaf)
            case Same(left, right):
                self._add_value(left, leaf)
                self._add_value(right, leaf)
            case OnPorts(name=name) if name:
                self.port_names.add(name)
            case Member(_, AtAddress() | OnNodes()):
                self.asks_for_addresses = True
            case Member(_, OfWorkload(namespace, name)):
                self.workloads.add((namespace, name))
            case _:
                pass

    def _add_value(self, attribute: Attribute, leaf: Test | Same) -> None:
        if attribute.name is Name.LABEL:
            self.labels.setdefault(attribute.key, Values()).add(leaf)
        elif attribute.name is Name.SERVICE_ACCOUNT:
            self.accounts = self.accounts or Values()
            self.accounts.add(leaf)
        elif attribute.name is Name.NODE_GROUPS:
            self.asks_for_node_groups = True
        elif attribute.name is Name.NODES:
            self.asks_for_nodes = True

    def reduced(self, labels: Labels) -> Reduced:
        """The labels as far as anything tells them apart; many pods have the same."""
        found = self._reduced.get(labels)
        if found is None:
            known = self.labels
            few, many = (labels, known) if len(labels) < len(known) else (known, labels)
            keys = [key for key in few if key in many]
            found = self._reduced[labels] = tuple(sorted((key, known[key].reduced(labels[key])) for key in keys))
        return found

    def names_of(self, workload: Workload) -> tuple[tuple[str, str], ...]:
        """Those by which somebody asks for it."""
        if not self.workloads:
            return ()
        return tuple(sorted((ns, name) for ns, name in self.workloads if workload.owner.startswith(f"{ns}/{name}[")))

    def account(self, name: str) -> str | None:
        return None if self.accounts is None else self.accounts.reduced(name)


class Asked:
    """What is asked of each kind of end; `mentioned`: values of pods' labels that count whatever policies say."""

    def __init__(self, stages: Iterable[StageRules], mentioned: Mapping[str, Collection[str]]) -> None:
        self.of = {kind: OfKindAsked(mentioned if kind is EndKind.POD else {}) for kind in EndKind}
        for rules in stages:
            for _, entry in rules.entries:
                for rule in entry.rules:
                    self._add(rules.shapes.of(rule.when).leaves)
            for formula in _others(rules):
                self._add(asked_in(formula, rules.kinds))

    def _add(self, leaves: Iterable[tuple[Leaf, frozenset[EndKind]]]) -> None:
        for leaf, kinds in leaves:
            if isinstance(leaf, Member):
                if isinstance(leaf.ends, OfKind):
                    continue
                if isinstance(leaf.ends, OnNodes):
                    for labelled, _ in asked_in(leaf.ends.labels):
                        self.of[EndKind.NODE].add(labelled)
            elif isinstance(leaf, OnPorts) and not leaf.name:
                continue
            for kind in kinds:
                self.of[kind].add(leaf)


def _others(rules: StageRules) -> Iterator[Formula]:
    """What the stage asks beside its rules, of whatever end."""
    stage = rules.stage
    yield from (entry.subject for _, entry in rules.entries)
    for doubt in stage.doubts:
        yield from (doubt.denies, doubt.allows)
    yield from (disguise.when for disguise in stage.disguises)
    yield stage.arrival.balanced
    leading = [*(way.port for way in stage.ways), *(way.port for way in stage.node_ways)]
    yield from (leads(rules.cluster, port) for port in leading)
