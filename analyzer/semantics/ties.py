"""Which equal priorities a connection meets (reference B1.2, C2.3)."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.open_facts import OpenFact
from analyzer.model.profile import Profile
from analyzer.semantics.node_ways import BY_A_NODE
from analyzer.semantics.oracle import decide
from analyzer.semantics.settling import runs


def ties(cluster: Cluster, profile: Profile, connection: Connection) -> tuple[OpenFact, ...]:
    """The facts `tie` and `scales` that some way of settling the open facts meets: policies of one priority, or of
    priorities that nothing compares, that match the connection itself and do different things, not one to a node that
    leads there.  Whether that changes the decision is another question (`open_facts`)."""
    found: dict[OpenFact, None] = {}
    for _, answers in runs(lambda settle: decide(cluster, profile, connection, settle)):
        if BY_A_NODE not in answers.values():
            found |= dict.fromkeys(fact for fact in answers if fact.kind in ("tie", "scales"))
    return tuple(found)
