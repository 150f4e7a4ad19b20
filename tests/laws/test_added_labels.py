"""What controllers add to labels: verdicts and map against controllers played by hand.

A few lines here do what the controllers of Kubernetes do (reference 0.2, F19): a *world* settles what nobody can know,
and holds the pods that the controller could make in it, one for each value that a policy or the query mentions and one
for those that nothing does.  A claim is refuted if each world holds a pod that breaks it, unknown if only some do.
Where no node is declared, which zones there are is a guess, and so is the UID of a Job: a pod could have each, so that
it refutes, but live is only what is so whatever they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.analysis import check
from analyzer.analysis.connectivity import connectivity
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.profile import PROFILES
from analyzer.sets import ConnectionSet
from analyzer.verdicts import Status

# Values that controllers give, and such as they never do: 6d4cf56db6 spells a number of 32 bits, canary spells none.
VALUES = {
    "statefulset.kubernetes.io/pod-name": ("w-0", "w-1", "w-7", "w-01", "other-0", "w"),
    "apps.kubernetes.io/pod-index": ("0", "1", "7", "01", "x"),
    "controller-revision-hash": ("w-6d4cf56db6", "6d4cf56db6", "5f7d9", "other-5f7d9", "canary"),
    "pod-template-hash": ("6d4cf56db6", "5f7d9", "canary"),
    "pod-template-generation": ("1", "2", "0"),
    "job-name": ("w", "w-28000000", "other"),
    "batch.kubernetes.io/job-name": ("w", "w-28000000", "w-x"),
    "batch.kubernetes.io/job-completion-index": ("0", "2", "3"),
    "controller-uid": ("0b0a3c2e-5f3d-4a53-9c1e-2f0f6f0f6f0f", "canary"),
    "rollouts-pod-template-hash": ("6d4cf56db6", "canary"),
    "topology.kubernetes.io/zone": ("z1", "z2"),
    "app": ("w",),
}
OTHER = {"hash": "bbbbb", "number": "4711", "uid": "11111111-1111-4111-8111-111111111111"}
PATTERNS = {
    "hash": re.compile("[4-9bcdf]{1,10}"),
    "number": re.compile("0|[1-9][0-9]*"),
    "uid": re.compile("[0-9a-f-]{36}"),
}


@dataclass(frozen=True)
class Axis:
    """Labels by one value: each key with what stands before the value; `sort` names a pattern."""

    keys: tuple[tuple[str, str], ...]
    sort: str
    is_open: bool
    low: int = 0
    high: int | None = None
    is_guess: bool = False

    def options(self, mentioned: set[tuple[str, str]]) -> list[dict[str, str]]:
        values = {
            text[len(before) :]
            for key, before in self.keys
            for its, text in mentioned
            if its == key and text.startswith(before) and self._fits(text[len(before) :])
        }
        if self._fits(OTHER[self.sort]):
            values.add(OTHER[self.sort])
        elif self.sort == "number":
            values |= {str(n) for n in range(self.low, (self.high or 0) + 1)}
        return [{key: before + value for key, before in self.keys} for value in sorted(values)]

    def _fits(self, value: str) -> bool:
        if not PATTERNS[self.sort].fullmatch(value):
            return False
        return self.sort != "number" or (self.low <= int(value) and (self.high is None or int(value) <= self.high))


@dataclass(frozen=True)
class Controller:
    """One object of some kind, what all its pods have, and what they have each."""

    manifest: dict
    fixed: dict[str, str]
    axes: tuple[Axis, ...]

    def worlds(
        self, mentioned: set[tuple[str, str]], nodes: list[dict[str, str]], *, guesses: bool = True
    ) -> Iterator[list[dict[str, str]]]:
        """Without `guesses` each of them is a world of its own."""
        told = [(axis.options(mentioned), axis.is_open or (axis.is_guess and not guesses)) for axis in self.axes]
        told.append((zones_of(nodes), not nodes and not guesses))
        for world in product(*(options for options, is_open in told if is_open)):
            yield [
                self.fixed | {k: v for part in (*world, *pod) for k, v in part.items()}
                for pod in product(*(options for options, is_open in told if not is_open))
            ]


def controllers() -> list[Controller]:
    def made(kind: str, version: str, spec: dict, fixed: dict[str, str], *axes: Axis) -> Controller:
        meta = {"name": "w", "namespace": "a"}
        return Controller({"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}, fixed, axes)

    pod = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    job = ("job-name", "batch.kubernetes.io/job-name")
    uids = (("controller-uid", ""), ("batch.kubernetes.io/controller-uid", ""))
    app = {"app": "w"}
    names = (("statefulset.kubernetes.io/pod-name", "w-"), ("apps.kubernetes.io/pod-index", ""))
    revision = Axis((("controller-revision-hash", "w-"),), "hash", True)
    template_hash = Axis((("pod-template-hash", ""),), "hash", True)
    index = (("batch.kubernetes.io/job-completion-index", ""),)
    named = dict.fromkeys(job, "w")
    return [
        made("Deployment", "apps/v1", {"template": pod}, app, template_hash),
        made("Deployment", "apps/v1", {"template": pod, "replicas": 0}, app, template_hash),
        made("ReplicaSet", "apps/v1", {"template": pod}, app),
        made("StatefulSet", "apps/v1", {"template": pod}, app, Axis(names, "number", False), revision),
        made("StatefulSet", "apps/v1", {"template": pod, "ordinals": {"start": 1}, "replicas": 1}, app,
             Axis(names, "number", False, 1), revision),
        made("DaemonSet", "apps/v1", {"template": pod}, app, Axis((("controller-revision-hash", ""),), "hash", True),
             Axis((("pod-template-generation", ""),), "number", True, 1)),
        made("Job", "batch/v1", {"template": pod}, app | named, Axis(uids, "uid", True)),
        made("Job", "batch/v1", {"template": pod, "manualSelector": True}, app),
        made("Job", "batch/v1", {"template": pod, "completionMode": "Indexed", "completions": 3}, app | named,
             Axis(uids, "uid", True), Axis(index, "number", False, 0, 2)),
        made("CronJob", "batch/v1", {"jobTemplate": {"spec": {"template": pod}}}, app,
             Axis(tuple((key, "w-") for key in job), "number", False), Axis(uids, "uid", False, is_guess=True)),
        made("Rollout", "argoproj.io/v1alpha1", {"template": pod}, app,
             Axis((("rollouts-pod-template-hash", ""),), "hash", True)),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ policies
@st.composite
def expressions(draw: DrawFn) -> dict:
    key = draw(st.sampled_from(sorted(VALUES)))
    operator = draw(st.sampled_from(("In", "In", "NotIn", "Exists", "DoesNotExist")))
    found = {"key": key, "operator": operator}
    if operator in ("In", "NotIn"):
        found["values"] = sorted(draw(st.sets(st.sampled_from(VALUES[key]), min_size=1, max_size=2)))
    return found


@st.composite
def policies(draw: DrawFn) -> dict:
    """One about the workload, or one about the client that names the workload's pods as a peer."""
    chosen = {"matchExpressions": [draw(expressions())]}
    if draw(st.booleans()):
        rules = draw(st.sampled_from(([], [{}], [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}])))
        return {"podSelector": chosen, "policyTypes": ["Ingress"], "ingress": rules}
    return {
        "podSelector": {"matchLabels": {"app": "client"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": chosen}]}],
    }


def matches(selector: dict, labels: dict[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for one in selector.get("matchExpressions", []):
        value, values = labels.get(one["key"]), one.get("values", [])
        met = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }[one["operator"]]
        if not met:
            return False
    return True


def lets_in(specs: list[dict], dst: dict[str, str], src: dict[str, str] | None) -> bool:
    """Whether ingress to `dst` is open for `src`; None: whether nothing isolates it."""
    isolating = [spec for spec in specs if matches(spec["podSelector"], dst)]
    if src is None or not isolating:
        return not isolating
    return any(
        "from" not in rule or any(matches(peer["podSelector"], src) for peer in rule["from"])
        for spec in isolating
        for rule in spec["ingress"]
    )


CLIENT = {"app": "client"}
CLAIMS = {
    "no workload a/client can reach workload a/w on tcp/80": lambda specs, pod: lets_in(specs, pod, CLIENT),
    "every workload a/client can reach workload a/w on tcp/80": lambda specs, pod: not lets_in(specs, pod, CLIENT),
    "no workload a/w can reach workload a/client on tcp/80": lambda specs, pod: lets_in(specs, CLIENT, pod),
    "every workload a/w can reach workload a/client on tcp/80": lambda specs, pod: not lets_in(specs, CLIENT, pod),
    "every workload a/w is isolated for ingress": lambda specs, pod: lets_in(specs, pod, None),
}


def cluster_of(folder: Path, manifests: list[dict]) -> Cluster:
    (folder / "m.yaml").write_text("---\n".join(yaml.safe_dump(one) for one in manifests))
    return load([str(folder / "m.yaml")]).cluster


def scene(controller: Controller, specs: list[dict], nodes: list[dict[str, str]]) -> list[dict]:
    client = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client", "namespace": "a", "labels": CLIENT}}
    bound = client | {"spec": {"nodeName": "somewhere", "containers": []}, "status": {"phase": "Running"}}
    found = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, bound, controller.manifest]
    for number, labels in enumerate(nodes):
        found.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{number}", "labels": labels}})
    for number, spec in enumerate(specs):
        meta = {"name": f"p{number}", "namespace": "a"}
        found.append({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec})
    return found


def mentioned_in(specs: list[dict]) -> set[tuple[str, str]]:
    selectors = [spec["podSelector"] for spec in specs]
    selectors += [peer["podSelector"] for spec in specs for rule in spec["ingress"] for peer in rule.get("from", [])]
    return {(one["key"], v) for s in selectors for one in s.get("matchExpressions", []) for v in one.get("values", [])}


ZONE = "topology.kubernetes.io/zone"
NODES = ([], [{ZONE: "z1"}], [{ZONE: "z1"}, {ZONE: "z3"}], [{"rack": "r1"}])


def zones_of(nodes: list[dict[str, str]]) -> list[dict[str, str]]:
    """Declared nodes are all nodes; of others nothing is known: any zone, or none."""
    if not nodes:
        return [{}, {ZONE: "z1"}, {ZONE: "z2"}, {ZONE: "elsewhere"}]
    return [{key: value for key, value in labels.items() if key == ZONE} for labels in nodes]


@pytest.mark.parametrize("number", range(len(controllers())))
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_pods_have_the_labels_that_their_controller_gives_them(
    tmp_path_factory, number: int, data: st.DataObject
) -> None:
    controller = controllers()[number]
    specs = data.draw(st.lists(policies(), min_size=1, max_size=3))
    nodes = data.draw(st.sampled_from(NODES))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), scene(controller, specs, nodes))
    worlds = list(controller.worlds(mentioned_in(specs), nodes))
    sure = list(controller.worlds(mentioned_in(specs), nodes, guesses=False))
    setting = Setting(data.draw(st.sampled_from((Universe.ANY, Universe.INVENTORY))), PROFILES["generic"])
    for text, breaks in CLAIMS.items():
        broken = [any(breaks(specs, pod) for pod in world) for world in worlds]
        expected = Status.REFUTED if all(broken) else Status.UNKNOWN if any(broken) else Status.PROVED
        answer = check(cluster, [Pack("p", "", (parse_query(text),))], setting=setting)
        verdict = answer.sections[0].verdicts[0]
        assert verdict.status is expected, text
        if expected is Status.REFUTED:
            live = all(any(breaks(specs, pod) for pod in world) for world in sure)
            assert verdict.live is (True if live else None), text
            assert all(example.live is not True for example in verdict.counterexamples if not live), text
    _check_map(cluster, specs, worlds)


def _check_map(cluster: Cluster, specs: list[dict], worlds: list[list[dict[str, str]]]) -> None:
    """An end may open what some pod that it stands for may; certain is what each does in every world."""
    found = connectivity(cluster, PROFILES["generic"])
    assert len({end.id for end in found.ends}) == len(found.ends)
    mine = [end for end in found.ends if isinstance(end, Workload) and end.name == "w"]
    rows = {(src.id, dst.id): row for src, dst, row in found.pairs() if isinstance(dst, Workload)}
    here = [rows.get(("a/client[Pod]", end.id)) for end in mine]
    may = any(row is not None and bool(row.allowed & ConnectionSet.PORTS) for row in here)
    assert may == any(lets_in(specs, pod, CLIENT) for world in worlds for pod in world)
    must = all(row is not None and bool(row.certain & ConnectionSet.PORTS) for row in here)
    assert must == all(lets_in(specs, pod, CLIENT) for world in worlds for pod in world)
