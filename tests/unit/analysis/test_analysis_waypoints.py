"""Claims about what stands behind a waypoint: what a request in mutual TLS comes to there is unknown, and says so.

Plaintext goes past it, as what is no TCP does (istio.md 6), so that what hangs on that alone keeps its answer.
"""

from pathlib import Path

import pytest

from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.verdicts.verdict import Status

CASE = Path(__file__).parents[2] / "layers" / "istio-ambient" / "waypoint-wp-service" / "manifests.yaml"
"""Service foo/srv asks for waypoint foo/wp, whose policy lets dev/a GET."""

ONLY_BY_WAYPOINT = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: only-by-waypoint, namespace: foo}
spec:
  selector: {matchLabels: {app: srv}}
  rules: [{from: [{source: {principals: [cluster.local/ns/foo/sa/wp]}}]}]
"""
BARE = """apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: dev, labels: {LABELS}}
spec: {containers: [{name: c}]}
"""
SHUT = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: foo}
spec: {podSelector: {matchLabels: {app: APP}}, policyTypes: [Ingress], ingress: [RULES]}
"""


def shut(rules: str = "", app: str = "srv") -> str:
    return SHUT.replace("APP", app).replace("RULES", rules)


OTHERS = "---\n" + BARE.replace("NAME", "c").replace("LABELS", "app: c")
ASKING = "---\n" + BARE.replace("NAME", "d").replace(
    "LABELS", "app: d, istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: foo"
)


def cluster(more: str) -> Cluster:
    return load(["-"], stdin=lambda: (CASE.read_text(encoding="utf-8") + more).encode()).cluster


SRV = "pods(app=srv) in namespace foo on tcp/8080"
SERVICE = "service foo/srv on tcp/80"
SPOKEN_OF = {
    "its own policies": [
        (f"some namespace dev can reach {SERVICE} where request.tls == mtls", "", Status.UNKNOWN),
        (f"every namespace dev can reach {SERVICE} where request.tls == mtls", "", Status.UNKNOWN),
        (f"every namespace dev can reach {SRV} where request.tls == mtls", "", Status.UNKNOWN),
        (
            f'no namespace dev can reach {SERVICE} where request.method == "POST" and request.tls == mtls',
            "",
            Status.UNKNOWN,
        ),
    ],
    "past it": [
        (f"some namespace dev can reach {SERVICE} where request.tls == plaintext", "", Status.PROVED),
        (f"every namespace dev can reach {SERVICE}", "", Status.PROVED),
        (f'no namespace dev can reach {SERVICE} where request.method == "POST"', "", Status.REFUTED),
        ("no namespace dev can reach pods(app=srv) in namespace foo on udp/53", "", Status.REFUTED),
    ],
    "only through it": [
        (f'no namespace dev can reach {SRV} where request.method == "POST"', ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f"no namespace dev can reach {SERVICE}", ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f'every namespace dev can reach {SERVICE} where request.method == "GET"', ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f'every namespace dev can reach {SERVICE} where request.method == "POST"', ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f"some namespace dev can reach {SRV}", ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f"every namespace dev can reach {SRV}", ONLY_BY_WAYPOINT, Status.UNKNOWN),
        (f"no namespace dev can reach {SRV} where request.tls == plaintext", ONLY_BY_WAYPOINT, Status.PROVED),
    ],
    "shut off by its own policies": [
        (f"no namespace dev can reach {SRV}", shut(), Status.PROVED),
        (f"no namespace dev can reach {SERVICE}", shut(), Status.PROVED),
        (f"some namespace dev can reach {SRV} where request.tls == mtls", shut(), Status.REFUTED),
        (f"every namespace dev can reach {SRV}", shut(), Status.REFUTED),
        (f"no namespace dev can reach {SRV}", shut("{ports: [{protocol: UDP}]}"), Status.PROVED),
        (f"no namespace dev can reach {SRV}", shut(app="wp"), Status.REFUTED),  # another one
        (f"no namespace dev can reach {SRV}", shut("{from: [{podSelector: {}}]}"), Status.UNKNOWN),  # its waypoint
        (f"no namespace dev can reach {SRV}", shut() + shut("{ports: [{port: 15008}]}").replace("shut,", "b,"), None),
    ],
    "elsewhere": [
        (
            "some pods(app=a) in namespace dev can reach pods(app=c) on tcp/80 where request.tls == mtls",
            OTHERS,
            Status.PROVED,
        ),
        (
            "every pods(app=a) in namespace dev can reach pods(app=d) on tcp/80 where request.tls == mtls",
            ASKING,
            Status.UNKNOWN,
        ),
    ],
}


@pytest.mark.parametrize(
    ("claim", "more", "status"), [case for cases in SPOKEN_OF.values() for case in cases], ids=lambda it: str(it)[:60]
)
def test_what_a_waypoint_decides_is_unknown_and_named(claim: str, more: str, status: Status | None) -> None:
    found = judge(cluster(more), parse_query(claim, "q"), (), Setting(Universe.INVENTORY, PROFILES["generic"]))
    assert found.status is status or (status is None and found.status is not Status.PROVED)
    if status is Status.UNKNOWN:
        assert "waypoint foo/wp" in " ".join((found.reason, *found.blame))
