"""Workloads by the labels that they have, so that a selector is put to few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analyzer.model.added_labels import Unwritten
from analyzer.model.cluster import Workload
from analyzer.model.labels import Operator, Selector
from analyzer.semantics import matcher


class Labelled:
    """The workloads of a namespace, in order."""

    def __init__(self, workloads: Sequence[Workload]) -> None:
        self.workloads = workloads
        self._by_label: dict[tuple[str, str], list[Workload]] = {}
        self._by_added: dict[str, list[Workload]] = {}
        self._open: list[Workload] = []  # of which any label may be added
        for workload in workloads:
            for label in workload.labels.items():
                self._by_label.setdefault(label, []).append(workload)
            for added in workload.added:
                if isinstance(added, Unwritten):
                    self._open.append(workload)
                else:
                    for key in added.all_keys:
                        self._by_added.setdefault(key, []).append(workload)

    def meeting(self, selector: Selector) -> Iterator[Workload]:
        """Those whose labels, as written, meet the selector."""
        found, others = self.workloads, selector.requirements
        for requirement in selector.requirements:
            if requirement.operator is Operator.IN and len(requirement.values) == 1:
                (value,) = requirement.values
                having = self._by_label.get((requirement.key, value), ())
                if len(having) < len(found):
                    found, others = having, tuple(r for r in selector.requirements if r is not requirement)
        return filter(_has_labels(Selector(others)), found) if others else iter(found)

    def that_may_meet(self, selector: Selector) -> Iterator[Workload]:
        """Those of which a pod meets it, or may: controllers add labels.  Some may come twice."""
        yield from self.meeting(selector)
        yield from self._open
        for requirement in selector.requirements:
            yield from self._by_added.get(requirement.key, ())


def _has_labels(selector: Selector) -> Callable[[Workload], bool]:
    is_met = matcher(selector)
    return lambda workload: is_met(workload.labels)
