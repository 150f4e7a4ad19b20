"""`dns` is the servers that pods really ask: proved only where policies let them through to those."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES

ASKED = """
assert udp: every pods in namespace work can reach dns on udp/53
assert tcp: every pods in namespace work can reach dns on tcp/53
"""
BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: work}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: openshift-dns}
"""
LABELS = {
    "kube-dns": "{k8s-app: kube-dns}",
    "core": "{app: core}",
    "default": "{dns.operator.openshift.io/daemonset-dns: default}",
}


def service(name: str, label: str, target: str, namespace: str = "kube-system", port: int = 53) -> str:
    ports = ", ".join(
        f"{{name: {n}, port: {port}, protocol: {p}, targetPort: {target if target.isdigit() else n}}}"
        for n, p in (("dns", "UDP"), ("dns-tcp", "TCP"))
    )
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{clusterIP: 10.96.0.10, selector: {LABELS[label]}, ports: [{ports}]}}
"""


def workload(label: str, number: int = 53, *, namespace: str = "kube-system", more: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {label}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {LABELS[label]}}}
  template:
    metadata: {{labels: {LABELS[label]}}}
    spec:
      {more}
      containers:
      - name: c
        image: i
        ports: [{{name: dns, containerPort: {number}, protocol: UDP}}, {{name: dns-tcp, containerPort: {number}}}]
"""


def cache(*args: str) -> str:
    return f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: node-cache, namespace: kube-system}}
spec:
  selector: {{matchLabels: {{k8s-app: node-cache}}}}
  template:
    metadata: {{labels: {{k8s-app: node-cache}}}}
    spec:
      hostNetwork: true
      containers: [{{name: c, image: i, args: {list(args)!r}}}]
"""


def egress(*peers: str, port: int = 53) -> str:
    return f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: out, namespace: work}}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
  - to: [{", ".join(peers)}]
    ports: [{{port: {port}, protocol: UDP}}, {{port: {port}}}]
"""


def pods(label: str, namespace: str = "kube-system") -> str:
    where = f"matchLabels: {{kubernetes.io/metadata.name: {namespace}}}"
    return f"{{namespaceSelector: {{{where}}}, podSelector: {{matchLabels: {LABELS[label]}}}}}"


def block(cidr: str) -> str:
    return f"{{ipBlock: {{cidr: {cidr}}}}}"


KUBE, CORE, OPENSHIFT = pods("kube-dns"), pods("core"), pods("default", "openshift-dns")
LOCAL, OWN = block("169.254.20.10/32"), block("10.96.0.10/32")
CLASSIC = (service("kube-dns", "kube-dns", "53"), workload("kube-dns"))
OTHER = (service("kube-dns", "core", "dns"), workload("core", 1053))
ON_5353 = (
    service("dns-default", "default", "dns", "openshift-dns"),
    workload("default", 5353, namespace="openshift-dns"),
)
FLAGS = [
    ("-localip", "169.254.20.10,10.96.0.10"),
    ("-localip=169.254.20.10,10.96.0.10",),
    ("--localip", "169.254.20.10,10.96.0.10"),
    ("sh", "-c", "/node-cache -localip 169.254.20.10,10.96.0.10 -conf /etc/Corefile"),
]


@pytest.mark.parametrize(
    ("objects", "policy", "is_let_through"),
    [
        ((), egress(KUBE), True),
        ((), egress(CORE), False),
        (CLASSIC, egress(KUBE), True),
        (CLASSIC, egress(CORE), False),
        ((service("kube-dns", "kube-dns", "1053"), workload("kube-dns", 1053)), egress(KUBE), False),
        ((service("kube-dns", "kube-dns", "1053"), workload("kube-dns", 1053)), egress(KUBE, port=1053), True),
        (OTHER, egress(CORE, port=1053), True),
        (OTHER, egress(CORE), False),
        (OTHER, egress(KUBE), False),
        ((service("coredns", "core", "53"), workload("core")), egress(CORE), True),
        ((service("coredns", "core", "53"), workload("core")), egress(KUBE), False),
        (ON_5353, egress(OPENSHIFT, port=5353), True),
        (ON_5353, egress(OPENSHIFT), False),
        (ON_5353, egress(KUBE), False),
        ((workload("kube-dns", more="hostNetwork: true"),), egress(KUBE), False),
        *(((*CLASSIC, cache(*flags)), egress(KUBE), False) for flags in FLAGS),
        *(((*CLASSIC, cache(*flags)), egress(KUBE, LOCAL), False) for flags in FLAGS),
        *(((*CLASSIC, cache(*flags)), egress(LOCAL, OWN), True) for flags in FLAGS),
        ((*CLASSIC, cache("-localip", "169.254.20.10")), egress(LOCAL), True),
        ((*CLASSIC, cache("-localip", "__PILLAR__LOCAL__DNS__")), egress(LOCAL), False),
    ],
)
def test_dns_is_what_pods_really_ask(tmp_path, objects, policy, is_let_through):
    (tmp_path / "m.yaml").write_text("---\n".join((BASE, *objects, policy)))
    setting = Setting(Universe.NAMESPACES, PROFILES["generic"])
    answer = check(load([str(tmp_path)]).cluster, [parse_pack(ASKED, "p.npq")], setting=setting)
    assert [verdict.status.value == "proved" for verdict in answer.verdicts] == [is_let_through] * 2


def test_a_set_called_dns_is_the_users_own(tmp_path):
    (tmp_path / "m.yaml").write_text("---\n".join((BASE, *OTHER, egress(KUBE))))
    pack = parse_pack(f"let dns = pods(k8s-app=kube-dns) in namespace kube-system\n{ASKED}", "p.npq")
    answer = check(load([str(tmp_path)]).cluster, [pack], setting=Setting(Universe.ANY, PROFILES["generic"]))
    assert {verdict.status.value for verdict in answer.verdicts} == {"proved"}


def test_an_excuse_for_dns_covers_the_port_that_it_leads_to(tmp_path):
    (tmp_path / "m.yaml").write_text("---\n".join((BASE, *OTHER, egress(CORE, port=1053))))
    claims = """
assert excused: no pods in namespace work can reach namespace kube-system except pods can reach dns on udp/53, tcp/53
assert only: pods in namespace work can reach only dns
"""
    answer = check(
        load([str(tmp_path)]).cluster,
        [parse_pack(claims, "p.npq")],
        setting=Setting(Universe.NAMESPACES, PROFILES["generic"]),
    )
    assert {verdict.status.value for verdict in answer.verdicts} == {"proved"}
