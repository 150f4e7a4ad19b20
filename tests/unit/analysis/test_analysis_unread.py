"""A document that was skipped may be any object of its kind and place: where a real one changes a verdict, the verdict
without it is unknown.  Kinds, objects of each, and kinds of claims are enumerated."""

import json
from functools import cache
from itertools import product

import pytest

from analyzer.analysis.revisions.comparing import compare
from analyzer.judging import Setting
from analyzer.judging.judge import judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status
from analyzer.verdicts.difference import Relation

NP, ANP = "networking.k8s.io/v1", "policy.networking.k8s.io/v1alpha1"
EVERYWHERE = {"namespaces": {}}


def thing(version, kind, name, namespace=None, **rest):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def policy(name, namespace, **spec):
    return thing(NP, "NetworkPolicy", name, namespace, spec={"podSelector": {}, **spec})


def admin(kind, name, priority=None, **spec):
    own = {} if priority is None else {"priority": priority}
    return thing(ANP, kind, name, spec={**own, "subject": EVERYWHERE, **spec})


def rule(action, **peer):
    return {"action": action, "from": [peer or {"namespaces": {}}]}


def pod(name, namespace, labels=None, status=None, **spec):
    body = {"containers": [{"name": "c", "image": "x"}], **spec}
    more = {"status": status} if status else {}
    return thing("v1", "Pod", name, namespace, metadata={"labels": labels or {}}, spec=body, **more)


def deployment(name, namespace, **spec):
    template = {"metadata": {"labels": {"app": "x"}}, "spec": pod("x", "x", **spec)["spec"]}
    return thing(
        "apps/v1", "Deployment", name, namespace, spec={"selector": {"matchLabels": {"app": "x"}}, "template": template}
    )


BASE = [
    thing("v1", "Namespace", "a", metadata={"labels": {"team": "a"}}),
    thing("v1", "Namespace", "b", metadata={"labels": {"team": "b"}}),
    pod("one", "a", {"app": "web"}),
    pod("two", "b", {"app": "web"}),
    pod("three", "c", {"app": "web"}),
    policy("closed", "a", policyTypes=["Ingress", "Egress"], ingress=[{"from": [{"podSelector": {}}]}]),
    policy("office", "c", ingress=[{"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}]),
    admin("AdminNetworkPolicy", "tied", 7, ingress=[rule("Pass", namespaces={"matchLabels": {"team": "z"}})]),
    admin("BaselineAdminNetworkPolicy", "default", ingress=[rule("Deny", namespaces={"matchLabels": {"team": "q"}})]),
]
OBJECTS = {
    "NetworkPolicy": [
        policy("extra", "a", ingress=[{}], egress=[{}], policyTypes=["Ingress", "Egress"]),
        policy("extra", "a", ingress=[{"from": [{"namespaceSelector": {}}]}]),
    ],
    "NetworkPolicy in b": [policy("extra", "b", policyTypes=["Ingress", "Egress"]), policy("extra", "b", ingress=[{}])],
    "NetworkPolicy in new": [policy("extra", "new", policyTypes=["Ingress"])],
    "AdminNetworkPolicy": [
        admin("AdminNetworkPolicy", "extra", 7, ingress=[rule("Deny")]),
        admin("AdminNetworkPolicy", "extra", 3, ingress=[rule("Allow")]),
        admin("AdminNetworkPolicy", "extra", 3, ingress=[rule("Deny")]),
    ],
    "Pod in a": [
        pod("extra", "a"),
        pod("extra", "a", {"app": "web"}, hostNetwork=True),
        pod("extra", "a", status={"podIP": "203.0.113.9", "podIPs": [{"ip": "203.0.113.9"}]}),
    ],
    "Pod in b": [pod("extra", "b", {"app": "db"}), pod("extra", "b", hostNetwork=True)],
    "Pod in new": [pod("extra", "new", {"app": "db"}), pod("extra", "new", hostNetwork=True)],
    "Deployment in a": [deployment("extra", "a"), deployment("extra", "a", hostNetwork=True)],
    "Deployment in b": [deployment("extra", "b"), deployment("extra", "b", hostNetwork=True)],
    "Namespace c": [
        thing("v1", "Namespace", "c", metadata={"labels": {"team": "a"}}),
        thing("v1", "Namespace", "c", metadata={"labels": {"team": "z"}}),
        thing("v1", "Namespace", "c"),
    ],
    "Namespace new": [
        thing("v1", "Namespace", "new", metadata={"labels": {"team": "a"}}),
        thing("v1", "Namespace", "new"),
    ],
    "Node": [
        thing("v1", "Node", "n", spec={"podCIDRs": ["203.0.113.0/25"]}),
        thing("v1", "Node", "n", status={"addresses": [{"type": "InternalIP", "address": "203.0.113.7"}]}),
    ],
    "Service": [
        thing(
            "v1",
            "Service",
            "s",
            "c",
            spec={"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
        ),
        thing("v1", "Service", "s", "c", spec={"clusterIP": "203.0.113.3", "selector": {}, "ports": [{"port": 80}]}),
        thing(
            "v1",
            "Service",
            "s",
            "c",
            spec={
                "clusterIP": "203.0.113.3",
                "selector": {"app": "web"},
                "ports": [{"port": 80}],
                "externalIPs": ["203.0.113.3"],
            },
        ),
    ],
}
CLAIMS = [
    "no internet can reach namespace a",
    "no namespace b can reach namespace a",
    "no namespace a can reach namespace b",
    "no pods in namespaces(team=a) can reach pods in namespaces(team=b)",
    "no pods in namespaces(team=z) can reach namespace b",
    "no pods(app=db) in namespace new can reach namespace b",
    "no ips 203.0.113.0/24 can reach namespace c",
    "no pods can reach namespace c",
    "no workload a/one can reach namespace b",
    "only namespace a can reach namespace a",
    "only ips 203.0.113.0/24 can reach namespace c on tcp/80",
    "namespace a can reach only namespace a",
    "every namespace a can reach namespace a",
    "every namespace b can reach namespace b on tcp/80",
    "every ips 203.0.113.0/24 can reach namespace c on tcp/80",
    "some namespace b can reach namespace b",
    "some namespace b can reach namespace a",
    "some pods(app=db) can reach pods in namespaces(team=b)",
    "some ips 203.0.113.9/32 can reach namespace c",
    "every namespace a is isolated for ingress",
    "every namespace b is isolated for ingress",
    "every pods in namespaces(team=a) is isolated for egress",
    "policies never tie",
    "no internet can reach ips 203.0.113.3",
    "no namespace b can reach ips 203.0.113.3",
    "no namespace b can reach ips 198.51.100.0/24",
    "no ips 198.51.100.0/24 can reach namespace c",
    "no ips 198.51.100.0/24 can reach namespace b",
    "some internet can reach service c/s",
    "every pods in namespaces(team=z) is isolated for ingress",
]


PACK = {claim: parse_query(claim, f"q{number}") for number, claim in enumerate(CLAIMS)}


_BRIEFLY = {it: Setting(it, PROFILES["generic"], max_counterexamples=1, looks_further=False) for it in Universe}


@cache
def cluster_of(text, keep_going):
    return load(["-"], stdin=text.encode, keep_going=keep_going).cluster


@cache
def judged(claim, cluster, universe):
    """Once for documents that are read alike, as most are of which the name is wrong."""
    return judge(cluster, PACK[claim], (), _BRIEFLY[universe]).status


def verdict(claim, text, universe, keep_going=False):
    return judged(claim, cluster_of(text, keep_going), universe)


def verdicts(text, universe, keep_going=False):
    return {claim: verdict(claim, text, universe, keep_going) for claim in CLAIMS}


def written(*things):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*BASE, *things]})


def broken(what):
    """The same object with something that no server takes, so that it is skipped."""
    return {**what, "metadata": {**what["metadata"], "name": "-no-name-"}}


def broken_within(what):
    """The same object with a label or a port that no server takes: its name, and where it is, can be read."""
    if what["kind"] == "Service":
        return {**what, "spec": {**what["spec"], "ports": [*what["spec"]["ports"], {"port": 0}]}}
    return {**what, "metadata": {**what["metadata"], "labels": {"a": 5}}}


def addresses(what):
    spec = what.get("spec", {})
    return {*spec.get("externalIPs", []), spec.get("clusterIP")} - {None}


@pytest.mark.parametrize(
    ("kind", "universe"),
    [
        pytest.param(kind, universe, id=f"{kind}, {universe.value}")
        for kind in OBJECTS
        for universe in (Universe if kind.endswith("new") else (Universe.ANY, Universe.INVENTORY))
    ],
)
def test_what_an_object_can_change_is_unknown_without_it(kind, universe):
    wrong = []
    ways = (broken, broken_within) if kind.startswith(("Namespace", "Service")) else (broken,)
    for skipped, way in product(OBJECTS[kind], ways):
        told = verdicts(written(way(skipped)), universe, keep_going=True)
        assert load(["-"], stdin=written(way(skipped)).encode, keep_going=True).problems
        for real in OBJECTS[kind]:
            if ("status" in real and "status" not in skipped) or addresses(real) != addresses(skipped):
                continue  # what a document says of addresses is read off it
            for claim, without in told.items():
                if without is not Status.UNKNOWN and without is not (beside := verdict(claim, written(real), universe)):
                    wrong.append(f"{claim}: {without.value} without, {beside.value} beside {real}")
    assert not wrong, "\n".join(wrong)


def test_what_an_object_cannot_change_is_told():
    told = verdicts(written(broken(OBJECTS["Deployment in b"][0])), Universe.ANY, True)
    assert told["every namespace a is isolated for ingress"] is Status.PROVED
    assert told["no internet can reach namespace a"] is Status.PROVED
    assert told["every namespace b is isolated for ingress"] is Status.REFUTED
    assert told["no ips 203.0.113.0/24 can reach namespace c"] is Status.REFUTED
    assert told["no namespace b can reach namespace a"] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "claim", "status"),
    [
        ("Namespace c", "every namespace a is isolated for ingress", Status.PROVED),
        ("Namespace c", "no internet can reach namespace a", Status.PROVED),
        ("Namespace c", "no namespace a can reach namespace b", Status.PROVED),
        ("Namespace c", "every namespace b is isolated for ingress", Status.REFUTED),
        ("Namespace new", "every namespace a is isolated for ingress", Status.PROVED),
        ("Service", "no namespace b can reach ips 198.51.100.0/24", Status.REFUTED),
        ("Service", "no ips 198.51.100.0/24 can reach namespace b", Status.REFUTED),
        ("Service", "no internet can reach namespace a", Status.PROVED),
        ("Service", "every pods in namespaces(team=z) is isolated for ingress", Status.REFUTED),
    ],
)
def test_an_object_of_which_its_place_was_read_changes_nothing_elsewhere(kind, claim, status):
    for skipped in OBJECTS[kind]:
        assert verdict(claim, written(broken_within(skipped)), Universe.ANY, True) is status


@pytest.mark.parametrize("claim", ["no namespace b can reach ips 203.0.113.3", "no internet can reach ips 203.0.113.3"])
def test_an_address_that_was_read_off_a_service_is_its_own(claim):
    for skipped in OBJECTS["Service"][1:]:
        assert verdict(claim, written(broken_within(skipped)), Universe.ANY, True) is Status.UNKNOWN


@pytest.mark.parametrize(
    "text", ["kind: Pod\n", "a: [\n", "apiVersion: v1\nkind: Pox\n", "apiVersion: v1\nkind: Pod\nmetadata: 3\n"]
)
@pytest.mark.parametrize("universe", list(Universe), ids=lambda universe: universe.value)
def test_a_document_of_which_nothing_is_known_may_change_everything(text, universe):
    whole = "\n---\n".join(json.dumps(it) for it in BASE) + "\n---\n" + text
    found = verdicts(whole, universe, True)
    if "metadata" in text:  # a Pod, of any namespace: no policy
        assert found["policies never tie"] in (Status.UNKNOWN, Status.PROVED)
        assert found["every namespace a is isolated for ingress"] is Status.UNKNOWN
    else:
        assert set(found.values()) == {Status.UNKNOWN}


@pytest.mark.parametrize("universe", list(Universe), ids=lambda universe: universe.value)
@pytest.mark.parametrize("kind", ["Pod in a", "Service", "Node", "Namespace c"])
def test_revisions_with_a_document_that_was_skipped_are_not_equivalent_for_certain(kind, universe):
    text = written(broken(OBJECTS[kind][0])).encode()
    side = load(["-"], stdin=lambda: text, keep_going=True).cluster
    found = compare(side, side, (), setting=Setting(universe, PROFILES["generic"]), max_changes=3)
    assert found.relation is Relation.UNKNOWN
