"""Random pairs of revisions: a cluster and what an edit, or another author, made of it.

revisions()           (before, after): policies added, dropped or exchanged; sometimes also labels of namespaces,
                      which namespaces are declared or there at all, workloads and all the rest
seen_by(c, cluster)   the connection as that side has it: with its labels of the namespaces
"""

from __future__ import annotations

from dataclasses import replace

from clusters import DECLARED, clusters, label_maps, policy_sets
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels


@st.composite
def revisions(draw: DrawFn, *, is_all_modelled: bool = False) -> tuple[Cluster, Cluster]:
    before = draw(clusters(is_all_modelled=is_all_modelled))
    if draw(st.sampled_from((False, False, True))):
        return before, draw(clusters(is_all_modelled=is_all_modelled))
    kept = [p for p in before.policies if draw(st.sampled_from((True, True, False)))]
    added = [p for p in draw(policy_sets()) if p.id not in {k.id for k in kept}]
    after = replace(before, policies=(*kept, *added))
    if draw(st.booleans()):
        after = replace(after, namespaces=tuple(draw(_edited(n)) for n in before.namespaces))
    if draw(st.sampled_from((False, False, True))):
        gone = draw(st.sampled_from(DECLARED))
        after = replace(
            after,
            namespaces=tuple(n for n in after.namespaces if n.name != gone),
            policies=tuple(p for p in after.policies if p.namespace != gone),
            workloads=tuple(w for w in after.workloads if w.namespace != gone),
        )
    return (before, after) if draw(st.booleans()) else (after, before)


@st.composite
def _edited(draw: DrawFn, namespace: Namespace) -> Namespace:
    is_declared = draw(st.booleans())
    own = draw(label_maps()) if is_declared else Labels()
    return Namespace(namespace.name, Labels({**own, NAMESPACE_NAME_LABEL: namespace.name}), is_declared)


def seen_by(connection: Connection, cluster: Cluster) -> Connection:
    return replace(connection, src=_seen(connection.src, cluster), dst=_seen(connection.dst, cluster))


def _seen(end: End, cluster: Cluster) -> End:
    namespace = cluster.namespace_by_name.get(end.namespace) if isinstance(end, Pod) else None
    if isinstance(end, Pod) and namespace is not None and namespace.is_declared:
        return replace(end, namespace_labels=namespace.labels)
    return end
