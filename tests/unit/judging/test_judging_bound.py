"""`metadata-service` has its IPv6 address where pods have IPv6 addresses, by whatever says so."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from analyzer.analysis import Setting, check
from analyzer.judging.bound import has_ipv6_pods
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.ends import METADATA
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Action, AddressPeer, Direction, NamespaceNamed, PodPeer, Policy, Rule, Tier
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.sets import AddressSet
from analyzer.verdicts import Status

V4, V6 = AddressSet.of("10.0.0.0/8"), AddressSet.of("fd00:1::/64")
NODE4, NODE6 = ip_address("192.168.0.1"), ip_address("fd00:9::1")
CLAIMS = """
assert reached: every workload a/x can reach metadata-service on tcp/80
assert closed: no workload a/x can reach metadata-service on tcp/80
assert less: no workload a/x can reach external except metadata-service on tcp/80
assert excused: no workload a/x can reach external on tcp/80 except workload a/x can reach metadata-service
"""


def policy(*cidrs: str, direction: Direction = Direction.EGRESS) -> Policy:
    peers = tuple(AddressPeer(AddressSet.of(cidr), cidr) for cidr in cidrs)
    rules = (Rule(Action.ACCEPT, peers, None, 0, NOWHERE),) if peers else ()
    sides = {Direction.EGRESS: (None, rules), Direction.INGRESS: (rules, None)}[direction]
    return Policy("NetworkPolicy", "a", cidrs[0], Tier.NETWORK_POLICY, PodPeer(NamespaceNamed("a")), *sides, NOWHERE)


def cluster(*, ips: tuple[str, ...] = (), nodes: tuple[Node, ...] = (), more: tuple[Policy, ...] = ()) -> Cluster:
    """One workload that may call the metadata service at its IPv4 address, and nothing else."""
    workload = Workload("Deployment", "a", "x", Labels({"app": "x"}), ips=tuple(map(ip_address, ips)))
    namespace = Namespace("a", Labels({NAMESPACE_NAME_LABEL: "a"}), True)
    return Cluster((namespace,), (workload,), nodes, (), (policy("169.254.169.254/32"), *more))


def node(pods: AddressSet, *ips) -> Node:
    return Node("n", Labels(), ips, pods)


EVIDENCE = [
    ("nothing", cluster(), None, False),
    ("given, IPv4", cluster(), V4, False),
    ("given, IPv6", cluster(), V6, True),
    ("given, both", cluster(), V4 | V6, True),
    ("given, IPv4, beside a policy", cluster(more=(policy("::/0"),)), V4, False),
    ("podCIDRs, IPv4", cluster(nodes=(node(V4, NODE4),)), None, False),
    ("podCIDRs, both", cluster(nodes=(node(V4 | V6, NODE4),)), None, True),
    ("podCIDRs, IPv4, a node's address", cluster(nodes=(node(V4, NODE4, NODE6),)), None, False),
    ("pods, IPv4", cluster(ips=("10.0.0.1",)), None, False),
    ("pods, both", cluster(ips=("10.0.0.1", "fd00:1::1")), None, True),
    ("pods, IPv6 beside podCIDRs", cluster(ips=("fd00:1::1",), nodes=(node(V4, NODE4),)), None, True),
    ("a node's address", cluster(nodes=(node(AddressSet.EMPTY, NODE4, NODE6),)), None, True),
    ("a policy", cluster(more=(policy("fd00:5::/64"),)), None, True),
    ("a policy for ingress", cluster(more=(policy("2001:db8::/32", direction=Direction.INGRESS),)), None, True),
]


@pytest.mark.parametrize(("which", "given", "has_ipv6"), [e[1:] for e in EVIDENCE], ids=[e[0] for e in EVIDENCE])
def test_the_metadata_service_has_an_ipv6_address_where_pods_have_one(which, given, has_ipv6):
    assert has_ipv6_pods(which, given, PROFILES["generic"]) is has_ipv6
    setting = Setting(Universe.ANY, PROFILES["generic"], given)
    answer = check(which, [parse_pack(CLAIMS, "p.npq")], setting=setting)
    found = {verdict.query.id: verdict.status for verdict in answer.verdicts}
    pods_are_ipv6_alone = not (given or V4).v4 or (which.workloads[0].ips and which.workloads[0].ips[0].version == 6)
    if not pods_are_ipv6_alone:
        assert found["reached"] is (Status.REFUTED if has_ipv6 else Status.PROVED)
        assert found["closed"] is Status.REFUTED
    assert found["less"] is found["excused"]
    stated = [a.name for a in answer.assumptions if a.name == "metadata-service"]
    assert stated == ([] if has_ipv6 else ["metadata-service"])


def test_a_query_keeps_the_word_as_it_was_asked():
    pack = parse_pack(CLAIMS, "p.npq")
    answer = check(cluster(), [pack], setting=Setting(Universe.ANY, PROFILES["generic"]))
    assert answer.verdicts[0].query.claim.destinations == METADATA
