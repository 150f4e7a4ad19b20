"""What the answer to a question depends on: two clusters that agree in it give the same answer.

It holds all that the slice is made of, and what the same question asked of the declared workloads alone needs.
"""

from __future__ import annotations

from analyzer.encoding.namespaces import Entry
from analyzer.encoding.question import Question
from analyzer.encoding.scope import Front, Reach, scope_of
from analyzer.encoding.vocabulary import Vocabulary
from analyzer.model.calico import Calico
from analyzer.model.cluster import Cluster, Node, Unmodelled, Workload
from analyzer.model.domains import ClusterName
from analyzer.model.labels import Selector
from analyzer.model.leading import NodeWay, Way
from analyzer.model.policies import Policy
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True)
class Dependencies:
    """`workloads` are those of the namespaces that the ends can be in, one tuple for each; what is not named as in a
    Scope is of the whole cluster.  Policies know their place in the files, and so does an answer that names them."""

    namespaces: tuple[Entry, ...]
    src: Reach
    dst: Reach
    egress: tuple[Policy, ...]
    ingress: tuple[Policy, ...]
    vocabulary: Vocabulary
    namespace_selectors: frozenset[Selector]
    domains: tuple[tuple[str, ClusterName | None], ...]
    workloads: tuple[tuple[Workload, ...], ...]
    has_host_network: bool
    nodes: tuple[Node, ...]
    fronts: tuple[Front, ...]
    unmodelled: tuple[Unmodelled, ...]
    pod_addresses: AddressSet
    taken: AddressSet
    ways: tuple[Way, ...]
    node_ways: tuple[NodeWay, ...]
    calico: Calico


def dependencies_of(cluster: Cluster, question: Question) -> Dependencies:
    """What the answer to the question depends on in this cluster."""
    scope = scope_of(cluster, question)
    by_namespace = cluster.workloads_by_namespace
    touched = sorted(scope.src.namespaces | scope.dst.namespaces)
    return Dependencies(
        namespaces=scope.table.entries,
        src=scope.src,
        dst=scope.dst,
        egress=scope.egress,
        ingress=scope.ingress,
        vocabulary=scope.vocabulary,
        namespace_selectors=frozenset(cluster.namespace_selectors),
        domains=tuple((name, cluster.domain_of_cluster(name)) for name in cluster.domain_names),
        workloads=tuple(by_namespace.get(scope.table.entries[code].name or "", ()) for code in touched),
        has_host_network=cluster.has_host_network,
        nodes=cluster.nodes,
        fronts=scope.fronts,
        unmodelled=cluster.unmodelled,
        pod_addresses=scope.pod_addresses,
        taken=scope.taken,
        ways=scope.ways,
        node_ways=scope.node_ways,
        calico=cluster.calico,
    )
