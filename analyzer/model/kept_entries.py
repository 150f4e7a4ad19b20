"""What policies say, kept from one state of a cluster to the next for as long as what it was read from is the same."""

from __future__ import annotations

from dataclasses import fields

from analyzer.model.cluster import Cluster
from analyzer.model.memory import remembered
from analyzer.model.pipeline import Entry
from analyzer.model.policies import Direction, Policy
from analyzer.model.profile import Profile


@remembered
def room_of_entries(
    cluster: Cluster, profile: Profile, direction: Direction, ends: object
) -> dict[int, tuple[Policy, Entry]]:
    """Room for what each policy says, by its `id()`; reading one looks at no other, and at nothing unmodelled.  `ends`
    is what it looks at of namespaces, workloads and Services, or None where that may be anything."""
    for part in fields(Cluster):
        if part.name not in _NOT_READ and (ends is None or part.name not in _OF_ENDS):
            getattr(cluster, part.name)
    return {}


_NOT_READ = frozenset({"policies", "unmodelled", "notices", "memory"})
_OF_ENDS = frozenset({"namespaces", "workloads", "services", "endpoints", "finished", "needs", "irrelevant", "files"})
