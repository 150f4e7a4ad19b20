"""What Ingresses and Gateway API routes lead to in two revisions: flows from the ingress controller that changed."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.analysis.connectivity.ingress import with_ingress
from analyzer.judging import Setting
from analyzer.model.cluster import Cluster, Workload
from analyzer.sets import ConnectionSet
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap
from analyzer.verdicts.difference import ChangedPairs

Flow = tuple[ConnectionSet, ConnectionSet]  # what may be allowed, what is so for certain
_NOTHING: Flow = (ConnectionSet.EMPTY, ConnectionSet.EMPTY)


def changed_flows(
    old: tuple[ConnectivityMap, Cluster],
    new: tuple[ConnectivityMap, Cluster],
    ends: tuple[str, ...],
    setting: Setting,
    controllers: tuple[Workload, ...] = (),
) -> tuple[tuple[str, ...], tuple[ChangedPairs, ...]]:
    """The ends with the controller and what only routes lead to behind them, and each workload to which it may open
    something else than before.  The ends as they are, where nothing changed.  `controllers`: of either revision; one
    that holds none of them has no controller."""
    asked = setting.of_sides
    before, after = _flows(*old, asked[0], controllers), _flows(*new, asked[1], controllers)
    numbers = {end: number for number, end in enumerate(ends)}
    changes: list[ChangedPairs] = []
    for workload in sorted({**before, **after}):
        was, now = before.get(workload, _NOTHING), after.get(workload, _NOTHING)
        if was != now:
            src = numbers.setdefault(INGRESS_CONTROLLER, len(numbers))
            dst = numbers.setdefault(workload, len(numbers))
            changes.append(ChangedPairs((src,), (dst,), was[0], now[0], was[1], now[1]))
    return tuple(numbers), tuple(changes)


def _flows(
    found: ConnectivityMap, cluster: Cluster, setting: Setting, controllers: tuple[Workload, ...]
) -> Mapping[str, Flow]:
    if controllers and not {it.id for it in controllers} & {it.id for it in cluster.workloads}:
        return {}
    edges = with_ingress(found, cluster, setting=setting, controllers=controllers).ingress
    return {edge.dst.id: (edge.allowed & ConnectionSet.PORTS, edge.certain & ConnectionSet.PORTS) for edge in edges}
