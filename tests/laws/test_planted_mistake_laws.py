"""Mistakes planted in policies that are right: what refutes the queries then is mended by the patch, which breaks no
proof, and what it cuts and opens is told, no more and no less."""

from __future__ import annotations

import tempfile
from copy import deepcopy
from ipaddress import ip_address
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fix_laws import Asked, apply, ends_of, made, name_of, namespace, of, restore, workload

from analyzer.judging import question_of
from analyzer.manifests import load
from analyzer.model.claims import Kind
from analyzer.model.endpoints import Connection, External
from analyzer.model.policies import Protocol
from analyzer.semantics import decide, is_in_scope
from analyzer.verdicts import Status

FORBIDDING, ASKING = (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY), (Kind.SOME, Kind.EVERY)
LEGACY = "192.0.2.50"  # to which a Service without a selector leads
OUTSIDE = [External(ip_address(text)) for text in ("8.8.8.8", LEGACY, "169.254.169.254")]
QUERIES = [
    "only pods(app=web) in namespace shop can reach pods(app=db) in namespace shop on tcp/5432",
    "every workload shop/web can reach workload shop/db on tcp/5432",
    "every workload mon/prom can reach workload shop/web on tcp/8080",
    "no namespace blog can reach namespace shop",
    "no namespace shop can reach internet",
]


def policy(name, subject, types, into=None, out=None):
    spec = {"podSelector": subject, "policyTypes": types}
    spec |= ({"ingress": into} if into is not None else {}) | ({"egress": out} if out is not None else {})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


def labelled(value):
    return {"matchLabels": {"app": value}}


def right():
    """The policies as they should be."""
    peers = [{"podSelector": {}}, {"ipBlock": {"cidr": f"{LEGACY}/32"}}]
    dns = {"to": [of("kube-system")], "ports": [{"protocol": it, "port": 53} for it in ("UDP", "TCP")]}
    return {
        "deny": policy(
            "deny", {}, ["Ingress", "Egress"], out=[{"to": peers}, dns]
        ),
        "db": policy(
            "db", labelled("db"), ["Ingress"],
            [{"from": [{"podSelector": labelled("web")}], "ports": [{"protocol": "TCP", "port": "pg"}]}],
        ),
        "scrape": policy(
            "scrape", labelled("web"), ["Ingress"],
            [{"from": [{**of("mon"), "podSelector": labelled("prom")}], "ports": [{"port": 8080}]}],
        ),
    }  # fmt: skip


def rule(policies, name):
    return policies[name]["spec"]["ingress"][0]


def dash(policies):
    own = rule(policies, "scrape")
    own["from"] = [{"namespaceSelector": {}}, {"podSelector": labelled("prom")}]


def no_namespace(policies):
    rule(policies, "scrape")["from"] = [{"podSelector": labelled("prom")}]


def types(policies):
    policies["deny"]["spec"]["policyTypes"] = ["Ingress"]
    del policies["deny"]["spec"]["egress"]


def everybody(policies):
    del rule(policies, "db")["from"]


def both_labels(policies):
    rule(policies, "scrape")["from"] = [{"podSelector": labelled("prm")}]


MISTAKES = {
    "a policy is missing": lambda it: it.pop("db") and it.pop("deny"),
    "a policy with rules is missing": lambda it: it.pop("scrape"),
    "a dash too many": dash,
    "a namespaceSelector is missing": no_namespace,
    "another protocol": lambda it: rule(it, "scrape")["ports"].__setitem__(0, {"protocol": "UDP", "port": 8080}),
    "policyTypes": types,
    "a peer's label": lambda it: rule(it, "db")["from"].__setitem__(0, {"podSelector": labelled("wbe")}),
    "the own label": lambda it: it["db"]["spec"].update(podSelector=labelled("dbb")),
    "a namespace's name": lambda it: rule(it, "scrape")["from"][0].update(of("mom")),
    "a port's name": lambda it: rule(it, "db")["ports"][0].update(port="pgg"),
    "the Service's port": lambda it: rule(it, "scrape")["ports"][0].update(port=80),
    "everybody": everybody,
    "two slips in one rule": both_labels,
}


def objects_of(policies, extra):
    found = [namespace(name) for name in ("shop", "blog", "mon", "kube-system")]
    db = workload("shop", "db", [5432])
    db["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"] = "pg"
    found += [workload("shop", "web", [8080]), db, workload("mon", "prom", [9090]), *extra]
    found += [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
         "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "legacy", "namespace": "shop"},
         "spec": {"ports": [{"port": 5432}]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
         "metadata": {"name": "legacy-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "legacy"}},
         "addressType": "IPv4", "ports": [{"port": 5432, "protocol": "TCP"}], "endpoints": [{"addresses": [LEGACY]}]},
    ]  # fmt: skip
    return [*found, *policies.values()]


EXTRA = [workload("shop", "batch", [9000]), workload("blog", "front", [80]), workload("shop", "cache", [6379])]


def unspoken(cluster, setting, answer):
    """What no refuted query forbids, and none asks for: names and connections between ends that are there."""
    claims = [
        question_of(cluster, it.query, (), setting).claim for it in answer.verdicts if it.status is Status.REFUTED
    ]
    ends = [(name, end, there.ports) for name, end, there in ends_of(cluster)]
    outside = [("outside", it, ()) for it in OUTSIDE]
    for (a, src, _), (b, dst, ports) in [*product(ends, [*ends, *outside]), *product(outside[:1], ends)]:
        for port in ([it.number for it in ports] or [80, 443, 5432]) if a != b else ():
            connection = Connection(src, dst, Protocol.TCP, port)
            said = [it.kind for it in claims if is_in_scope(it, connection, setting.profile)]
            yield (a, b), connection, not set(said) & set(FORBIDDING), not set(said) & set(ASKING)


def pairs(connections):
    return {(name_of(it.src), name_of(it.dst)) for it in connections}


@pytest.mark.parametrize("mistake", MISTAKES)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    more=st.sampled_from([None, *MISTAKES]),
    extra=st.lists(st.sampled_from(EXTRA), unique_by=str),
    is_split=st.booleans(),
)
def test_a_planted_mistake_is_mended_and_what_that_does_is_told(mistake, more, extra, is_split):
    policies = right()
    for name in dict.fromkeys([mistake, more]) if more is not None else [mistake]:
        try:
            MISTAKES[name](policies)
        except (KeyError, IndexError):  # the first one left nothing to spoil
            continue
    texts = [yaml.safe_dump(deepcopy(it), sort_keys=False) for it in objects_of(policies, extra)]
    files = {f"{n}.yaml": it for n, it in enumerate(texts)} if is_split else {"all.yaml": "---\n".join(texts)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "m"
        folder.mkdir()
        restore(folder, files)
        asked = Asked(folder, QUERIES)
        cluster, setting, before = asked.answer()
        refuted = {it.query.id for it in before.verdicts if it.status is Status.REFUTED}
        shown = [it for it in before.findings if not it.is_hidden]
        assert refuted == {broken.query.id for it in shown for broken in it.breaks}
        there = list(unspoken(cluster, setting, before))
        edits = [it.fix.edit for it in before.findings if it.fix.edit is not None]
        allowed = [decide(cluster, setting.profile, it).allowed for _, it, _, _ in there]
        cut, opened = {}, {}
        for finding in before.findings:
            if finding.fix.edit is not None and not finding.is_hidden:
                made(folder, finding.fix.edit)
                after = load([str(folder)], stdin=bytes).cluster
                now = [decide(after, setting.profile, it).allowed for _, it, _, _ in there]
                restore(folder, files)
                lost, gained = changed(there, allowed, now)
                assert lost <= pairs(finding.fix.cuts), ("not told", lost, finding.fix)
                assert gained <= pairs(finding.fix.opens), ("not told", gained, finding.fix)
                cut[id(finding)], opened[id(finding)] = lost, gained
        apply(name, edits)
        after, statuses = asked.statuses()
        left = {it for finding in before.findings for it in finding.left}
        assert {id for id, status in statuses.items() if status is not Status.PROVED} == left
        now = [decide(after, setting.profile, it).allowed for _, it, _, _ in there]
        lost, gained = changed(there, allowed, now)
        assert lost <= {pair for it in before.findings for pair in pairs(it.fix.cuts)}
        assert gained <= {pair for it in before.findings for pair in pairs(it.fix.opens)}
        for finding in before.findings:
            for told, of_it, all_of_them in (
                (finding.fix.cuts, cut.get(id(finding), set()), lost),
                (finding.fix.opens, opened.get(id(finding), set()), gained),
            ):
                known = {names for names, _, _, _ in there}
                extra_told = {it for it in pairs(told) if it in known} - of_it - all_of_them
                assert not extra_told or finding.is_hidden, ("told and not so", extra_told)


def changed(there, allowed, now):
    """The pairs of ends of which something is cut that nobody forbids, and opened that nobody asks for."""
    each = list(zip(there, allowed, now, strict=True))
    lost = {names for (names, _, is_free, _), was, is_so in each if was and not is_so and is_free}
    return lost, {names for (names, _, _, is_free), was, is_so in each if is_so and not was and is_free}


def test_the_policies_are_right_before():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "m"
        folder.mkdir()
        restore(folder, {"all.yaml": "---\n".join(yaml.safe_dump(it) for it in objects_of(right(), EXTRA))})
        _, statuses = Asked(folder, QUERIES).statuses()
        assert set(statuses.values()) == {Status.PROVED}
