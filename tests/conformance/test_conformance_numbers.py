"""What the conformance cases say of single messages of ICMP and IP protocols, asked as claims: from text to verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from test_conformance import ACCEPTED, Expectation, _is_address, _profile

from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.enforcing import as_enforced
from analyzer.sets import AddressSet
from analyzer.verdicts.verdict import Status

_EXPECTED = {
    "allow": {"no": Status.REFUTED, "every": Status.PROVED, "some": Status.PROVED},
    "deny": {"no": Status.PROVED, "every": Status.REFUTED, "some": Status.REFUTED},
    "open": dict.fromkeys(("no", "every", "some"), Status.UNKNOWN),
}


def _asked() -> Iterator[tuple[Expectation, dict[str, Any]]]:
    """The decisions between workloads, and from addresses outside; of ICMPv6 over IPv4 no query speaks."""
    for case in ACCEPTED:
        for entry in case.text["decisions"]:
            is_plain = "/" in entry["to"] and ("/" in entry["from"] or _is_address(entry["from"]))
            if (
                is_plain
                and entry.get("port", "").partition("/")[0] in ("icmp", "icmpv6", "ip")
                and entry["port"] != "ip/58"
            ):
                yield case, entry


ASKED = list(_asked())


def _on(port: str, *, is_six: bool) -> str:
    """`icmp/3.1` as a query says it of that version of IP; without a code it is 0."""
    protocol, _, number = port.partition("/")
    if protocol == "ip":
        return f"protocol/{number}"
    type_, _, code = number.partition(".")
    return f"{'icmpv6' if is_six else protocol}/{type_}/{code or 0}"


CLAIMS = [
    (case, entry, much)
    for case, entry in ASKED
    for much in ("no", "every", "some")
    if much != "every" or entry["port"].startswith("icmp")  # of what has no version of IP every one is asked for
]


@pytest.mark.parametrize(
    ("case", "entry", "much"), CLAIMS, ids=[f"{c.folder.name} {much} {e['from']} {e['port']}" for c, e, much in CLAIMS]
)
def test_each_decision_is_a_verdict(case: Expectation, entry: dict[str, Any], much: str) -> None:
    src, is_six = entry["from"], ":" in entry["from"]
    sources = f"ips {src}" if _is_address(src) else f"workload {src}"
    query = parse_query(f"{much} {sources} can reach workload {entry['to']} on {_on(entry['port'], is_six=is_six)}")
    pods = AddressSet.of("fc00::/7" if is_six else "10.0.0.0/8")
    profile = _profile({**case.text, **entry})
    setting = Setting(universe=Universe.INVENTORY, profile=profile, pod_addresses=pods)
    verdict = judge(as_enforced(load(case.manifests).cluster, profile), query, (), setting)
    assert verdict.status is _EXPECTED[entry["expect"]][much], verdict.reason
    for example in verdict.counterexamples:
        assert example.connection is not None
        assert example.connection.number is not None


def test_there_are_cases_of_each_layer() -> None:
    profiles = {case.text.get("profile", "generic") for case, _ in ASKED}
    assert {"calico", "cilium", "aws-vpc-cni"} <= profiles
    assert {entry["expect"] for _, entry in ASKED} >= {"allow", "deny"}
