"""`netproof init`: the pack that it writes holds at once, and goes against what opens later."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.judging.query_session import QuerySession
from analyzer.solving import OutOfTimeError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OPEN = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: oversight, namespace: team-b}
spec:
  podSelector: {}
  ingress: [{}]
"""


def run(*words, stdin=None):
    return CliRunner().invoke(app, [*words, "--no-config"], input=stdin)


@pytest.mark.parametrize(
    "example", ["multi-tenant/leaky", "multi-tenant/fixed", "ml-platform/leaky", "ml-platform/fixed"]
)
def test_the_pack_holds_at_once(example, tmp_path):
    written = run("init", str(EXAMPLES / example), "-o", str(tmp_path / "own.npq"))
    assert written.exit_code == 0, written.output
    found = run("check", str(EXAMPLES / example), "-p", str(tmp_path / "own.npq"))
    assert found.exit_code == 0, found.output
    assert "note" not in re.findall(r"^note +.*own\.npq", found.stdout, re.MULTILINE)


def test_the_pack_tells_when_something_opens(tmp_path):
    example = str(EXAMPLES / "multi-tenant/fixed")
    run("init", example, "-o", str(tmp_path / "own.npq"))
    (tmp_path / "more.yaml").write_text(OPEN)
    found = run("check", example, str(tmp_path / "more.yaml"), "-p", str(tmp_path / "own.npq"), "--quiet")
    assert found.exit_code == 1
    assert "breaks  reached-from-internet" in found.stdout


def test_leaks_are_to_decide_on():
    text = run("init", str(EXAMPLES / "multi-tenant/leaky")).stdout
    assert "# Namespaces are parted by their label `tenant`: `a`, `b`, `c`." in text
    assert "TO DECIDE. Against it: team-b/portal[Deployment] → team-a/shop[Deployment] on TCP" in " ".join(
        text.replace("\n# ", " ").split()
    )
    assert '\nassert these-tenants-apart "No other tenant reaches one of these":\n' in text
    assert "reach pods in namespaces(tenant in (b, c))" in " ".join(text.replace("\n# ", " ").split())
    assert '\n# assert tenant-a-apart "No other tenant reaches a":\n' in text


def test_the_same_manifests_give_the_same_pack():
    first, second = (run("init", str(EXAMPLES / "multi-tenant/fixed")).stdout for _ in range(2))
    assert first == second


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    file = tmp_path / "own.npq"
    file.write_text("mine")
    found = run("init", str(EXAMPLES / "multi-tenant/fixed"), "-o", str(file))
    assert found.exit_code == 2
    assert "is there already" in found.output
    assert file.read_text() == "mine"
    found = run("init", str(EXAMPLES / "multi-tenant/fixed"), "-o", str(file), "--force")
    assert found.exit_code == 0
    assert re.fullmatch(
        rf"wrote {file}: \d+ assertions?, \d+ to decide on; ask it with `netproof check .* -p {file}`\n", found.stderr
    )
    assert found.stdout == ""
    assert file.read_text().startswith("# A pack to start from")


def test_labels_that_speak_of_data_are_asked_about():
    manifest = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pci-scope: cde}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {acme.io/data-classification: pii}}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
    text = run("init", "-", stdin=manifest).stdout
    assert "\n  no pods(acme.io/data-classification=pii) can reach internet\n" in text.replace('"', "")
    assert "\nassert pci-scope-cde-namespaces-reaches-internet " in text


def test_manifests_without_a_namespace():
    found = run("init", "-", stdin="apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n")
    assert found.exit_code == 2
    assert "hold no namespace to ask about" in found.output


NAMES = {
    "the usual label": (
        "kube-system",
        "kind: Pod\nmetadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}}\n"
        "spec: {containers: [{name: c, image: i}]}",
    ),
    "a Service on another port": (
        "kube-system",
        "kind: Service\nmetadata: {name: kube-dns, namespace: kube-system}\n"
        "spec: {selector: {app: coredns}, ports: [{port: 53, protocol: UDP, targetPort: 1053}]}",
    ),
    "OpenShift": (
        "openshift-dns",
        "kind: Service\nmetadata: {name: dns-default, namespace: openshift-dns}\n"
        "spec: {selector: {dns.operator.openshift.io/daemonset-dns: default}, "
        "ports: [{port: 53, protocol: UDP, targetPort: 5353}]}",
    ),
}
SHOP = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
"""


@pytest.mark.parametrize(("namespace", "servers"), NAMES.values(), ids=NAMES)
def test_names_are_asked_of_what_answers_for_them(namespace, servers):
    text = run("init", "-", stdin=SHOP + servers + "\n").stdout
    assert "can reach dns on udp/53" in " ".join(text.split())
    assert '\nassert dns-cut-off "Names can be resolved":' in text


def test_without_servers_nothing_is_asked_of_names():
    assert "dns-cut-off" not in run("init", "-", stdin=SHOP.rpartition("---")[0]).stdout


def test_a_pack_is_proposed_though_the_clock_ends_questions(monkeypatch):
    def late(*_: object) -> bool:
        raise OutOfTimeError("the wall clock ended it after 0 seconds")

    for asking in ("is_possible", "is_impossible"):
        monkeypatch.setattr(QuerySession, asking, late)
    found = run("init", str(EXAMPLES / "multi-tenant/fixed"))
    assert found.exit_code == 0, found.output
    assert "ingress-open" in found.stdout


PARTS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: followers, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: apps.kubernetes.io/pod-index, operator: NotIn, values: ["0", "01"]}]}
  policyTypes: [Ingress]
"""


def test_pods_of_one_workload_are_asked_about_apart_where_policies_tell_them_apart():
    text = " ".join(run("init", "-", stdin=PARTS).stdout.replace('"', "").replace("\n#", " ").split())
    others = "workload shop/db and pods(apps.kubernetes.io/pod-index, apps.kubernetes.io/pod-index notin (0))"
    title = "Incoming traffic is closed but for what rules name:"
    assert f" assert ingress-open-by-added-labels {title} every ({others}) is isolated for ingress" in text
    first = "every (workload shop/db and pods(apps.kubernetes.io/pod-index=0)) is isolated for ingress"
    assert f" assert ingress-open-by-added-labels-elsewhere {title} {first}" in text.partition("TO DECIDE")[2]
    assert "LEFT OUT: `apps.kubernetes.io/pod-index=01`." in text


def test_nothing_is_asked_of_added_labels_that_no_policy_names():
    assert "by-added-labels" not in run("init", "-", stdin=PARTS.partition("---")[0]).stdout
