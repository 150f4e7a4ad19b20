"""The namespaces of a question, numbered; selectors over known labels are evaluated here, once, to sets of codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from analyzer.encoding.domains import is_like
from analyzer.errors import InternalError
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Not, Some, Test
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.records import dataclass


class Standing(Enum):
    KNOWN = "known"  # labels are those written, or the question closes the world
    MENTIONED = "mentioned"  # it exists, its labels but for the name are unknown
    FUTURE = "future"  # not created yet


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` is None for a fresh namespace: its name is none that anything mentions."""

    name: str | None
    standing: Standing
    labels: Labels


FRESH_NAMESPACES = 2  # one for each end


class NamespaceTable:
    """Codes are indices into `entries`; `none` is the code of an end that is no pod."""

    def __init__(self, cluster: Cluster, universe: Universe, open_labels: bool, named: Iterable[str]) -> None:
        """`named`: names that selectors or the query mention.  `open_labels`: keep the labels of namespaces merely
        mentioned unknown even in the inventory (to tell what is certain)."""
        closed = universe is Universe.INVENTORY and not open_labels
        entries = [
            Entry(n.name, Standing.KNOWN if n.is_declared or closed else Standing.MENTIONED, n.labels)
            for n in cluster.namespaces
        ]
        if universe is Universe.ANY:
            there = cluster.namespace_by_name
            entries += [
                Entry(name, Standing.FUTURE, Labels({NAMESPACE_NAME_LABEL: name}))
                for name in sorted(set(named) - there.keys())
            ]
            entries += [Entry(None, Standing.FUTURE, Labels()) for _ in range(FRESH_NAMESPACES)]
        self.entries = tuple(entries)
        self.none = len(entries)
        self.every = frozenset(range(len(entries)))
        self._by_name = {e.name: code for code, e in enumerate(entries) if e.name is not None}
        self._of = {s: frozenset(c for c in self.every if entries[c].standing is s) for s in Standing}
        self._known = self._of[Standing.KNOWN]
        self._by_pair: dict[tuple[str, str], set[int]] = {}
        self._by_key: dict[str, set[int]] = {}
        for code in sorted(self._known):
            for key, value in entries[code].labels.items():
                self._by_pair.setdefault((key, value), set()).add(code)
                self._by_key.setdefault(key, set()).add(code)
        self._meeting_formulas: dict[Formula, frozenset[int]] = {}
        self._by_value: dict[str, list[tuple[str | None, list[int]]]] = {}

    def code(self, name: str) -> int | None:
        return self._by_name.get(name)

    def of(self, standing: Standing) -> frozenset[int]:
        return self._of[standing]

    def by_value(self, key: str) -> list[tuple[str | None, list[int]]]:
        """The namespaces of known labels, in order, by their values for the label; None for those without."""
        found = self._by_value.get(key)
        if found is None:
            groups: dict[str | None, list[int]] = {}
            for code in sorted(self._known):
                groups.setdefault(self.entries[code].labels.get(key), []).append(code)
            found = self._by_value[key] = list(groups.items())
        return found

    def known_where(self, formula: Formula) -> frozenset[int]:
        """The namespaces of known labels that meet a formula which asks of nothing else."""
        found = self._meeting_formulas.get(formula)
        if found is None:
            found = self._meeting_formulas[formula] = self._where(formula)
        return found

    def _where(self, formula: Formula) -> frozenset[int]:
        match formula:
            case All(parts):
                return self._known.intersection(*map(self._where, parts))
            case Some(parts):
                return frozenset().union(*map(self._where, parts))
            case Not(part):
                return self._known - self._where(part)
            case Test(Attribute(_, Name.NAMESPACE), frozenset() as names):
                return self._known & {code for name in names if (code := self._by_name.get(name)) is not None}
            case Test(Attribute(_, Name.NAMESPACE), None):
                return self._known
            case Test(Attribute(_, Name.NAMESPACE_LABEL, key), frozenset() as values):
                return frozenset(code for value in values for code in self._by_pair.get((key, value), ()))
            case Test(Attribute(_, Name.NAMESPACE_LABEL, key), meets):
                return frozenset(c for c in self._by_key.get(key, ()) if is_like(self.entries[c].labels[key], meets))
            case _:
                raise InternalError(f"{formula} asks of more than a namespace")


@dataclass(frozen=True, slots=True)
class Side:
    """One revision with its numbering of the namespaces, which is the same on both sides but for their labels."""

    cluster: Cluster
    table: NamespaceTable


def namespace_table(cluster: Cluster, universe: Universe, open_labels: bool, named: Iterable[str]) -> NamespaceTable:
    """The table for a question, the same for all questions about a cluster that need the same one."""
    there = cluster.namespace_by_name
    created = frozenset(name for name in named if name not in there) if universe is Universe.ANY else frozenset()
    key = (NamespaceTable, universe, open_labels and universe is Universe.INVENTORY, created)
    return cluster.recall(key, lambda reading: NamespaceTable(reading, universe, open_labels, created))
