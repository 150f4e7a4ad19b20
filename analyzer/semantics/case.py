"""What a decision is about: one connection, in one cluster, under one profile."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics.settling import Settle


@dataclass(frozen=True, slots=True)
class Case:
    """One connection to decide, and who settles what is open."""

    cluster: Cluster
    profile: Profile
    connection: Connection
    settle: Settle

    def near_end(self, direction: Direction) -> End:
        """The end that is judged: the source for egress, the destination for ingress."""
        return self.connection.src if direction is Direction.EGRESS else self.connection.dst

    def far_end(self, direction: Direction) -> End:
        """The end that the rules' peers are compared with."""
        return self.connection.dst if direction is Direction.EGRESS else self.connection.src
