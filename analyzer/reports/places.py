"""Where in the user's files a finding stands, the line most to the point first."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, Pod
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.reports import parts, words
from analyzer.semantics.decision import Ruling
from analyzer.verdicts.verdict import Counterexample, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, and what stands there, as one phrase."""

    source: Source
    text: str


def places(verdict: Verdict, example: Counterexample | None, cluster: Cluster) -> tuple[Place, ...]:
    """The places of a counterexample, or of a verdict that has none; each line once.

    First the rules that let the connection through, or that deny what should be allowed, then whole policies, the
    workloads at the two ends, their namespaces, and the query.  Empty if none of them stands in a file.
    """
    found: dict[Source, Place] = {}
    for place in (*(_of_example(example, cluster) if example else ()), *_of_query(verdict)):
        if is_file(place.source.file):
            found.setdefault(place.source, place)
    return tuple(found.values())


def is_file(name: str) -> bool:
    """Whether the name is a file's: not that of standard input or of the command line."""
    return bool(name) and not name.startswith("<") and name != "-q"


def _of_example(example: Counterexample, cluster: Cluster) -> Iterator[Place]:
    found = [(ruling, ref) for ruling in _deciding(example) for ref in ruling.rules]
    found.sort(key=lambda one: one[1].rule is None)
    for ruling, ref in found:
        yield Place(ref.source, f"{ruling.stage} {'allowed' if ruling.allowed else 'denied'}: {words.rule(ref)}")
    pods = [end for end in _ends(example) if isinstance(end, Pod)]
    sources = {workload.owner: workload.source for workload in reversed(cluster.workloads)}
    for pod in pods:
        if pod.workload in sources:
            yield Place(sources[pod.workload], f"workload {pod.workload}")
    for pod in pods:
        namespace = cluster.namespace_by_name.get(pod.namespace)
        if namespace is not None and namespace.is_declared:
            yield Place(namespace.source, f"namespace {pod.namespace}")


def _deciding(example: Counterexample) -> tuple[Ruling, ...]:
    """The rulings that make it a counterexample; who lets in goes before who lets out."""
    if example.decision is None:
        return ()
    rulings = tuple(reversed(example.decision.stages))
    return rulings if example.decision.allowed else tuple(ruling for ruling in rulings if not ruling.allowed)


def _ends(example: Counterexample) -> tuple[End, ...]:
    if example.connection is not None:
        return (example.connection.dst, example.connection.src)
    return (example.subject,) if example.subject else ()


def _of_query(verdict: Verdict) -> Iterator[Place]:
    yield Place(verdict.query.source, f"query {verdict.query.id}: {parts.line(verdict.query.text)}")
