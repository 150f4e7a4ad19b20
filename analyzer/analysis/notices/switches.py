"""Enforcement that a knob says is on, and objects say is off."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.model.source import Notice


def switch_notices(cluster: Cluster, profile: Profile) -> Iterator[Notice]:
    """What the VPC CNI is told, where it is taken to enforce all the same (aws.md N1, N2)."""
    if not profile.reads_aws or cluster.aws.network_policy is not False:
        return
    for one in cluster.aws.switched_off:
        text = f"{one.what} does not switch network policies on; knob enable-network-policy says that they are enforced"
        yield Notice(one.source, text, is_kept=True)
