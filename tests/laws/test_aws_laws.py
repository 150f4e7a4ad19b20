"""Amazon's pipeline: encoding and map say of a connection what the oracle says of it, and the oracle what a reading of
the groups says that shares nothing with it."""

from dataclasses import replace
from ipaddress import ip_address

from aws import HERE, aws_clusters, aws_profiles
from clusters import NODE_IPS, connections
from evaluators import EVERYTHING, question
from hypothesis import event, given, settings
from hypothesis import strategies as st
from own_policies import (
    SMALL,
    every_witness_is_one_in_the_oracle,
    oracle_and_encoding_agree,
    the_map_agrees_with_the_oracle,
    what_is_newly_allowed_is_so_in_the_oracle,
)
from points import Points
from revisions import seen_by
from test_diff_laws import newly_allowed
from test_map_laws import POD_ADDRESSES

from analyzer.analysis.explaining.between import between
from analyzer.analysis.explaining.pointwise import decided
from analyzer.encoding import align, embed, encode_pair
from analyzer.model.aws import GroupPolicy, GroupRule, NetworkInterface
from analyzer.model.cluster import NO_LABELS, Cluster, Node, Workload
from analyzer.model.endpoints import Connection, End, External, Pod, pod_of
from analyzer.model.endpoints import Host as NodeEnd
from analyzer.model.enforcing import as_declared, as_enforced
from analyzer.model.placement import ADMITTED, Host
from analyzer.model.policies import Direction, Protocol
from analyzer.model.profile import PROFILES, Profile
from analyzer.semantics import outcomes
from analyzer.semantics.formulas import matches
from analyzer.sets import AddressSet, ConnectionSet, PortSet, other_protocols
from analyzer.verdicts.explanation import Outcome, outcome_of


@settings(SMALL, max_examples=60)
@given(st.data())
def test_oracle_and_encoding_agree(data: st.DataObject) -> None:
    oracle_and_encoding_agree(data, data.draw(aws_clusters()), data.draw(aws_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data())
def test_every_witness_is_one_in_the_oracle(data: st.DataObject) -> None:
    every_witness_is_one_in_the_oracle(data, data.draw(aws_clusters()), data.draw(aws_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data())
def test_what_is_newly_allowed_is_so_in_the_oracle(data: st.DataObject) -> None:
    one, other = (data.draw(aws_clusters()) for _ in range(2))
    later = replace(other, aws=data.draw(st.sampled_from((one.aws, other.aws))))
    what_is_newly_allowed_is_so_in_the_oracle(data, one, later, data.draw(aws_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data(), aws_clusters(), aws_profiles(), aws_profiles())
def test_what_another_setting_newly_allows_is_so_in_the_oracle(
    data: st.DataObject, written: Cluster, before: Profile, profile: Profile
) -> None:
    """One cluster, set up in two ways, or under two engines."""
    if before == profile:
        return
    pair = as_enforced(written, before), as_enforced(written, profile)
    asked = replace(question(EVERYTHING, profile, is_sliced=data.draw(st.booleans())), denying_profile=before)
    obligation = encode_pair(*pair, asked)
    after = align(*pair)[1]
    for _ in range(3):
        connection = seen_by(data.draw(connections(after)), after)
        wanted = newly_allowed(pair, profile, connection, before)
        values = None if obligation is None else embed(obligation, connection)
        if wanted is not None:
            event(f"newly allowed: {wanted}")
            found = {False} if obligation is None or values is None else Points(obligation).truth(values)
            assert found == {wanted}


@settings(SMALL, max_examples=40)
@given(aws_clusters(), aws_profiles())
def test_the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    the_map_agrees_with_the_oracle(cluster, profile)


@settings(SMALL, max_examples=40)
@given(st.data(), aws_clusters(), aws_profiles())
def test_explain_tells_what_the_oracle_lets_pass(data: st.DataObject, written: Cluster, profile: Profile) -> None:
    enforced = as_declared(as_enforced(written, profile), *written.workloads)
    judged = [workload for workload in written.workloads if not workload.host_network]
    if not judged or profile.name in ("calico", "cilium"):
        return
    outside = AddressSet.single(ip_address(f"203.0.113.{data.draw(st.integers(1, 12))}"))
    near, far = data.draw(st.sampled_from(judged)), data.draw(st.sampled_from([outside, *judged]))
    if near == far and near.is_single:  # no connection goes out
        return
    src, dst = (near, far) if data.draw(st.booleans()) else (far, near)
    found = between(written, profile, src, dst, ("s", "d"), asked=ASKED, pod_addresses=POD_ADDRESSES)
    notes_own_node = any("the pod's own node, which always reaches it" in note for note in found.ingress.notes)
    for protocol, ports in ASKED.by_protocol:
        for port in (number for low, high in ports for number in range(low, high + 1)):
            one = ConnectionSet.on(protocol, PortSet.of(port))
            wanted = decided(enforced, profile, src, dst, one, pod_addresses=POD_ADDRESSES).outcome
            told = outcome_of(found.allowed & one, found.certain & one)
            # Who comes through a hostPort or a Service may seem to be the own node: a note, as in every map.
            assert told is wanted or (notes_own_node and (told, wanted) == (Outcome.DENIED, Outcome.UNKNOWN))


ASKED = ConnectionSet(PortSet.of(1, (80, 82), 443), PortSet.of(80, 82))


# ------------------------------------------------------------------------------------------------ read once more
ALONE = PROFILES["aws-vpc-cni"].with_knob("enable-network-policy", "false")


@settings(SMALL, max_examples=150)
@given(st.data())
def test_groups_let_through_what_their_rules_say(data: st.DataObject) -> None:
    """In strict mode, where all is told and no policy is enforced; of ends whose groups are known."""
    cluster = data.draw(aws_clusters(is_told=True))
    cluster = replace(cluster, aws=replace(cluster.aws, eni_configs=(), settings=()), services=(), endpoints=())
    enforced = as_enforced(cluster, ALONE)
    connection = data.draw(connections(cluster))
    sides = [_side(cluster, connection, direction) for direction in Direction]
    is_at_host = isinstance(connection.dst, Pod) and any(port.host_port for port in connection.dst.ports)
    if None in sides or is_at_host:
        return
    found = {decision.allowed for decision in outcomes(enforced, ALONE, connection)}
    assert found == {all(sides)}


@settings(SMALL, max_examples=150)
@given(st.data())
def test_running_pods_have_the_groups_of_their_node(data: st.DataObject) -> None:
    """The same of pods without groups of their own and what is outside, where nodes differ."""
    cluster = data.draw(aws_clusters(is_told=True))
    nodes = tuple(Node(f"n-{i}", NO_LABELS, (NODE_IPS[4] + i,), AddressSet.EMPTY) for i in range(2))
    picked = data.draw(st.permutations(("sg-1", "sg-2", "sg-3")))
    interfaces = tuple(
        NetworkInterface(f"eni-{i}", node.ips, (picked[i],), HERE, f"i-{i}", is_primary=True)
        for i, node in enumerate(nodes)
    )
    on = Host(groups=data.draw(st.sampled_from(picked[:2])))
    bound = Workload("Pod", "one", "w", NO_LABELS, ips=(ip_address("10.0.0.1"),), is_single=True, host=on)
    open_to = data.draw(st.sampled_from(Direction)), data.draw(st.sampled_from((None, 6))), AddressSet.of("0.0.0.0/0")
    rule = GroupRule(open_to[0], open_to[1], None, None, open_to[2], (), (), 9, HERE)
    groups = tuple(replace(it, rules=(*it.rules, rule)) if it.id == picked[0] else it for it in cluster.aws.groups)
    aws = replace(cluster.aws, interfaces=interfaces, groups=groups, eni_configs=(), settings=(), group_policies=())
    cluster = replace(cluster, nodes=nodes, workloads=(bound,), aws=aws, services=(), endpoints=(), unmodelled=())
    pod = pod_of(bound, NO_LABELS, bound.ips[0])
    outside = External(ip_address(f"203.0.113.{data.draw(st.integers(1, 12))}"))
    ends = data.draw(st.permutations((pod, outside)))
    protocol = data.draw(st.sampled_from((Protocol.TCP, Protocol.UDP, Protocol.SCTP)))
    connection = Connection(ends[0], ends[1], protocol, data.draw(st.integers(79, 82)))
    direction = Direction.EGRESS if ends[0] is pod else Direction.INGRESS
    wanted = _side(cluster, connection, direction)
    if wanted is None:
        return
    event(f"by its node: {wanted}")
    assert {it.allowed for it in outcomes(as_enforced(cluster, ALONE), ALONE, connection)} == {wanted}


def _side(cluster: Cluster, connection: Connection, direction: Direction) -> bool | None:
    """Whether one end's groups let it through; None: that is not known, or another tier has a say."""
    near, far = (connection.src, connection.dst) if direction is Direction.EGRESS else (connection.dst, connection.src)
    groups = _groups(cluster, near)
    if groups is None:
        return None
    if not groups and isinstance(near, Pod) and isinstance(far, External):
        groups = _by_its_node(cluster, near)
    if not groups:
        return None if isinstance(near, Pod) and not near.host_network and cluster.aws.interfaces else True
    if _is_on_a_node(near) and _is_on_a_node(far):
        return None  # both may be on one node
    rules = [rule for group in cluster.aws.groups if group.id in groups for rule in group.of(direction)]
    said = [_matches(cluster, rule, connection, far) for rule in rules]
    return True if True in said else None if None in said else False


def _groups(cluster: Cluster, end: object) -> frozenset[str] | None:
    """Those of its own, or of the node that it is or is on, empty if it has none; None: nobody knows."""
    if _is_on_a_node(end):
        return _of_node(cluster, end)
    if not isinstance(end, Pod):
        return frozenset()
    found: set[str] = set()
    for policy in cluster.aws.group_policies:
        its = _selects(cluster, policy, end)
        if its is None:
            return None
        found |= set(policy.groups) if its else set()
    return frozenset(found)


def _by_its_node(cluster: Cluster, pod: Pod) -> frozenset[str]:
    """Those of the node that a running pod is on, where all interfaces of nodes have the same; empty: not known."""
    are_alike = all(it.id != "eni-x" for it in cluster.aws.interfaces)
    is_bound = pod.node_groups is not None and not pod.node_groups.startswith(ADMITTED)
    return frozenset((pod.node_groups or "").split(",")) if are_alike and is_bound else frozenset()


def _is_on_a_node(end: object) -> bool:
    return isinstance(end, NodeEnd) or (isinstance(end, Pod) and end.host_network)


def _of_node(cluster: Cluster, end: object) -> frozenset[str]:
    """Those of the interface at its address, where each node has one that is told; else none are asked."""
    by_ip = {ip: frozenset(it.groups) for it in cluster.aws.interfaces for ip in it.ips}
    is_told = bool(cluster.nodes) and all(any(ip in by_ip for ip in node.ips) for node in cluster.nodes)
    assert isinstance(end, NodeEnd | Pod)
    return by_ip[end.ip] if is_told else frozenset()


def _selects(cluster: Cluster, policy: GroupPolicy, pod: Pod) -> bool | None:
    if policy.namespace != pod.namespace or (policy.pods is not None and not matches(policy.pods, pod.labels)):
        return False
    if policy.accounts is None or not policy.accounts.requirements:
        return True
    its = [a for a in cluster.calico.accounts if (a.namespace, a.name) == (pod.namespace, pod.service_account)]
    return matches(policy.accounts, its[0].labels) if its else None


def _matches(cluster: Cluster, rule: GroupRule, connection: Connection, far: End) -> bool | None:
    on = _is_on(rule, connection)
    if on is False:
        return False
    lists = [one.addresses for one in cluster.aws.lists if one.id in rule.lists]
    if far.ip in rule.addresses or any(far.ip in addresses for addresses in lists if addresses is not None):
        return on
    for group in rule.groups:
        known = _groups(cluster, far)
        if known is None:
            return None
        if isinstance(far, External):
            if not cluster.aws.interfaces:
                return None
            with_it = [it for it in cluster.aws.interfaces if group in it.groups]
            if not with_it and group not in {one.id for one in cluster.aws.groups}:
                return None  # nothing tells of it: it may be another VPC's
            if any(far.ip in it.ips for it in with_it):
                return on
        elif known and group in known:
            return on
        elif not known:
            return None  # by its node, or nobody knows which that has
    return False


def _is_on(rule: GroupRule, connection: Connection) -> bool | None:
    numbers = {Protocol.TCP: 6, Protocol.UDP: 17, Protocol.SCTP: 132}
    if rule.protocol is None:
        return True
    if connection.protocol is not Protocol.OTHER:
        if numbers[connection.protocol] != rule.protocol:
            return False
        assert connection.port is not None
        return rule.low is None or rule.low <= connection.port <= (rule.low if rule.high is None else rule.high)
    if rule.protocol in (6, 17, 132):
        return False
    if (
        rule.protocol in other_protocols.ICMP_OF.values()
        and rule.protocol != other_protocols.ICMP_OF[connection.src.ip.version]
    ):
        return False
    assert connection.number is not None
    kind, *message = other_protocols.term(connection.number).split("/")
    if rule.protocol not in other_protocols.ICMP_OF.values():
        return kind == "protocol" and int(message[0]) == rule.protocol
    asked = [] if rule.low is None else [rule.low] if rule.high is None else [rule.low, rule.high]
    return kind == "icmp" and list(map(int, message))[: len(asked)] == asked
