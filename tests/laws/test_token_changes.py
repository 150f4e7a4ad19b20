"""The table of an inventory where RequestAuthentications take other tokens: held to what the solver finds of the same
workloads, for other issuers and other audiences, with policies that ask for tokens and without."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_mesh_diff_laws import setting
from test_mesh_laws import DST, OURS, cluster_of

from analyzer.analysis.revisions.inventory_difference import inventory_difference
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import Labels
from analyzer.model.mesh import (
    Attachment,
    AuthorizationPolicy,
    Condition,
    JwtRule,
    Mesh,
    MeshRule,
    RequestAuthentication,
    Verdict,
)

NONE: tuple[JwtRule, ...] = ()
OF_A, OF_B = (JwtRule("https://a"),), (JwtRule("https://b"),)
FOR_X, FOR_Y, FOR_BOTH = ((JwtRule("https://a", audiences),) for audiences in (("x",), ("y",), ("x", "y")))
CHANGES = [(OF_A, OF_B), (NONE, OF_A), (FOR_X, FOR_Y), (FOR_X, FOR_BOTH), (NONE, FOR_X)]
ANY_TOKEN = AuthorizationPolicy(
    "foo",
    "tokens",
    Attachment("foo"),
    Verdict.ALLOW,
    (MeshRule((), (), (Condition("request.auth.principal", ("*",)),), 0),),
)


def cluster(rules: tuple[JwtRule, ...], *, needs_token: bool) -> Cluster:
    authentication = (RequestAuthentication("foo", "r", Attachment("foo"), rules),) if rules else ()
    found = cluster_of(Mesh((*authentication, *([ANY_TOKEN] if needs_token else []))))
    workloads = (
        Workload("Pod", "foo", "srv", DST.labels, ips=(DST.ip,), is_single=True),
        Workload("Pod", "dev", "cli", Labels({})),
    )
    namespaces = (
        Namespace("foo", OURS, True),
        Namespace("dev", Labels({"kubernetes.io/metadata.name": "dev"}), True),
    )
    return replace(found, workloads=workloads, namespaces=namespaces)


@pytest.mark.parametrize("needs_token", [False, True])
def test_other_tokens_are_other_requests(needs_token: bool) -> None:
    its = setting(Universe.INVENTORY)
    for was, now in CHANGES:
        old, new = (cluster(rules, needs_token=needs_token) for rules in (was, now))
        table = inventory_difference(old, new, setting=its)
        more, less = (bool(find(Revisions(old, new), its, 1).changes) for find in (gained, lost))
        assert not table.reason, (was, now)
        told = any(change.gained for change in table.changes), any(change.lost for change in table.changes)
        assert told == (more, less), (was, now)
