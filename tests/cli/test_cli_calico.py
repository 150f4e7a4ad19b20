"""Every command on a cluster with an object of each of Calico's kinds: what it says, and that each format holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from published_schemas import follow
from typer.testing import CliRunner, Result

from analyzer.cli.app import app

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {role: edge}}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop, labels: {trust: low}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata: {name: security}
spec: {order: 100}
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata: {name: platform}
spec: {order: 200, defaultAction: Pass}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: security.base}
spec:
  tier: security
  order: 10
  selector: has(app)
  namespaceSelector: has(projectcalico.org/name)
  types: [Ingress]
  ingress:
    - action: Log
    - action: Deny
      source: {selector: "feed == 'bad'", namespaceSelector: global()}
    - action: Pass
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: platform.dns}
spec:
  tier: platform
  order: 10
  namespaceSelector: all()
  types: [Ingress]
  ingress: [{action: Allow, protocol: UDP, destination: {ports: [53]}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == 'web'
  types: [Ingress]
  ingress: [{action: Allow, protocol: TCP, source: {notSelector: app == 'none'}, destination: {ports: [8080]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: bad, labels: {feed: bad}}
spec: {nets: [203.0.113.0/24]}
---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: {name: partners, namespace: shop, labels: {app: partner}}
spec: {nets: [198.51.100.0/24]}
---
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: web, namespace: shop}
spec: {selector: app == 'web', types: [Ingress]}
---
apiVersion: projectcalico.org/v3
kind: StagedGlobalNetworkPolicy
metadata: {name: security.more}
spec: {tier: security, stagedAction: Learn, selector: all()}
---
apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {}}
---
apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata: {name: default}
spec: {failsafeInboundHostPorts: [{protocol: TCP, port: 22}]}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pods}
spec: {cidr: 10.1.0.0/16}
---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: own}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
---
apiVersion: projectcalico.org/v3
kind: KubeControllersConfiguration
metadata: {name: default}
spec: {}
"""
HOST = """\
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: n1, labels: {role: edge}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1], profiles: [own]}
"""
PACK = """\
pack ours "Our own"
assert closed "Nobody but the front reaches the database":
  no pods can reach pods(app=db) in namespace shop
    except pods(app=web) in namespace shop can reach pods(app=db) in namespace shop on tcp/5432
assert front "The front is for the shop and its partners":
  no pods can reach pods(app=web) in namespace shop on tcp/80
assert open "Nobody asks the database for names":
  no pods can reach pods(app=db) in namespace shop on udp/53
"""
WAIVER = """\
[[waiver]]
query = "ours/open"
reason = "names are asked for"
owner = "team-shop"
expires = 2099-12-31
from = "pods"
to = "pods(app=db) in namespace shop"
on = "udp/53"
"""


@pytest.fixture(params=["", HOST], ids=["pods", "host endpoint"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "all.yaml").write_text(CLUSTER + request.param)
    (tmp_path / "own.npq").write_text(PACK)
    (tmp_path / "waivers.toml").write_text(WAIVER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code in (0, 1), done.stderr
    return done


CHECK = ("check", "k8s", "-p", "own.npq")
NAMED = "projectcalico.org"


def test_explain_goes_through_the_tiers(folder: Path) -> None:
    said = " ".join(run("explain", "k8s", "--from", "shop/web", "--to", "shop/db", "--on", "tcp/80").stdout.split())
    wanted = (
        "denied: TCP 80",
        "NetworkPolicy shop/db selects it, and the end of tier default denies what no rule of it matches",
        "security tier Calico GlobalNetworkPolicy security.base selects it, at order 10",
        "rule 3 passes TCP 80 on to the next tier",
        "platform tier",
        "the end of the tier passes TCP 80 on to the next",
        "NetworkPolicy shop/db selects it, at order 1000",
        "the end of the tier denies TCP 80",
    )
    places = [said.find(part) for part in wanted]
    assert -1 not in places, said
    assert places[2:] == sorted(places[2:])


def test_explain_tells_the_tiers_to_programs(folder: Path) -> None:
    found = json.loads(run("explain", "k8s", "--from", "shop/web", "--to", "shop/db", "--format", "json").stdout)
    follow(found, "explain-2")
    steps = next(stage for stage in found["stages"] if stage["stage"] == "ingress")["steps"]
    told = [(step["tier"], step["rule"]["name"], step["effect"]) for step in steps if step["connections"]["UDP"]]
    assert told == [
        ("security", "security.base", "passes"),
        ("platform", "platform.dns", "allows"),
        ("platform", "platform.dns", "passes at the end of the tier"),
        ("default", "db", "denies at the end of the tier"),
    ]
    assert found["allowed"]["TCP"] == [[5432, 5432]]
    assert found["allowed"]["UDP"] == [[53, 53]]


def test_explain_of_a_set_and_of_a_member_of_none(folder: Path) -> None:
    denied = run("explain", "k8s", "--from", "203.0.113.9", "--to", "shop/web", "--on", "tcp/8080").stdout
    assert "denied by rule 2 of Calico GlobalNetworkPolicy security.base" in " ".join(denied.split())
    for source, answer in (("198.51.100.9", "allowed"), ("8.8.8.8", "denied")):
        said = run("explain", "k8s", "--from", source, "--to", "shop/web", "--on", "tcp/8080").stdout
        assert f"\n{answer}: TCP 8080" in said


def test_check_in_every_format(folder: Path) -> None:
    found = json.loads(run(*CHECK, "--format", "json").stdout)
    follow(found, "check-2")
    answers = {each["id"].rpartition("/")[2]: each["verdict"] for each in found["queries"]}
    assert answers == {"closed": "refuted", "front": "proved", "open": "refuted"}
    for kind in ("sarif", "html", "markdown", "junit", "text"):
        said = run(*CHECK, "--format", kind).stdout
        assert "platform.dns" in said, kind
        assert NAMED not in said or "apiVersion" in said or kind == "html"


def test_waivers_baselines_and_evidence(folder: Path) -> None:
    waived = json.loads(run(*CHECK, "--waivers", "waivers.toml", "--format", "json").stdout)
    assert [each["standing"] for each in waived["waivers"]] == ["used"]
    before = run(*CHECK, "--format", "json").stdout
    (folder / "baseline.json").write_text(before)
    later = CliRunner().invoke(app, [*CHECK, "--baseline", "baseline.json"], catch_exceptions=False)
    assert later.exit_code == 0, later.output
    run(*CHECK, "--evidence", "evidence")
    assert CliRunner().invoke(app, ["recheck", "evidence", "--manifests", "k8s"], catch_exceptions=False).exit_code == 0


@pytest.mark.parametrize("kind", ["text", "json", "csv", "markdown", "html", "svg", "dot", "mermaid"])
def test_map_in_every_format(folder: Path, kind: str) -> None:
    said = run("map", "k8s", "--format", kind).stdout
    assert "5432" in said
    assert "8080" in said


def test_exposure_in_every_format(folder: Path) -> None:
    for kind in ("text", "json", "markdown"):
        assert "8080" in run("map", "k8s", "--exposure", "--format", kind).stdout


def test_diff_of_two_revisions(folder: Path) -> None:
    (folder / "new").mkdir()
    text = (folder / "k8s" / "all.yaml").read_text()
    (folder / "new" / "all.yaml").write_text(text.replace("ports: [8080]", "ports: [8080, 9090]"))
    found = json.loads(run("diff", "k8s", "new", "--format", "json").stdout)
    follow(found, "diff-2")
    assert found["relation"] == "more permissive"
