"""`kubectl netproof` against a kubectl that is a script: what it is asked, and what becomes of its answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import inputs
from analyzer.cli.kubectl import program
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, GROUP_EFFECTS

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = """\
configmaps                          cm           v1                                     true         ConfigMap
namespaces                          ns           v1                                     false        Namespace
nodes                               no           v1                                     false        Node
pods                                po           v1                                     true         Pod
secrets                                          v1                                     true         Secret
deployments                         deploy       apps/v1                                true         Deployment
ciliumnetworkpolicies               cnp,ciliumnp cilium.io/v2                           true         CiliumNetworkPolicy
applications                        app,apps     argoproj.io/v1alpha1                   true         Application
networkpolicies                     netpol       networking.k8s.io/v1                   true         NetworkPolicy
adminnetworkpolicies                anp          policy.networking.k8s.io/v1alpha1      false        AdminNetworkPolicy
"""
WANTED = (
    "adminnetworkpolicies.policy.networking.k8s.io,ciliumnetworkpolicies.cilium.io,deployments.apps,"
    "namespaces,networkpolicies.networking.k8s.io,nodes,pods"
)
OBJECTS = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, "status": {"phase": "Active"}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "deny", "namespace": "shop", "uid": "1", "managedFields": []},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        },
    ],
}
FAKE = """\
#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
with open(here / "asked", "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
name = "api-resources" if "api-resources" in sys.argv else "get"
if "apiservices.apiregistration.k8s.io" in sys.argv or "namespace" in sys.argv:
    name = "apiservices" if "namespace" not in sys.argv else "namespace"
sys.stdout.write((here / (name + ".out")).read_text())
sys.stderr.write((here / (name + ".err")).read_text())
sys.exit(int((here / (name + ".rc")).read_text()))
"""


class Fake:
    """A kubectl in a folder of its own; `asked` are the argument lists that it was run with."""

    def __init__(self, folder):
        self.folder = folder
        program = folder / "kubectl"
        program.write_text(FAKE.format(python=sys.executable))
        program.chmod(0o755)
        self.answers("api-resources", RESOURCES)
        self.answers("get", json.dumps(OBJECTS))
        self.answers("apiservices", "", "Error from server (Forbidden): apiservices\n", 1)
        self.answers("namespace", "", "Error from server (Forbidden): namespaces\n", 1)

    def answers(self, name, out, err="", code=0):
        for suffix, text in (("out", out), ("err", err), ("rc", str(code))):
            (self.folder / f"{name}.{suffix}").write_text(text)

    @property
    def asked(self):
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def run(self, *words):
        """The command in this process: starting Python costs more than most of them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setenv("PATH", str(self.folder))
            found = CliRunner().invoke(program, [*words], prog_name="kubectl netproof", catch_exceptions=False)
        return subprocess.CompletedProcess(words, found.exit_code, found.stdout, found.stderr)

    def run_apart(self, *words):
        return subprocess.run(
            [sys.executable, "-c", "from analyzer.__main__ import kubectl; kubectl()", *words],
            cwd=self.folder,
            env={**os.environ, "PATH": str(self.folder), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def kubectl(tmp_path):
    yield Fake(tmp_path)
    inputs.note_unread(())  # which a process says once


def test_the_kinds_that_are_there_and_matter_are_read(kubectl):
    words = ("check", "-v", "-q", "no pods can reach namespace shop where src.namespace != dst.namespace")
    found = kubectl.run_apart(*words)
    assert found.returncode == 0, found.stderr
    assert "NetworkPolicy shop/deny" in found.stdout
    assert kubectl.asked == [
        ["api-resources", "--verbs=list", "--no-headers"],
        ["get", "apiservices.apiregistration.k8s.io", "--output", "json"],
        ["get", WANTED, "--all-namespaces", "--output", "json"],
    ]


def test_without_a_command_the_baseline_is_checked(kubectl):
    found = kubectl.run()
    assert found.returncode == 1
    assert "egress-open-by-default" in found.stdout
    assert "\n   NetworkPolicy shop/deny: `policyTypes` lacks Egress" in found.stdout


def test_which_cluster_is_passed_on(kubectl):
    found = kubectl.run("--context", "prod", "--as=auditor", "-n", "shop", "map", "--format", "json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["schema"] == "netproof/map/2"
    assert any("only namespace shop was read" in note["message"] for note in json.loads(found.stdout)["notices"])
    assert kubectl.asked == [
        ["--context=prod", "--as=auditor", "api-resources", "--verbs=list", "--no-headers"],
        ["--context=prod", "--as=auditor", "get", "apiservices.apiregistration.k8s.io", "--output", "json"],
        ["--context=prod", "--as=auditor", "get", WANTED, "--namespace", "shop", "--output", "json"],
    ]


def test_a_group_that_does_not_matter_may_be_missing(kubectl):
    missing = "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale\n"
    kubectl.answers("api-resources", RESOURCES, missing, 1)
    assert kubectl.run("map").returncode == 0


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        (
            "api-resources",
            "error: unable to retrieve the complete list of server APIs: cilium.io/v2: stale\n",
            "API group `cilium.io` does not answer, so that CiliumCIDRGroup, ",
        ),
        ("api-resources", "The connection was refused\n", "what the cluster has: The connection was refused"),
        ("get", "Error from server (Forbidden): nodes\nand more\n", "(Forbidden): nodes; and more"),
    ],
)
def test_what_kubectl_refuses_is_an_error(kubectl, name, error, message):
    kubectl.answers(name, RESOURCES if name == "api-resources" else "", error, 1)
    found = kubectl.run("check")
    assert found.returncode == 2
    assert message in found.stderr
    assert found.stdout == ""


def test_a_cluster_without_anything_to_read(kubectl):
    kubectl.answers("api-resources", "configmaps   cm   v1   true   ConfigMap\n")
    assert "lists no resource that netproof reads" in kubectl.run().stderr


def test_kubectl_is_not_there(kubectl):
    (kubectl.folder / "kubectl").unlink()
    found = kubectl.run()
    assert found.returncode == 2
    assert "`kubectl` is not on the path" in found.stderr


def test_a_command_that_reads_no_cluster(kubectl):
    found = kubectl.run("diff")
    assert found.returncode == 2
    assert "`diff` cannot be asked of a live cluster" in found.stderr


# ------------------------------------------------------------------------------------------------ what is not read
def asked(kubectl, *words, claim):
    verdicts, report = all_asked(kubectl, *words, claims=(claim,))
    return verdicts[claim], report


def all_asked(kubectl, *words, claims):
    """The verdicts by claim, and the whole report."""
    questions = [word for claim in claims for word in ("-q", claim)]
    found = kubectl.run(*words, "check", *questions, "--format", "json")
    assert found.returncode in (0, 1, 3), found.stderr
    report = json.loads(found.stdout)
    return {claim: it["verdict"] for claim, it in zip(claims, report["queries"], strict=True)}, report


def test_other_namespaces_may_hold_anything(kubectl):
    told = [
        ("no internet can reach namespace shop", "proved", "proved"),
        ("no pods in namespace other can reach namespace shop", "proved", "unknown"),
        ("only namespace shop can reach namespace shop", "proved", "proved"),
        ("every namespace shop is isolated for ingress", "proved", "proved"),
        ("every namespace shop is isolated for egress", "refuted", "refuted"),
        ("every namespace other is isolated for ingress", "refuted", "unknown"),
        ("no namespace shop can reach namespace other", "refuted", "unknown"),
        ("some namespace shop can reach namespace other", "proved", "unknown"),
        ("some namespace other can reach namespace shop", "refuted", "unknown"),
        ("policies never tie", "proved", "proved"),
        ("no pods can reach namespace shop within inventory", "vacuous", "unknown"),
    ]
    claims = [claim for claim, _, _ in told]
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    kubectl.answers("get", json.dumps({**OBJECTS, "items": [*OBJECTS["items"], other]}))
    assert all_asked(kubectl, claims=claims)[0] == {claim: whole for claim, whole, _ in told}
    verdicts, report = all_asked(kubectl, "-n", "shop", claims=claims)
    assert verdicts == {claim: alone for claim, _, alone in told}
    assert any("only namespace shop was read" in it["text"] for it in report["assumptions"])


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "markdown", "html"])
def test_every_format_says_that_other_namespaces_were_not_read(kubectl, form):
    found = kubectl.run("-n", "shop", "check", "-q", "no internet can reach namespace shop", "--format", form)
    assert "only namespace shop was read" in " ".join(found.stdout.split())


def test_explain_says_that_other_namespaces_were_not_read(kubectl):
    words = ("-n", "shop", "explain", "--from", "8.8.8.8", "--to", "pods(a=b) in namespace shop")
    assert "only namespace shop was read" in " ".join(kubectl.run(*words).stdout.split())


@pytest.mark.parametrize("name", ["shpo", "elsewhere"])
def test_a_namespace_that_is_not_there_is_an_error(kubectl, name):
    found = kubectl.run("-n", name)
    assert found.returncode == 2
    assert f"no namespace `{name}`" in found.stderr
    assert ("did you mean `shop`?" in found.stderr) == (name == "shpo")


def test_a_namespace_that_nobody_may_look_for(kubectl):
    assert kubectl.run("-n", "gone", "--without", "namespaces", "map").returncode == 0
    kubectl.answers("namespace", "", 'Error from server (NotFound): namespaces "gone" not found\n', 1)
    assert kubectl.run("-n", "gone", "--without", "namespaces", "map").returncode == 2


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("nodes", "Node"),
        ("Node", "Node"),
        ("adminnetworkpolicies.policy.networking.k8s.io", "AdminNetworkPolicy"),
        ("AdminNetworkPolicy", "AdminNetworkPolicy"),
        ("CiliumNetworkPolicy.cilium.io", "CiliumNetworkPolicy"),
        ("CiliumClusterwideNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    ],
)
def test_what_a_kind_that_is_not_read_could_change_is_unknown(kubectl, word, kind):
    claim = "no namespace other can reach namespace shop"
    assert asked(kubectl, claim=claim)[0] == "proved"
    verdict, report = asked(kubectl, "--without", word, claim=claim)
    assert verdict == "unknown"
    assert any(it["name"] == "kinds-read" and f"no {kind} was read" in it["text"] for it in report["assumptions"])
    assert not any(word.lower() in arguments[-5] for arguments in kubectl.asked if len(arguments) > 5)


def listed(kinds):
    """Lines of `kubectl api-resources` for namespaced kinds, by (kind, group)."""
    return "".join(f"{kind.lower()}s   {group}/v1   true   {kind}\n" for kind, group in kinds)


def names_asked(kubectl):
    return set(
        next(words[1] for words in kubectl.asked if words[0] == "get" and "apiservices" not in words[1]).split(",")
    )


def test_every_kind_of_a_group_that_matters_is_read(kubectl):
    makes = {group for group, effect in GROUP_EFFECTS.items() if effect.adds_pods or effect.changes_pods}
    kubectl.answers("api-resources", RESOURCES + listed(("Barrier", group) for group in GROUP_EFFECTS))
    kubectl.run("map")
    computed = "controlplane.antrea.io"
    wanted = {f"barriers.{group}" for group in GROUP_EFFECTS.keys() - makes - {computed}}
    assert names_asked(kubectl) == {*WANTED.split(","), *wanted}


@pytest.mark.parametrize("group", ["mesh.acme.example", "walls.io"])
def test_a_kind_of_which_nothing_is_known_is_named(kubectl, group):
    kubectl.answers("api-resources", RESOURCES + listed([("TrafficWall", group), ("Certificate", "cert-manager.io")]))
    verdict, report = asked(kubectl, claim="no namespace other can reach namespace shop")
    assert verdict == "proved"
    assert [note["files"] for note in report["notices"] if note.get("files")] == [[f"TrafficWall.{group}"]]
    stated = next(it["text"] for it in report["assumptions"] if it["name"] == "policies-complete")
    assert f"kinds that netproof does not know change nothing (TrafficWall.{group})" in stated


FAR = sorted(
    name for name, effect in EFFECTS.items() if effect.may_deny and not effect.adds_pods and effect.is_root_wide
)


@pytest.mark.parametrize("name", [*FAR, "ServiceEntry.networking.istio.io", "MeshTrafficPermission.kuma.io"])
def test_kinds_that_reach_pods_of_other_namespaces(kubectl, name):
    """As the mesh's policies in its root namespace, which `--namespace` does not read."""
    kind, _, group = name.partition(".")
    kubectl.answers("api-resources", RESOURCES + listed([(kind, group)]))
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "till", "namespace": "shop"}}
    pod["spec"] = {"containers": [{"name": "c", "image": "i"}]}
    kubectl.answers("get", json.dumps({**OBJECTS, "items": [OBJECTS["items"][0], pod]}))
    claim = "every namespace shop can reach namespace shop on tcp/80"
    assert asked(kubectl, claim=claim)[0] == "proved"
    verdict, report = asked(kubectl, "-n", "shop", claim=claim)
    assert verdict == "unknown"
    assert any(f"no {kind} of other namespaces was read" in note["message"] for note in report["notices"])
    assert asked(kubectl, "-n", "shop", claim="no internet can reach namespace other")[0] == "unknown"


def test_without_a_kind_that_there_is_not(kubectl):
    found = kubectl.run("--without", "noeds")
    assert found.returncode == 2
    assert "did you mean `nodes`?" in found.stderr


def test_what_may_not_be_listed_is_named_and_nothing_else(kubectl):
    refused = (
        'Error from server (Forbidden): nodes is forbidden: User "x" cannot list resource "nodes" in API group "" '
        "at the cluster scope\n"
    )
    kubectl.answers("get", "", refused, 1)
    found = kubectl.run("check")
    assert found.returncode == 2
    assert "kubectl may not list nodes: " in found.stderr
    assert "--without nodes" in found.stderr
    assert "deployments" not in found.stderr


def service(group, status):
    condition = {"type": "Available", "status": status, "message": "endpoints not found"}
    return {
        "kind": "APIService",
        "metadata": {"name": f"v3.{group}"},
        "spec": {"group": group, "version": "v3"},
        "status": {"conditions": [condition]},
    }


@pytest.mark.parametrize(
    ("group", "status", "code"),
    [
        ("projectcalico.org", "False", 2),
        ("projectcalico.org", "Unknown", 2),
        ("projectcalico.org", "True", 0),
        ("metrics.k8s.io", "False", 0),
        ("policy.networking.k8s.io", "False", 2),
    ],
)
def test_an_api_group_that_is_down(kubectl, group, status, code):
    kubectl.answers("apiservices", json.dumps({"items": [service(group, status)]}))
    found = kubectl.run("map")
    assert found.returncode == code
    assert (f"API group `{group}` does not answer" in found.stderr) == bool(code)
    if code:
        assert "endpoints not found" in found.stderr
        words = [word for word in found.stderr.split("`") if word.startswith("--without")]
        assert kubectl.run(*words[0].split(), "map").returncode == 0


def test_discovery_that_passes_over_a_group_without_an_error(kubectl):
    said = "E1130 12:00:00.0 1 memcache.go:287] couldn't get resource list for projectcalico.org/v3: stale\n"
    kubectl.answers("api-resources", RESOURCES, said, 0)
    assert kubectl.run("map").returncode == 2
