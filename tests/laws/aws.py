"""Random clusters on Amazon's VPC CNI: security groups of pods and of nodes, EKS's own policies, how the CNI is set up.

    aws_clusters()    a Cluster with SecurityGroupPolicies, groups, prefix lists, interfaces, and policies of every kind
    aws_profiles()    the profile, with what the CNI's settings change

The alphabet is that of `clusters`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from calico import nets
from clusters import DECLARED, MENTIONED, NODE_IPS, OUTSIDE, clusters, first_match_policies, label_maps, selectors
from clusters import network_policies as drawn_network_policies
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analyzer.model.aws import (
    API,
    Aws,
    AwsSettings,
    EniConfig,
    FargateProfile,
    GroupPolicy,
    GroupRule,
    NetworkInterface,
    PrefixList,
    SecurityGroup,
    Vpc,
)
from analyzer.model.aws_nodes import differing_groups
from analyzer.model.calico import ServiceAccount
from analyzer.model.cluster import Cluster
from analyzer.model.labels import Labels
from analyzer.model.placement import ADMITTED, COMPUTE, OS, Host, names_of
from analyzer.model.policies import Direction, Policy
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import Source
from analyzer.sets import AddressSet

HERE = Source("groups.json", 1)
NAMES = (*DECLARED, MENTIONED)
WHYS = st.sampled_from(("", "", "ENABLE_POD_ENI is off"))
IDS = ("sg-1", "sg-2", "sg-3")
LISTS = ("pl-1", "pl-2")


@cache
@st.composite
def rules(draw: DrawFn, index: int) -> GroupRule:
    protocol = draw(st.sampled_from((None, 6, 6, 6, 17, 1, 58, 132, 47)))
    low = high = None
    if protocol in (6, 17):
        low, high = draw(st.sampled_from(((80, 80), (80, 81), (None, None), (0, 65535))))
    elif protocol in (1, 58):
        low, high = draw(st.sampled_from(((8, 0), (8, None), (None, None))))
    kind = draw(st.sampled_from(("nets", "nets", "group", "group", "list", "everybody")))
    everybody = AddressSet.of("0.0.0.0/0", *draw(st.sampled_from(((), ("::/0",)))))
    return GroupRule(
        draw(st.sampled_from(Direction)),
        protocol,
        low,
        high,
        draw(nets()) if kind == "nets" else everybody if kind == "everybody" else AddressSet.EMPTY,
        (draw(st.sampled_from(LISTS)),) if kind == "list" else (),
        (draw(st.sampled_from(IDS)),) if kind == "group" else (),
        index,
        HERE,
    )


@cache
@st.composite
def groups(draw: DrawFn, id_: str) -> SecurityGroup:
    found = tuple(draw(rules(index)) for index in range(draw(st.integers(0, 4))))
    return SecurityGroup(id_, found, HERE, is_whole=draw(st.sampled_from((True, True, True, False))))


@cache
@st.composite
def group_policies(draw: DrawFn, number: int) -> GroupPolicy:
    by = draw(st.sampled_from(("pods", "pods", "pods", "accounts", "both")))
    return GroupPolicy(
        draw(st.sampled_from(NAMES)),
        f"groups-{number}",
        draw(selectors()) if by != "accounts" else None,
        draw(selectors()) if by != "pods" else None,
        tuple(draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True))),
        HERE,
    )


@st.composite
def interfaces(draw: DrawFn, cluster: Cluster) -> tuple[NetworkInterface, ...]:
    """Those of the nodes, and one or two of what is outside."""
    picked = st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True).map(tuple)
    same = draw(st.none() | picked)
    found = [
        NetworkInterface(f"eni-{i}", node.ips, same or draw(picked), HERE, f"i-{i}", is_primary=True)
        for i, node in enumerate(cluster.nodes)
        if node.ips and draw(st.sampled_from((*[True] * 7, False)))
    ]
    for i in range(draw(st.integers(0, 2))):
        told = draw(st.sampled_from(({}, {}, {"of_balancer": False}, {"of_balancer": True, "keeps_clients": True})))
        found.append(NetworkInterface(f"eni-o{i}", (OUTSIDE[4] + i,), draw(picked), HERE, **told))
    if found and draw(st.sampled_from((False, False, True))):
        found.append(NetworkInterface("eni-x", (NODE_IPS[4] + 6,), draw(picked), HERE, "i-0"))
    return tuple(found)


@st.composite
def own_policies(draw: DrawFn, number: int) -> Policy:
    """ApplicationNetworkPolicies and ClusterNetworkPolicies of Amazon's."""
    if draw(st.booleans()):
        drawn = draw(drawn_network_policies(f"own-{number}"))
        return replace(drawn, kind="ApplicationNetworkPolicy", api=API)
    drawn = draw(first_match_policies(f"own-{number}"))
    return replace(drawn, kind="ClusterNetworkPolicy", name=f"own-{number}", api=API)


@st.composite
def hosts(draw: DrawFn, cluster: Cluster) -> Cluster:
    """The cluster some of whose workloads and nodes are Windows' or Fargate's, or may be."""
    told = st.builds(Host, st.sampled_from((None, None, False, True)), st.sampled_from((None, None, False, True)))
    workloads = tuple(replace(w, host=draw(told)) for w in cluster.workloads)
    kinds = st.sampled_from(({}, {}, {OS: "linux"}, {OS: "windows"}, {COMPUTE: "fargate"}))
    nodes = tuple(replace(n, labels=Labels({**n.labels, **draw(kinds)})) for n in cluster.nodes)
    return replace(cluster, workloads=workloads, nodes=nodes)


@st.composite
def on_nodes(draw: DrawFn, cluster: Cluster) -> Cluster:
    """The cluster some of whose workloads are known to run on nodes with certain security groups, or to be admitted
    to no others."""
    keys = sorted(set(differing_groups(cluster.nodes, cluster.aws.interfaces).values()))
    if not keys:
        return cluster
    told = st.sampled_from((None, *keys, *(f"{ADMITTED}{key}" for key in keys)))
    workloads = tuple(
        w if w.host_network else replace(w, host=replace(w.host, groups=draw(told))) for w in cluster.workloads
    )
    return replace(cluster, workloads=workloads)


@st.composite
def bound(draw: DrawFn, cluster: Cluster) -> Cluster:
    """The cluster in which it is known of some workloads on which of the nodes their pods are, or may come to be."""
    names = [node.name for node in cluster.nodes]
    if not names:
        return cluster
    some = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(names_of)
    told = st.sampled_from(("", "", ADMITTED)).flatmap(lambda how: some.map(lambda it: f"{how}{it}"))
    workloads = tuple(replace(w, host=replace(w.host, nodes=draw(st.none() | told))) for w in cluster.workloads)
    return replace(cluster, workloads=workloads)


@cache
@st.composite
def fargate_profiles(draw: DrawFn, number: int) -> FargateProfile:
    spaces = st.sampled_from((*NAMES, "o*", "*"))
    labels = st.sampled_from(((), (("k", "a"),), (("k", "a*"),)))
    picked = draw(st.lists(st.tuples(spaces, labels), min_size=1, max_size=2))
    return FargateProfile(f"fp-{number}", tuple(picked), HERE)


@st.composite
def eni_configs(draw: DrawFn) -> tuple[EniConfig, ...]:
    """None mostly; one may name no groups, so that its pods have their node's."""
    number = draw(st.sampled_from((0, 0, 0, 1, 2)))
    own = st.lists(st.sampled_from(IDS), max_size=2, unique=True).map(tuple)
    return tuple(EniConfig(f"az-{n}", draw(own), HERE) for n in range(number))


@st.composite
def custom_networks(draw: DrawFn) -> tuple[AwsSettings, ...]:
    """Whether ENIConfigs count, as aws-node tells it; and whether a NodeClass gives groups."""
    told = draw(st.sampled_from((None, None, True, False)))
    gives = draw(st.sampled_from((False, False, False, True)))
    return (AwsSettings("DaemonSet aws-node", HERE, custom_network=told, gives_pods_groups=gives),)


@st.composite
def aws_clusters(draw: DrawFn, *, is_told: bool = False) -> Cluster:
    """`is_told`: everything that could be asked of Amazon is there, and no policy but one that gives groups."""
    cluster = draw(clusters(is_all_modelled=is_told or draw(st.booleans())))
    balanced = [replace(it, is_balanced=it.reached_from_outside and draw(st.booleans())) for it in cluster.services]
    cluster = replace(cluster, services=tuple(balanced))
    given = [draw(groups(id_)) for id_ in IDS if is_told or draw(st.sampled_from((True, True, True, False)))]
    if is_told:
        given = [replace(group, is_whole=True) for group in given]
    lists = [PrefixList(id_, draw(nets()), HERE) for id_ in LISTS if is_told or draw(st.booleans())]
    accounts = (ServiceAccount("one", "robot", draw(label_maps())),) if draw(st.booleans()) else ()
    vpcs = (Vpc("vpc-1", draw(nets()) | AddressSet.of("10.0.0.0/8"), HERE),) if draw(st.booleans()) else ()
    aws = Aws(
        group_policies=tuple(draw(group_policies(n)) for n in range(draw(st.integers(int(is_told), 3)))),
        groups=tuple(given),
        lists=tuple(lists),
        interfaces=() if draw(st.booleans()) else draw(interfaces(cluster)),
        vpcs=vpcs,
        eni_configs=draw(eni_configs()),
        settings=draw(custom_networks()),
        policies=() if is_told else tuple(draw(own_policies(n)) for n in range(draw(st.integers(0, 2)))),
    )
    calico = replace(cluster.calico, accounts=accounts)
    if not is_told and draw(st.booleans()):
        cluster = draw(hosts(cluster))
        fargate = tuple(draw(fargate_profiles(n)) for n in range(draw(st.integers(0, 2))))
        settings = (AwsSettings("the add-on", HERE, True, has_windows=draw(st.booleans()), without_pod_eni=draw(WHYS)),)
        aws = replace(aws, fargate=fargate, settings=(*aws.settings, *settings))
    cluster = draw(on_nodes(replace(cluster, aws=aws, calico=calico, policies=() if is_told else cluster.policies)))
    return draw(bound(cluster))


@cache
@st.composite
def aws_profiles(draw: DrawFn) -> Profile:
    found = PROFILES[
        draw(st.sampled_from(("aws-vpc-cni", "aws-vpc-cni", "aws-vpc-cni", "calico", "cilium", "generic")))
    ]
    for knob, values in (
        ("enable-network-policy", ("true", "true", "true", "false")),
        ("network-policy-enforcing-mode", ("standard", "standard", "strict", "unknown")),
        ("pod-security-group-enforcing-mode", ("strict", "standard", "unknown")),
        ("policies-in-strict-mode", ("unknown", "enforced", "ignored")),
        ("external-snat", ("false", "false", "true", "unknown")),
        ("exclude-snat-cidrs", ("", "", "203.0.113.0/29", "10.9.0.0/16,203.0.113.8/32", "unknown")),
        ("agent-everywhere", ("false", "false", "true")),
        ("own-node-egress", ("false", "true")),
    ):
        found = found.with_knob(knob, draw(st.sampled_from(values)))
    return found


def strategies() -> tuple[SearchStrategy[Cluster], SearchStrategy[Profile]]:
    return aws_clusters(), aws_profiles()
