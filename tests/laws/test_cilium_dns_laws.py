"""Random DNS rules of Cilium, held to a plain reading of them: encoding and oracle say of each request of a small world
what the rules say, and no verdict is better than that world has it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import yaml
from evaluators import EVERYTHING, fixing, question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cilium_request_laws import CLUSTER, pods

from analyzer.encoding import UNIVERSE, VIOLATION, embed, encode
from analyzer.encoding.asked_for import embedded
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.requests import MTLS, Request
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.solving import Budget, Session
from analyzer.verdicts import Status

PROFILE = PROFILES["cilium"]
NAMES = ("a.test", "b.test", "x.a.test", "y.x.a.test", "test", "other.org", "A.test.")
WORLD = [Request(), Request("GET", "/", "a.test", 2), Request(sni="a.test"), Request(tls=MTLS)]
WORLD += [Request(dns=name) for name in NAMES]
RULES = {
    "matchName": ("a.test", "B.test", "x.a.test."),
    "matchPattern": ("*.test", "*.a.test", "**.test", "*", "?.test".replace("?", "*a*"), "other.*"),
}
CONDITIONS = {
    'request.dns == "a.test"': lambda name: name == "a.test",
    'not request.dns == "a.test"': lambda name: name != "a.test",
    'request.dns like "*.test"': lambda name: name is not None and name.endswith(".test"),
    'request.dns in ("b.test", "other.org")': lambda name: name in ("b.test", "other.org"),
    "has request.dns": lambda name: name is not None,
    "not has request.dns": lambda name: name is None,
}
LAW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def rules(draw: Any) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Entries of a policy, each with names, or with none: then it lets every request through."""
    name = st.sampled_from([(key, text) for key, texts in RULES.items() for text in texts])
    return tuple(draw(st.lists(st.lists(name, max_size=2).map(tuple), min_size=1, max_size=2)))


@cache
def cluster_of(drawn: tuple[tuple[tuple[str, str], ...], ...]) -> Cluster:
    ports = [{"port": "53", "protocol": "ANY"}]
    egress = [
        {"toPorts": [{"ports": ports, **({"rules": {"dns": [{key: text} for key, text in entry]}} if entry else {})}]}
        for entry in drawn
    ]
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "namespace": "dev"},
        "spec": {"endpointSelector": {}, "egress": egress},
    }
    return load(["-"], stdin=(CLUSTER + yaml.safe_dump(policy)).encode).cluster


def asked(request: Request) -> str | None:
    return None if request.dns is None else request.dns.lower().removesuffix(".")


def passes(drawn: tuple[tuple[tuple[str, str], ...], ...], request: Request) -> bool:
    """What the rules say of it, read anew."""
    name = asked(request)
    return any(not entry or (name is not None and any(meets(*it, name) for it in entry)) for entry in drawn)


def meets(key: str, text: str, name: str) -> bool:
    text = text.lower().removesuffix(".")
    if key == "matchName" or text == "*":
        return text in ("*", name)
    some, label = "[-a-z0-9_.]", "[-a-z0-9_]*"
    deep = text.startswith("**.")
    body = re.escape(text.removeprefix("**.")).replace(r"\*", label)
    return re.fullmatch((rf"({label}\.)+" if deep else "") + body, name) is not None and bool(some)


@LAW
@given(rules(), st.sampled_from((Protocol.UDP, Protocol.TCP)))
def test_the_encoding_and_the_oracle_say_of_a_name_what_the_rules_say(drawn: Any, protocol: Protocol) -> None:
    cluster = cluster_of(drawn)
    obligation = encode(cluster, replace(question(EVERYTHING, PROFILE), with_requests=True))
    session = Session(obligation.text, obligation.symbols, Budget())
    src, dst = pods(cluster)
    for request in WORLD if protocol is Protocol.TCP else [it for it in WORLD if it.method is None and it.tls != MTLS]:
        connection = Connection(src, dst, protocol, 53, request=request)
        its = attributes_of(connection, cluster, PROFILE)
        values = embed(obligation, replace(connection, request=None))
        assert values is not None
        assert its is not None
        values |= embedded(obligation.scope, obligation.variables, its)
        literal = session.literal(fixing(obligation, values))
        said = {
            is_so
            for is_so, word in ((True, VIOLATION), (False, f"!{VIOLATION}"))
            if session.check(UNIVERSE, *obligation.tracks, literal, word).is_sat
        }
        assert said == {passes(drawn, request)}, request
        assert {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)} == said


@LAW
@given(rules(), st.sampled_from(("no", "every")), st.sampled_from(sorted(CONDITIONS)))
def test_a_verdict_is_what_the_world_has(drawn: Any, word: str, where: str) -> None:
    cluster = cluster_of(drawn)
    query = parse_query(f"{word} namespace dev can reach namespace foo on udp/53 where {where}", "q")
    verdict = judge(cluster, query, (), Setting(Universe.INVENTORY, PROFILE, max_counterexamples=1))
    assert verdict.status is not Status.UNKNOWN, verdict.reason
    over_udp = [it for it in WORLD if it.method is None and it.tls != MTLS]
    spoken = [request for request in over_udp if CONDITIONS[where](asked(request))]
    if word == "no":
        assert verdict.status is Status.REFUTED or not any(passes(drawn, request) for request in spoken)
        return
    by_name: dict[str | None, list[bool]] = {}
    for request in spoken:
        by_name.setdefault(asked(request), []).append(passes(drawn, request))
    assert verdict.status is Status.REFUTED or all(map(any, by_name.values()))
