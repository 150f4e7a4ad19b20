"""What people fall into with security groups of pods, and with what the controller makes of policies (aws.md S1 to S9,
P6).  Nothing here is wrong; each may be other than it looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from analyzer.model.aws import Aws, GroupPolicy, PolicyEndpoint
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamedPort,
    NamespaceNamed,
    PodPeer,
    Policy,
    Ports,
    Rule,
    Tier,
)
from analyzer.model.source import Notice
from analyzer.sets import AddressSet

_MODE = "pod-security-group-enforcing-mode"


def notes(cluster: Cluster) -> Iterator[Notice]:
    for policy in cluster.aws.group_policies:
        yield from _of_policy(cluster, policy)
    yield from _of_groups(cluster.aws)
    if cluster.aws.groups and not cluster.aws.group_policies and not (cluster.aws.interfaces and cluster.nodes):
        text = (
            "security groups are given, and nothing tells who has them: give SecurityGroupPolicies, or Nodes and the "
            "output of `aws ec2 describe-network-interfaces`"
        )
        yield Notice(cluster.aws.groups[0].source, text)
    yield from _of_places(cluster)
    written = {(p.namespace, p.name): p for p in (*cluster.policies, *cluster.aws.policies) if p.kind != _ENDPOINT}
    by_policy: dict[tuple[str | None, str], list[PolicyEndpoint]] = {}
    for made in cluster.aws.endpoints:
        by_policy.setdefault((made.policy.namespace, made.policy.name), []).append(made)
    for of, several in by_policy.items():
        yield from _of_endpoints(several, written.get(of))


_ENDPOINT = "PolicyEndpoint"


# ------------------------------------------------------------------------------------------------ policies
def _of_policy(cluster: Cluster, policy: GroupPolicy) -> Iterator[Notice]:
    here = cluster.workloads_by_namespace.get(policy.namespace, ())
    chosen = [workload for workload in here if _selects(cluster, policy, workload)]
    if cluster.workloads and not chosen:
        yield Notice(
            policy.source, f"{policy.id} gives no workload groups: none in {policy.namespace} meets its selectors"
        )
    on_host = [workload.id for workload in chosen if workload.host_network]
    if on_host:
        yield Notice(policy.source, f"{policy.id} does nothing for {on_host[0]}, which is on its node's network")
    said = dict(pair for one in cluster.aws.settings for pair in one.knobs)
    if said.get(_MODE, "strict") == "strict" and chosen:
        network = next((p for p in cluster.policies if any(_is_subject(p, w) for w in chosen)), None)
        if network is not None:
            text = (
                f"{policy.id} gives groups to pods that {network.id} selects: in strict mode, which "
                "POD_SECURITY_GROUP_ENFORCING_MODE is unless it says `standard`, policies may not count at them"
            )
            yield Notice(policy.source, text)
    known = {group.id for group in cluster.aws.groups}
    for id_ in policy.groups if known else ():
        if id_ not in known:
            text = f"{policy.id} names security group {id_}, of which nothing given tells"
            yield Notice(policy.source, text)


def _of_places(cluster: Cluster) -> Iterator[Notice]:
    """Workloads that a policy selects where the agent enforces none (N8)."""
    for workload in cluster.workloads:
        where = "Windows" if workload.host.windows else "Fargate" if workload.host.fargate else ""
        policy = next((p for p in cluster.policies if _is_subject(p, workload)), None) if where else None
        if policy is not None and not workload.host_network:
            text = f"{policy.id} selects {workload.id}, which runs on {where}: the VPC CNI enforces no policy there"
            yield Notice(workload.source, text)


def _selects(cluster: Cluster, policy: GroupPolicy, workload: Workload) -> bool:
    """By the labels that are written; an account that no manifest declares is taken to have none."""
    if policy.pods is not None and not _meets(policy.pods, workload.labels):
        return False
    if policy.accounts is None:
        return True
    where = workload.namespace, workload.service_account
    its = next((a.labels for a in cluster.calico.accounts if (a.namespace, a.name) == where), None)
    return its is None or _meets(policy.accounts, its)


def _is_subject(policy: Policy, workload: Workload) -> bool:
    choice = policy.subject.namespaces
    if policy.tier is not Tier.NETWORK_POLICY or not isinstance(choice, NamespaceNamed):
        return False
    return choice.name == workload.namespace and _meets(policy.subject.pods, workload.labels)


def _meets(selector: Selector, labels: Labels) -> bool:
    return all(_holds(requirement, labels) for requirement in selector.requirements)


def _holds(asked: Requirement, labels: Labels) -> bool:
    value = labels.get(asked.key)
    is_there = value is not None and (
        asked.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST) or value in asked.values
    )
    return is_there is (asked.operator in (Operator.IN, Operator.EXISTS))


# ------------------------------------------------------------------------------------------------ groups
def _of_groups(aws: Aws) -> Iterator[Notice]:
    used = {id_: policy for policy in aws.group_policies for id_ in policy.groups}
    for group in aws.groups:
        if group.otherwise is not None:
            text = f"security group {group.id} has other rules at {group.otherwise}: those of both count"
            yield Notice(group.source, f"{text}; leave out what is old")
        if group.id in used and group.is_whole and not group.of(Direction.INGRESS):
            alone = used[group.id].groups == (group.id,)
            text = f"security group {group.id} has no rule for ingress: it lets nothing in"
            yield Notice(group.source, f"{text}, and {used[group.id].id} gives no other" if alone else text)
        if group.id in used and group.is_whole and not group.of(Direction.EGRESS):
            yield Notice(group.source, f"security group {group.id} has no rule for egress: it lets nothing out")


# ------------------------------------------------------------------------------------------------ endpoints
def _of_endpoints(several: Sequence[PolicyEndpoint], policy: Policy | None) -> Iterator[Notice]:
    """Of one policy the controller makes several where their rules are many."""
    for made in several:
        text = f"PolicyEndpoint {made.policy.namespace}/{made.name}"
        if policy is None:
            text += f" is read in the place of policy {made.policy.name}"
            yield Notice(made.source, f"{text}, which is not among the objects: it tells of the pods that there were")
        elif made.policy.subject.pods != policy.subject.pods or any(
            _differ([one.policy for one in several], policy, direction) for direction in Direction
        ):
            text += f" was made of another {policy.id} than this one"
            yield Notice(made.source, f"{text} ({policy.source}), which is what counts here")


def _differ(made: Sequence[Policy], policy: Policy, direction: Direction) -> bool:
    """Whether this direction was made of other rules, as far as blocks and ports tell it: pods have become single
    addresses, of which nothing is sure but that rules without pods make none."""
    ours, theirs = policy.rules(direction), [rules for one in made if (rules := one.rules(direction)) is not None]
    if ours is None or not theirs:
        return ours is not None or bool(theirs)
    entries = [rule for rules in theirs for rule in rules]
    wanted, found, blocks = _addresses(ours), _addresses(entries), _addresses(entries, with_single=False)
    chooses_pods = any(isinstance(peer, PodPeer) for rule in ours for peer in rule.peers or ())
    if not (blocks if chooses_pods else found) <= wanted:
        return True
    ports, told = _ports(ours), _ports(entries)
    if any(isinstance(port, NamedPort) for port in ports):  # each has become the numbers that pods have, or nothing
        return False
    if _lacks(found, wanted):
        return True
    return not told <= ports if chooses_pods else told != ports


def _addresses(rules: Sequence[Rule], *, with_single: bool = True) -> AddressSet:
    """What the blocks hold; a rule without peers holds all."""
    if any(rule.peers is None for rule in rules):
        return AddressSet.FULL
    blocks = (p.addresses for rule in rules for p in rule.peers or () if isinstance(p, AddressPeer))
    return reduce(or_, (block for block in blocks if with_single or not _is_single(block)), AddressSet.EMPTY)


def _is_single(block: AddressSet) -> bool:
    return bool(block) and block == AddressSet.single(block.some())


def _lacks(found: AddressSet, wanted: AddressSet) -> bool:
    """Everybody is told in the cluster's families of addresses alone."""
    if wanted == AddressSet.FULL:
        return AddressSet.FULL.v4 != found.v4 and AddressSet.FULL.v6 != found.v6
    return not wanted <= found


def _ports(rules: Sequence[Rule]) -> set[Ports | None]:
    return {port for rule in rules for port in rule.ports or (None,)}
