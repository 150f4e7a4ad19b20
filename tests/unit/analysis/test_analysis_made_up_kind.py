"""A kind of policy is one file of `manifests/kinds` and one line of the pipeline: check, map, explain and diff know it
then.  Here is such a file and such a line, of a kind that nobody has."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest
from evaluators import by_encoding

import analyzer
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.kinds.registry import MODELLED
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.model import reading
from analyzer.model.endpoints import Connection, pod_of
from analyzer.model.formula_policies import FormulaPolicy, FormulaRule
from analyzer.model.formulas import PODS, Attribute, Name, OnPorts, Role, Same, both, in_namespaces, is_a, labels
from analyzer.model.labels import Selector
from analyzer.model.pipeline import Unmatched
from analyzer.model.policies import Action, NamespaceNamed, Protocol
from analyzer.model.profile import PROFILES
from analyzer.semantics import decide
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts import Status
from analyzer.verdicts.difference import Relation


# ------------------------------------------------------------------------------------------------ the file
def read(manifest: Manifest) -> FormulaPolicy:
    """`guards` selects pods of its namespace, which are closed but for what `admits` lists: pods by their labels, or
    `neighbours`, those of the same namespace."""
    spec = manifest.root.section("spec")
    assert spec is not None
    home = manifest.namespace or "default"
    guarded = read_selector(spec, "guards") or Selector.EVERYTHING
    rules = []
    for index, entry in enumerate(spec.sections("admits")):
        admitted = labels(read_selector(entry, "pods") or Selector.EVERYTHING, Role.SRC)
        if entry.has("neighbours"):
            admitted = Same(Attribute(Role.SRC, Name.NAMESPACE), Attribute(Role.DST, Name.NAMESPACE))
        on = OnPorts(Protocol.TCP, PortSet.of(entry.integer("port", 1, 65535) or 1))
        rules.append(FormulaRule(Action.ACCEPT, both([is_a(Role.SRC, PODS), admitted, on]), index, entry.source))
    subject = both([is_a(Role.SELF, PODS), in_namespaces(NamespaceNamed(home), Role.SELF), labels(guarded, Role.SELF)])
    kind, name = manifest.kind, manifest.name
    return FormulaPolicy(kind, home, name, "Perimeter", subject, tuple(rules), None, manifest.source)


KIND = ObjectKind("Perimeter", "example.org", ("v1",), read, may_allow=True, may_deny=True, has_rules=True)

# ------------------------------------------------------------------------------------------------ the line
LINE = reading.FormulaTier("Perimeter", True, Unmatched.DENY, is_union=True)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELLED, (KIND.kind, KIND.group), KIND)
    monkeypatch.setattr(reading, "FORMULA_TIERS", (LINE,))


# ------------------------------------------------------------------------------------------------ what it says
def pod(name: str, where: str, ip: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": where, "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"podIP": ip},
    }


def perimeter(*admits: tuple[str, int]) -> dict[str, Any]:
    entries = [{"pods": {"matchLabels": {"app": app}}, "port": port} for app, port in admits]
    return {
        "apiVersion": "example.org/v1",
        "kind": "Perimeter",
        "metadata": {"name": "around-db", "namespace": "shop"},
        "spec": {"guards": {"matchLabels": {"app": "db"}}, "admits": entries},
    }


CLOSED_IN_SHOP = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "closed", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
NAMESPACES = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}
    for name in ("shop", "other")
]
PODS_OF = [pod("web", "shop", "10.0.0.1"), pod("db", "shop", "10.0.0.2"), pod("stranger", "other", "10.0.0.3")]
PORTS = (80, 5432)
WEB = ("web", 5432)
NOTHING = ConnectionSet.EMPTY


def loaded(*policies: dict[str, Any]) -> analyzer.Manifests:
    return analyzer.load(objects=[*NAMESPACES, *PODS_OF, *policies])


def is_open(source: str, destination: str, port: int) -> bool:
    """What was meant: the perimeter goes before NetworkPolicies, and decides for the pods that it guards."""
    if destination == "db":
        return (source, port) == ("web", 5432)
    return destination == "stranger"


HOMES = {"web": "shop", "db": "shop", "stranger": "other"}
QUESTIONS = [(ends, port) for ends, port in product(permutations(HOMES, 2), PORTS)]


def end(name: str) -> str:
    return f"{HOMES[name]}/{name}"


@pytest.mark.parametrize("engine", ["generic", "antrea", "calico"])
def test_every_question_knows_it(engine: str) -> None:
    manifests = loaded(perimeter(("web", 5432)), CLOSED_IN_SHOP)
    assert not manifests.cluster.unmodelled
    rows = {(s, d): told for s, d, told in analyzer.connectivity(manifests, profile=engine)}
    for (source, destination), port in QUESTIONS:
        wanted, (src, dst) = is_open(source, destination, port), (end(source), end(destination))
        claim = f"no workload {src} can reach workload {dst} on tcp/{port}"
        (verdict,) = analyzer.check(manifests, claim, profile=engine).verdicts
        assert verdict.status is (Status.REFUTED if wanted else Status.PROVED), claim
        told = analyzer.explain(manifests, src, dst, on=f"tcp/{port}", profile=engine)
        assert told.outcome.value == ("allowed" if wanted else "denied"), claim
        assert (port in rows.get((f"{src}[Pod]", f"{dst}[Pod]"), NOTHING).tcp) is wanted, claim


def test_a_report_names_it() -> None:
    manifests = loaded(perimeter(("web", 5432)))
    told = analyzer.explain(manifests, end("stranger"), end("db"), on="tcp/5432", profile="generic")
    assert "Perimeter shop/around-db" in str(told)
    (proved,) = analyzer.check(manifests, "no pods(app=stranger) can reach workload shop/db").verdicts
    assert [ref.policy.id for ref in proved.rests_on] == ["Perimeter shop/around-db"]


def test_a_comparison_tells_what_it_changed() -> None:
    old, same, new = (loaded(perimeter(*admits)) for admits in ((WEB,), (WEB, WEB), (WEB, ("stranger", 80))))
    assert analyzer.diff(old, same, profile="generic").relation is Relation.EQUIVALENT
    assert analyzer.diff(old, new, profile="generic").relation is Relation.MORE
    assert analyzer.diff(new, loaded(), profile="generic").relation is Relation.MORE


def test_oracle_and_encoding_agree() -> None:
    cluster, profile = loaded(perimeter(("web", 5432), ("stranger", 80)), CLOSED_IN_SHOP).cluster, PROFILES["generic"]
    labels_of = {ns.name: ns.labels for ns in cluster.namespaces}
    pods = [pod_of(w, labels_of[w.namespace], w.ips[0]) for w in cluster.workloads]
    for (src, dst), port in product(permutations(pods, 2), PORTS):
        connection = Connection(src, dst, Protocol.TCP, port)
        is_let_in = decide(cluster, profile, connection).allowed
        assert by_encoding(cluster, profile, connection) == ("allow" if is_let_in else "deny"), connection


@pytest.mark.parametrize("engine", ["generic", "calico"])
def test_a_rule_may_compare_the_ends(engine: str) -> None:
    """No engine's kind does so but for the nodes that ends are on, which no map knows."""
    guarding = [perimeter(), perimeter()]
    for each, (name, home) in zip(guarding, (("db", "shop"), ("stranger", "other")), strict=True):
        each["metadata"]["namespace"] = home
        each["spec"] = {"guards": {"matchLabels": {"app": name}}, "admits": [{"neighbours": True, "port": 5432}]}
    manifests, profile = loaded(*guarding), PROFILES[engine]
    rows = {(s, d): told for s, d, told in analyzer.connectivity(manifests, profile=engine)}
    ends = {
        w.name: pod_of(w, manifests.cluster.namespace_by_name[w.namespace].labels, w.ips[0])
        for w in manifests.cluster.workloads
    }
    pairs = [("web", "db"), ("stranger", "db"), ("web", "stranger"), ("db", "stranger")]
    for (source, destination), port in product(pairs, PORTS):
        expected = (source, destination, port) == ("web", "db", 5432)
        assert (port in rows.get((f"{end(source)}[Pod]", f"{end(destination)}[Pod]"), NOTHING).tcp) is expected
        connection = Connection(ends[source], ends[destination], Protocol.TCP, port)
        assert decide(manifests.cluster, profile, connection).allowed is expected
        assert by_encoding(manifests.cluster, profile, connection) == ("allow" if expected else "deny")
