"""The cluster without the assumptions that knobs lift: there may be other nodes than those declared, and other labels
than those written."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.added_labels import Added, Listed, Unwritten
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.knobs import LabelsAsWritten
from analyzer.model.profile import Profile


def lifted(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as far as it is known where the profile's knobs lift assumptions; the same one where they lift
    none."""
    key = ("lifted", profile.nodes_complete, profile.labels_as_written)
    if key[1:] == (True, LabelsAsWritten.TRUE) or cluster.readings.get("is lifted") == key:
        return cluster
    found = cluster.readings.get(key)
    if not isinstance(found, Cluster):
        workloads = tuple(_lifted(workload, profile) for workload in cluster.workloads)
        found = cluster if workloads == cluster.workloads else replace(cluster, workloads=workloads)
        cluster.readings[key] = found
        found.readings["is lifted"] = key
    return found


def _lifted(workload: Workload, profile: Profile) -> Workload:
    added = workload.added
    if not profile.nodes_complete:
        added = tuple(one for each in added for one in _elsewhere(each))
    match profile.labels_as_written:
        case _ if workload.ips:  # it runs, and what it is called is what the cluster holds
            pass
        case LabelsAsWritten.MORE if not any(isinstance(one, Unwritten) for one in added):
            keys = {key for one in added if not isinstance(one, Unwritten) for key in one.all_keys}
            added = (*added, Unwritten(frozenset({*workload.labels, *keys})))
        case LabelsAsWritten.FALSE:
            added = (Unwritten(frozenset()),)
    return workload if added == workload.added else replace(workload, added=added)


def _elsewhere(added: Added) -> tuple[Added, ...]:
    """What a node may give that nobody has declared, where the pod is not known to be on one that is."""
    return added.otherwise if isinstance(added, Listed) and added.otherwise else (added,)
