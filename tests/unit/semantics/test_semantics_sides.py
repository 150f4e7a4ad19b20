"""Every way a side is decided, with all that the oracle says of it: the tier, the rules, the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from by_hand import (
    AGENT,
    EVERYWHERE,
    GENERIC,
    NODE,
    E,
    X,
    Y,
    Z,
    accept,
    admin_policy,
    block,
    deny,
    hand_on,
    named,
    network_policy,
    to,
    unmodelled,
)

from analyzer.model.claims import Claim, Excuse, Kind, is_equal, is_there
from analyzer.model.cluster import Cluster, Node, Service, ServicePort
from analyzer.model.endpoints import Connection
from analyzer.model.ends import ANYTHING, NODES, pods_in, without
from analyzer.model.formulas import Attribute, Name, Not, Role, both, either
from analyzer.model.knobs import OtherProtocols
from analyzer.model.labels import Labels, Selector
from analyzer.model.policies import (
    Direction,
    DomainPeer,
    NamedPort,
    NodePeer,
    PodPeer,
    Policy,
    Protocol,
    RuleRef,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.semantics import (
    decide,
    holds,
    is_in_scope,
    is_member,
    is_pod_in_scope,
    isolation,
    open_facts,
    ties,
    violates,
    violates_isolation,
)
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.semantics.settling import first_option, runs
from analyzer.sets import AddressSet

IN, OUT = Direction.INGRESS, Direction.EGRESS
EVERYONE = PodPeer(EVERYWHERE)
SHUT = network_policy("deny", ingress=(), egress=())
OPEN = network_policy("open", ingress=(accept(EVERYONE),))
FLANNEL = PROFILES["flannel"]
INTO_X = to(Z, X)


def ingress(*policies: Policy, connection: Connection = INTO_X, profile=GENERIC, settle=first_option, **rest) -> Ruling:
    return decide(Cluster(policies=policies, **rest), profile, connection, settle).at("ingress")


# ------------------------------------------------------------------------------------------------ who is judged
@pytest.mark.parametrize(
    ("end", "profile", "reason"),
    [
        (E, GENERIC, "it lies outside the cluster: policies do not select it"),
        (NODE, GENERIC, "it is a node: policies do not select it"),
        (AGENT, GENERIC, "it uses its node's network: policies do not select it"),
        (Y, FLANNEL, "profile flannel enforces no policy"),
    ],
)
def test_whom_policies_do_not_reach(end, profile, reason):
    found = decide(Cluster(policies=(SHUT,)), profile, to(end, X))
    verdict = StageVerdict.ALLOWED if profile is FLANNEL else StageVerdict.NONE
    assert found.at("egress") == Ruling("egress", verdict, None, (), reason)


def test_what_nothing_decides():
    assert ingress() == Ruling("ingress", StageVerdict.ALLOWED, None, (), "no policy selects it")
    silent = admin_policy("p", 1, ingress=(deny(NodePeer(Selector())),))
    assert ingress(silent) == Ruling(
        "ingress", StageVerdict.ALLOWED, None, (), "no rule of the policies that select it matches"
    )
    passing = hand_on(EVERYONE)
    reason = "rule 1 of AdminNetworkPolicy p passes it on and nothing else decides"
    assert ingress(admin_policy("p", 1, ingress=(passing,))) == Ruling(
        "ingress", StageVerdict.ALLOWED, None, (), reason
    )


# ------------------------------------------------------------------------------------------------ who decides
@pytest.mark.parametrize(("rule", "is_allowed"), [(accept(EVERYONE), True), (deny(EVERYONE), False)])
@pytest.mark.parametrize("tier", [Tier.ADMIN, Tier.BASELINE])
def test_the_first_match_decides(rule, is_allowed, tier):
    policy = admin_policy("p", 1, ingress=(rule,), tier=tier)
    word = "allowed" if is_allowed else "denied"
    expected = Ruling(
        "ingress", StageVerdict(word), tier, (RuleRef(policy, IN, rule),), f"{word} by rule 1 of {policy.id}"
    )
    assert ingress(policy) == expected


def test_a_rule_that_nobody_can_read_denies_by_itself():
    rule = hand_on(UnknownPeer("gateways"), name="odd")
    policy = admin_policy("p", 1, ingress=(rule,))
    reason = "denied by rule `odd` of AdminNetworkPolicy p"
    assert ingress(policy) == Ruling("ingress", StageVerdict.DENIED, Tier.ADMIN, (RuleRef(policy, IN, rule),), reason)


def test_the_union_allows_by_rules_and_denies_by_policies():
    assert OPEN.ingress is not None
    allowing = (RuleRef(OPEN, IN, OPEN.ingress[0]),)
    reason = "allowed by rule 1 of NetworkPolicy a/open"
    assert ingress(SHUT, OPEN) == Ruling("ingress", StageVerdict.ALLOWED, Tier.NETWORK_POLICY, allowing, reason)
    more = [network_policy(name, ingress=()) for name in ("deny-2", "deny-3")]
    for count, who in ((0, "isolates it"), (1, "and 1 more policy isolate it"), (2, "and 2 more isolate it")):
        policies = (SHUT, *more[:count])
        isolating = tuple(RuleRef(policy, IN) for policy in policies)
        reason = f"NetworkPolicy a/deny {who} and no rule allows this"
        assert ingress(*policies) == Ruling("ingress", StageVerdict.DENIED, Tier.NETWORK_POLICY, isolating, reason)


def test_protocols_without_ports_pass_isolation_where_the_profile_says_so():
    accepting = replace(GENERIC, other_protocols=OtherProtocols.ACCEPT)
    other = to(Z, X, protocol=Protocol.OTHER)
    reason = "NetworkPolicy a/deny isolates it, but the profile lets protocols without ports pass"
    expected = Ruling("ingress", StageVerdict.ALLOWED, Tier.NETWORK_POLICY, (RuleRef(SHUT, IN),), reason)
    assert ingress(SHUT, connection=other, profile=accepting) == expected
    assert ingress(SHUT, connection=other) == expected
    (fact,) = open_facts(Cluster(policies=(SHUT,)), GENERIC, other)
    assert (fact.kind, fact.id) == ("other-protocols", "isolation")
    assert fact.text == "what isolation does to protocols without ports is not specified"


# ------------------------------------------------------------------------------------------------ isolation
@pytest.mark.parametrize(
    ("pod", "profile", "policies", "reason"),
    [
        (AGENT, GENERIC, (SHUT,), "it uses its node's network: policies do not select it"),
        (X, FLANNEL, (SHUT,), "profile flannel enforces no policy"),
        (X, GENERIC, (), "no NetworkPolicy selects it"),
    ],
)
@pytest.mark.parametrize("direction", Direction)
def test_what_is_not_isolated(pod, profile, policies, reason, direction):
    found = isolation(Cluster(policies=policies), profile, pod, direction)
    verdict = StageVerdict.NONE if pod is AGENT else StageVerdict.ALLOWED
    assert found == Ruling(direction.value, verdict, None, (), reason)


@pytest.mark.parametrize("direction", Direction)
def test_what_is_isolated(direction):
    found = isolation(Cluster(policies=(SHUT,)), GENERIC, X, direction)
    isolating = (RuleRef(SHUT, direction),)
    assert found == Ruling(
        direction.value, StageVerdict.DENIED, Tier.NETWORK_POLICY, isolating, "NetworkPolicy a/deny isolates it"
    )


# ------------------------------------------------------------------------------------------------ what is open
def test_what_an_object_that_is_not_modelled_may_do():
    for policies, effects, verb in (((), {"may_deny": True}, "deny"), ((SHUT,), {"may_allow": True}, "allow")):
        thing = unmodelled("a", **effects)
        elsewhere, harmless = unmodelled("c", may_allow=True, may_deny=True), unmodelled("a")
        things = (elsewhere, harmless, thing)
        settled = ingress(*policies, unmodelled=things, settle=lambda fact, options: options[-1])
        reason = f"{thing.id} (other.yaml:7) is not modelled and may {verb} ingress traffic"
        assert settled == Ruling(
            "ingress", StageVerdict.ALLOWED if verb == "allow" else StageVerdict.DENIED, None, (), reason
        )
        (fact,) = open_facts(Cluster(policies=policies, unmodelled=things), GENERIC, INTO_X)
        effect = {"deny": "denies", "allow": "allows"}[verb]
        assert (fact.kind, fact.id, fact.text) == ("unmodelled", f"{thing.id} other.yaml:7 ingress {effect}", reason)


def test_ties_name_both_policies():
    rules = (accept(EVERYONE),), (deny(EVERYONE),)
    one, two = (admin_policy(name, 7, ingress=rule) for name, rule in zip(("one", "two"), rules, strict=True))
    names = "AdminNetworkPolicy one, AdminNetworkPolicy two"
    (fact,) = ties(Cluster(policies=(two, one)), GENERIC, INTO_X)
    assert (fact.kind, fact.id) == ("tie", f"ingress 7: {names}")
    assert fact.text == (
        "AdminNetworkPolicy one (policies.yaml:1) and AdminNetworkPolicy two (policies.yaml:1) have the same priority "
        "7 and disagree, and which goes first is not specified"
    )
    alike = replace(two, ingress=one.ingress)
    assert not ties(Cluster(policies=(one, alike)), GENERIC, INTO_X)
    denied = ingress(one, two, settle=lambda fact, options: options[-1])
    assert (denied.allowed, denied.rules) == (False, (RuleRef(two, IN, rules[1][0]),))


def test_behind_a_service_only_what_means_everyone_is_sure_to_match():
    service = Service("a", "front", Selector(), (ServicePort(80, 80, Protocol.TCP),), True, False)
    closed = network_policy("closed", ingress=(accept(EVERYONE),))
    seen = {}
    for wanted in ("client address", "node address", "own node"):
        options_seen = []

        def settle(fact, options, wanted=wanted, options_seen=options_seen):
            options_seen.append(options)
            return wanted if wanted in options else options[0]

        seen[wanted] = ingress(closed, connection=to(E, X), services=(service,), settle=settle)
        assert options_seen[0] == ("client address", "node address", "own node")
    assert [side.allowed for side in seen.values()] == [False, False, True]
    reason = "it may come from its own node, which always reaches it"
    assert seen["own node"] == Ruling("ingress", StageVerdict.ALLOWED, None, (), reason)
    (fact,) = open_facts(Cluster(policies=(closed,), services=(service,)), GENERIC, to(E, X))
    assert (fact.kind, fact.id) == ("service-source", "a/front")
    everyone = network_policy("closed", ingress=(accept(),))
    assert ingress(everyone, connection=to(E, X), services=(service,)).allowed


# ------------------------------------------------------------------------------------------------ peers
def test_a_host_network_pod_is_meant_by_the_node_whose_address_it_uses():
    labels = Labels({"role": "cp"})
    here = Node("n1", labels, (AGENT.ip,), AddressSet.EMPTY, NOWHERE)
    there = replace(here, name="n2", ips=(X.ip,))
    policy = admin_policy("p", 1, egress=(deny(NodePeer(Selector())),))

    def is_denied(*nodes: Node) -> bool:
        return not decide(Cluster(policies=(policy,), nodes=nodes), GENERIC, to(Y, AGENT)).at("egress").allowed

    assert is_denied(here)
    assert is_denied(there)  # it is on some node, whichever that is
    assert is_denied(there, here)


# ------------------------------------------------------------------------------------------------ conditions
HAS_APP, HAS_OTHER = (is_there(Attribute(Role.SRC, Name.LABEL, key)) for key in ("app", "other"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Not(HAS_APP), False),
        (Not(HAS_OTHER), True),
        (both((HAS_APP, HAS_APP)), True),
        (both((HAS_APP, HAS_OTHER)), False),
        (either((HAS_OTHER, HAS_APP)), True),
        (either((HAS_OTHER, HAS_OTHER)), False),
    ],
)
def test_conditions_are_made_of_conditions(condition, expected):
    assert holds(condition, src=X, dst=Z) is expected


def test_a_claim_about_isolation_may_call_its_pod_either_way():
    for role in (Role.SRC, Role.SELF):
        where = is_equal(Attribute(role, Name.LABEL, "app"), "x")
        claim = Claim(Kind.ISOLATED, pods_in(EVERYWHERE), None, (), where=where, directions=(IN,))
        assert is_pod_in_scope(claim, X)
        assert not is_pod_in_scope(claim, Y)
    assert is_pod_in_scope(replace(claim, sources=ANYTHING), X)


# ---------------------------------------------------------------------------- members, names, blocks
def test_members_less_others_and_isolation_by_direction():
    assert is_member(without(pods_in(EVERYWHERE), NODES), X)
    assert not is_member(without(pods_in(EVERYWHERE), pods_in(EVERYWHERE)), X)
    cluster = Cluster(policies=(network_policy("in", ingress=()),))
    for direction, is_violated in ((IN, False), (OUT, True)):
        claim = Claim(Kind.ISOLATED, pods_in(EVERYWHERE), None, (), directions=(direction,))
        assert violates_isolation(claim, X, cluster, GENERIC) is is_violated


def test_names_in_claims_and_excuses_are_looked_up_as_the_profile_says():
    server = replace(X, ports=(named("web", 80),))
    connection, web = to(Z, server), (NamedPort("web", Protocol.TCP),)
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, web)
    assert is_in_scope(claim, connection, GENERIC)
    assert violates(claim, connection, True, GENERIC)
    assert not is_in_scope(claim, to(Z, X), GENERIC)
    excused = replace(claim, excuses=(Excuse(ANYTHING, ANYTHING, web),))
    assert not is_in_scope(excused, connection, GENERIC)


OUTSIDE_ALONE = replace(GENERIC, ipblock_matches_pods=False, ipblock_matches_nodes=False)
BY_NAME = {"generic": GENERIC, "outside alone": OUTSIDE_ALONE}


@pytest.mark.parametrize(
    ("peers", "profile", "is_sure"),
    [
        ([block("0.0.0.0/0")], "generic", True),
        ([block("0.0.0.0/1")], "generic", False),
        ([block("0.0.0.0/1"), block("128.0.0.0/1")], "generic", True),
        ([block("0.0.0.0/1"), block("128.0.0.0/2")], "generic", False),
        ([block("::/0")], "generic", False),
        ([block("0.0.0.0/0")], "outside alone", False),
        ([block("0.0.0.0/0", matches_cluster=True)], "outside alone", True),
        ([block("0.0.0.0/1", matches_cluster=True)], "outside alone", False),
    ],
)
def test_blocks_of_every_address_together_mean_a_node_of_which_nothing_is_known(peers, profile, is_sure):
    service = Service("a", "front", Selector(), (ServicePort(80, 80, Protocol.TCP),), True, False)
    for rules in ((accept(*peers),), tuple(accept(peer) for peer in peers)):
        policy = network_policy("p", ingress=rules)
        cluster = Cluster(policies=(policy,), services=(service,))
        settled = runs(lambda settle, cluster=cluster: decide(cluster, BY_NAME[profile], to(E, X), settle))
        found = {decision.allowed for decision, facts in settled if "node address" in facts.values()}
        assert (found == {True}) is is_sure


def test_networks_mean_nodes_under_every_profile():
    policy = admin_policy("p", 1, egress=(deny(block(f"{NODE.ip}/32", matches_cluster=True)),))
    for profile in BY_NAME.values():
        assert not decide(Cluster(policies=(policy,)), profile, to(X, NODE)).allowed


def test_a_domain_name_is_taken_to_match_first():
    policy = admin_policy("p", 1, egress=(deny(DomainPeer(("a.example",))),))
    assert not decide(Cluster(policies=(policy,)), GENERIC, to(X, E)).allowed


def test_a_priority_without_a_match_hands_on_to_the_next():
    silent = admin_policy("silent", 1, ingress=(accept(NodePeer(Selector())),))
    denying = admin_policy("denying", 2, ingress=(deny(EVERYONE),))
    assert not ingress(silent, denying).allowed


def test_a_name_that_another_subject_may_open_is_open_by_its_own_name():
    policy = network_policy("p", ingress=(accept(on=(NamedPort("web", Protocol.TCP),)),))
    (fact,) = open_facts(Cluster(policies=(policy,)), PROFILES["aws-vpc-cni"], INTO_X)
    assert (fact.kind, fact.id) == ("named-port-union", "a () web TCP")
    assert "opens port name `web` on all its subjects" in fact.text
    assert ingress(policy, profile=PROFILES["aws-vpc-cni"]).allowed


def test_a_tie_is_found_that_only_some_way_of_settling_a_fact_meets() -> None:
    one = admin_policy("one", 1, egress=(deny(DomainPeer(("x.org",))),))
    two = admin_policy("two", 1, egress=(accept(),))
    assert len(ties(Cluster(policies=(one, two)), GENERIC, to(X, E))) == 1


def test_objects_that_are_not_modelled_bear_on_pods_even_where_no_policy_is_enforced() -> None:
    for namespace, expected in (("a", 1), ("c", 0)):
        cluster = Cluster(unmodelled=(unmodelled(namespace, may_deny=True),))
        assert len(open_facts(cluster, PROFILES["none"], INTO_X)) == expected
