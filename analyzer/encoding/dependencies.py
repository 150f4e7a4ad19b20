"""What the answer to a question depends on: two clusters that agree in it give the same answer.

It holds all that the slice is made of, and what the same question asked of the declared workloads alone needs.
"""

from __future__ import annotations

from analyzer.encoding.mediation import Mediation
from analyzer.encoding.namespaces import Entry
from analyzer.encoding.question import Question
from analyzer.encoding.reach import Ends
from analyzer.encoding.request_rows import RequestDomains
from analyzer.encoding.scope import scope_of
from analyzer.encoding.vocabulary import Vocabulary, asked_in_pipeline
from analyzer.model.cluster import Cluster, Node, Unmodelled, Workload
from analyzer.model.formulas import Test
from analyzer.model.mesh import MeshConfig
from analyzer.model.on_nodes import every_node_address
from analyzer.model.pipeline import Stage
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True)
class Dependencies:
    """`question`: as it is put to this cluster; `workloads` are those of the namespaces that the ends can be in, one
    tuple for each; what is not named as in a Scope is of the whole cluster.  Policies know their place in the files,
    and so does an answer that names them."""

    question: Question
    namespaces: tuple[Entry, ...]
    src: Ends
    dst: Ends
    egress: Stage
    ingress: Stage
    vocabulary: Vocabulary
    namespace_tests: frozenset[Test]
    workloads: tuple[tuple[Workload, ...], ...]
    has_host_network: bool
    nodes: tuple[Node, ...]
    every_node: AddressSet | None
    unmodelled: tuple[Unmodelled, ...]
    pod_addresses: AddressSet
    taken: AddressSet
    inner: AddressSet
    added_keys: frozenset[str]
    mesh: Mediation
    requests: RequestDomains
    mesh_config: MeshConfig


def dependencies_of(cluster: Cluster, question: Question) -> Dependencies:
    """What the answer to the question depends on in this cluster."""
    scope = scope_of(cluster, question)
    by_namespace = cluster.workloads_by_namespace
    touched = sorted(scope.src.namespaces | scope.dst.namespaces)
    return Dependencies(
        question=question,
        namespaces=scope.table.entries,
        src=scope.src,
        dst=scope.dst,
        egress=scope.egress,
        ingress=scope.ingress,
        vocabulary=scope.vocabulary,
        namespace_tests=asked_in_pipeline(cluster, question.profile).of_namespaces,
        workloads=tuple(by_namespace.get(scope.table.entries[code].name or "", ()) for code in touched),
        has_host_network=cluster.has_host_network,
        nodes=cluster.nodes,
        every_node=every_node_address(cluster, question.profile),
        unmodelled=cluster.unmodelled,
        pod_addresses=scope.pod_addresses,
        taken=scope.taken,
        inner=cluster.inner_addresses,
        added_keys=cluster.added_keys,
        mesh=scope.mesh,
        requests=scope.requests,
        mesh_config=cluster.mesh.config,
    )
