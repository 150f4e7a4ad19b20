"""Answer every query of every pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice

from analyzer.analysis.checking.answering import Answered, Answerer, Task
from analyzer.analysis.checking.assumptions import breaches, stated_assumptions
from analyzer.analysis.checking.cross_check import together
from analyzer.analysis.checking.excuses import Excuses, Excusing
from analyzer.analysis.checking.jobs import Progress, ample_jobs, answer_all
from analyzer.analysis.notices.cut_off import cut_off
from analyzer.analysis.notices.empty_sets import empty_sets
from analyzer.analysis.notices.mesh_notices import mesh_notices
from analyzer.analysis.notices.policy_notices import policy_notices
from analyzer.analysis.notices.service_ports import service_port_slips
from analyzer.analysis.notices.switches import switch_notices
from analyzer.analysis.notices.unknown_labels import is_slip, unknown_labels
from analyzer.analysis.notices.why_vacuous import why_vacuous
from analyzer.encoding.walk import claim_sets
from analyzer.judging import Setting
from analyzer.model.claims import Pack, Query, Universe
from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.model.ends import ServiceNamed
from analyzer.model.enforcing import as_enforced
from analyzer.model.formulas import Attribute, Leaf, Member, Name, OfWorkload, Test
from analyzer.model.mesh import KINDS_OF_MESH
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.verdicts import Answer, Section, Status, Verdict

__all__ = ["Progress", "answer_of", "check", "tally", "tasks_of"]


def check(
    cluster: Cluster,
    packs: Sequence[Pack],
    *,
    setting: Setting,
    progress: Progress | None = None,
    second_solver: str | None = None,
    jobs: int | None = 1,
    excuses: Excuses | None = None,
) -> Answer:
    """The verdict on each query, in order, with the assumptions they stand on.

    `progress` is told a query's id, how many are done and how many there are.  `second_solver` answers every step
    again, with a budget like the first one's; InternalError where it contradicts one.  `jobs` is how many processes
    share the queries, None as many as pay; a script that asks for more than one guards its main module, for where
    processes cannot be forked each imports it.  `excuses`: what does not count.
    """
    cluster = as_enforced(cluster, setting.profile)
    excuses = excuses or Excuses()
    tasks = tasks_of(packs)
    if jobs is None:
        jobs = ample_jobs(cluster, len(tasks))
    answered = answer_all(Answerer(cluster, setting, second_solver, excuses), tasks, jobs, progress)
    if progress is not None:
        progress("", len(tasks), len(tasks))
    return answer_of(cluster, packs, answered, setting=setting, second_solver=second_solver, excuses=excuses)


def tasks_of(packs: Sequence[Pack]) -> tuple[Task, ...]:
    """Every query of the packs, in order."""
    return tuple(Task(query, pack.assumptions, pack.name) for pack in packs for query in pack.queries)


def answer_of(
    cluster: Cluster,
    packs: Sequence[Pack],
    answered: Sequence[Answered],
    *,
    setting: Setting,
    second_solver: str | None = None,
    excuses: Excuses | None = None,
) -> Answer:
    """What the answers to the packs' queries, in order, make together."""
    sections: list[Section] = []
    left = iter(answered)
    for pack in packs:
        found = islice(left, len(pack.queries))
        verdicts = tuple(_explained(cluster, setting.profile, pack, one.verdict) for one in found)
        sections.append(Section(pack.name, pack.title, verdicts, pack.description, pack.shows, pack.does_not_show))
    excusing = Excusing(excuses or Excuses(), cluster, setting.profile)
    checked = [found.cross_check for found in answered if found.cross_check is not None]
    return Answer(
        sections=tuple(sections),
        universe=setting.universe,
        profile=setting.profile,
        assumptions=stated_assumptions(cluster, packs, setting),
        unmodelled=not_modelled(cluster),
        notices=(
            *cluster.notices,
            *service_port_slips(cluster),
            *policy_notices(cluster),
            *switch_notices(cluster, setting.profile),
            *cut_off(cluster, setting),
            *mesh_notices(cluster),
            *breaches(cluster, packs),
            *(n for pack in packs for n in pack.notices),
            *excusing.notices(sections),
        ),
        tally=tally(cluster),
        waivers=excusing.standings(verdict for section in sections for verdict in section.verdicts),
        baseline=excusing.excuses.baseline.file if excusing.excuses.baseline else "",
        namespaces=tuple(sorted(cluster.namespace_by_name)),
        workloads=tuple(sorted(_special(cluster, setting, sections))),
        cross_check=together(second_solver, checked) if second_solver is not None else None,
    )


def _special(cluster: Cluster, setting: Setting, sections: Sequence[Section]) -> Iterator[str]:
    """The workloads that regions of pods in general do not speak of unless they were there."""
    universes = {setting.universe, *(verdict.universe for section in sections for verdict in section.verdicts)}
    for workload in cluster.workloads if Universe.INVENTORY in universes else cluster.on_host_network:
        yield workload.id


def tally(cluster: Cluster) -> tuple[tuple[str, int], ...]:
    """What was read, counted: ("files", 3), …"""
    return (
        ("files", len(cluster.files)),
        ("namespaces", len(cluster.namespaces)),
        ("workloads", len(cluster.owners)),  # not their sorts of pods
        ("policies", len(cluster.policies) + len(cluster.calico.policies) + len(cluster.formula_policies)),
        ("irrelevant", sum(count for _, count in cluster.irrelevant)),
        ("unmodelled", len(not_modelled(cluster))),
    )


def not_modelled(cluster: Cluster) -> tuple[Unmodelled, ...]:
    """The objects that the answers do not take into account; those that judge requests they do."""
    return tuple(it for it in cluster.unmodelled if not (it.asks_requests and it.kind in KINDS_OF_MESH))


def _explained(cluster: Cluster, profile: Profile, pack: Pack, verdict: Verdict) -> Verdict:
    """The verdict with what it names and nothing has, and if it is vacuous why."""
    query = verdict.query
    blame = verdict.blame
    if verdict.status is Status.VACUOUS:
        blame = (*blame, *why_vacuous(cluster, pack, query))
    return replace(verdict, notices=(*verdict.notices, *slips_in(query, cluster, profile)), blame=blame)


def slips_in(query: Query, cluster: Cluster, profile: Profile) -> Iterator[Notice]:
    """What a query may not mean as it is written: sets that no end is in, names and labels that no manifest has."""
    yield from empty_sets(query)
    yield from _unknown_names(cluster, query)
    yield from unknown_labels(cluster, profile, query)


def _unknown_names(cluster: Cluster, query: Query) -> Iterator[Notice]:
    """Namespaces, workloads and Services of a query that no manifest has, each with the nearest: no errors, for they
    may be created later, or be misspelt."""
    seen: set[str] = set()
    for leaf in claim_sets(query.claim):
        for text, near in _unknown_in(leaf, cluster, f"query `{query.id}` names"):
            if text not in seen:
                seen.add(text)
                yield Notice(query.source, f"{text}{near}", is_kept=is_slip(query, near))


def _unknown_in(leaf: Leaf, cluster: Cluster, named: str) -> Iterator[tuple[str, str]]:
    """Each with the known name that is near, or nothing."""
    match leaf:
        case Test(Attribute(_, Name.NAMESPACE), frozenset() as names):
            for name in sorted(names - cluster.namespace_by_name.keys()):
                near = _near(name, cluster.namespace_by_name)
                yield f"{named} namespace `{name}`, which no manifest mentions", near
        case Member(_, OfWorkload(namespace, name)) if not _is_declared(cluster, namespace, name):
            near = _near(name, {w.name for w in cluster.workloads_by_namespace.get(namespace, ())})
            yield f"{named} workload `{namespace}/{name}`, which no manifest declares", near
        case Member(_, ServiceNamed(namespace, name)) if (namespace, name) not in cluster.service_by_name:
            near = _near(name, {s.name for s in cluster.services if s.namespace == namespace})
            yield f"{named} Service `{namespace}/{name}`, which no manifest declares", near


def _near(name: str, known: Iterable[str]) -> str:
    """`; is `shop` meant?`, where a known name is near."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"; is `{close[0]}` meant?" if close else ""


def _is_declared(cluster: Cluster, namespace: str, name: str) -> bool:
    return any(w.name == name for w in cluster.workloads_by_namespace.get(namespace, ()))
