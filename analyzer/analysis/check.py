"""Answer every query of every pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.assumptions import breaches, stated_assumptions
from analyzer.analysis.cross_check import cross_check, together
from analyzer.analysis.service_ports import service_port_slips
from analyzer.encoding.walk import claim_sets, leaves
from analyzer.model.claims import Pack, PodsIn, Query, WorkloadNamed
from analyzer.model.cluster import Cluster
from analyzer.model.policies import NamespaceNamed
from analyzer.model.source import Notice
from analyzer.verdicts import Answer, CrossCheck, Section, Setting, Verdict, judge

Progress = Callable[[str, int, int], None]


def check(
    cluster: Cluster,
    packs: Sequence[Pack],
    *,
    setting: Setting,
    progress: Progress | None = None,
    second_solver: str | None = None,
) -> Answer:
    """The verdict on each query, in order, with the assumptions they stand on.

    `progress` is told the query's id, how many are done and how many there are.  `second_solver` answers every step
    again, with a budget like the first one's; InternalError where it contradicts one.
    """
    asking = replace(setting, keeps_steps=setting.keeps_steps or second_solver is not None)
    checked: list[CrossCheck] = []
    total = sum(len(pack.queries) for pack in packs)
    sections: list[Section] = []
    done = 0
    for pack in packs:
        verdicts: list[Verdict] = []
        for query in pack.queries:
            if progress is not None:
                progress(query.id, done, total)
            verdict = judge(cluster, query, pack.assumptions, asking)
            if second_solver is not None:
                checked.append(cross_check(verdict, second_solver, setting.budget))
            if not setting.keeps_steps:
                verdict = replace(verdict, steps=())
            verdicts.append(replace(verdict, notices=(*verdict.notices, *_unknown_names(cluster, query))))
            done += 1
        sections.append(
            Section(pack.name, pack.title, tuple(verdicts), pack.description, pack.shows, pack.does_not_show)
        )
    if progress is not None:
        progress("", total, total)
    return Answer(
        sections=tuple(sections),
        universe=setting.universe,
        profile=setting.profile,
        assumptions=stated_assumptions(cluster, packs, setting),
        unmodelled=cluster.unmodelled,
        notices=(
            *cluster.notices,
            *service_port_slips(cluster),
            *breaches(cluster, packs),
            *(n for pack in packs for n in pack.notices),
        ),
        tally=tally(cluster),
        cross_check=together(second_solver, checked) if second_solver is not None else None,
    )


def tally(cluster: Cluster) -> tuple[tuple[str, int], ...]:
    """What was read, counted: ("files", 3), …"""
    return (
        ("files", len(cluster.files)),
        ("namespaces", len(cluster.namespaces)),
        ("workloads", len(cluster.workloads)),
        ("policies", len(cluster.policies)),
        ("irrelevant", sum(count for _, count in cluster.irrelevant)),
        ("unmodelled", len(cluster.unmodelled)),
    )


def _unknown_names(cluster: Cluster, query: Query) -> Iterator[Notice]:
    """A namespace or workload that nothing mentions is no error: it may be created later, or be misspelt."""
    seen: set[str] = set()
    for leaf in claim_sets(query.claim):
        for part in leaves(leaf):
            match part:
                case PodsIn(NamespaceNamed(name), _) if name not in cluster.namespace_by_name:
                    text = f"query `{query.id}` names namespace `{name}`, which no manifest mentions"
                case WorkloadNamed(namespace, name) if not _is_declared(cluster, namespace, name):
                    text = f"query `{query.id}` names workload `{namespace}/{name}`, which no manifest declares"
                case _:
                    continue
            if text not in seen:
                seen.add(text)
                yield Notice(query.source, text)


def _is_declared(cluster: Cluster, namespace: str, name: str) -> bool:
    return any(w.name == name for w in cluster.workloads_by_namespace.get(namespace, ()))
