"""`kubectl netproof` against a kubectl that is a script: what it is asked, and what becomes of its answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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

    def answers(self, name, out, err="", code=0):
        for suffix, text in (("out", out), ("err", err), ("rc", str(code))):
            (self.folder / f"{name}.{suffix}").write_text(text)

    @property
    def asked(self):
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def run(self, *words):
        return subprocess.run(
            [sys.executable, "-c", "from analyzer.cli.kubectl import main; main()", *words],
            cwd=self.folder,
            env={**os.environ, "PATH": str(self.folder), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def kubectl(tmp_path):
    return Fake(tmp_path)


def test_the_kinds_that_are_there_and_matter_are_read(kubectl):
    found = kubectl.run("check", "-q", "no pods can reach namespace shop where src.namespace != dst.namespace")
    assert found.returncode == 0, found.stderr
    assert "NetworkPolicy shop/deny" in found.stdout
    assert kubectl.asked == [
        ["api-resources", "--verbs=list", "--no-headers"],
        ["get", WANTED, "--all-namespaces", "--output", "json"],
    ]


def test_without_a_command_the_baseline_is_checked(kubectl):
    found = kubectl.run()
    assert found.returncode == 1
    assert "ingress-open-by-default" in found.stdout


def test_which_cluster_is_passed_on(kubectl):
    found = kubectl.run("--context", "prod", "--as=auditor", "-n", "shop", "map", "--format", "json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["schema"] == "netproof/map/1"
    assert "read namespace shop only" in found.stderr
    assert kubectl.asked == [
        ["--context=prod", "--as=auditor", "api-resources", "--verbs=list", "--no-headers"],
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
            "kubectl cannot tell what the cluster has: error: unable to retrieve",
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
