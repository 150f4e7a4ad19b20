"""What a question sees of a change of policies is told where Services have addresses, too."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from analyzer.encoding import entry_changes
from analyzer.judging import Setting, question_of
from analyzer.language import parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.policies import Direction, NamespaceNamed, PodPeer, Policy, Protocol, Tier
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source


def _cluster() -> Cluster:
    spaces = tuple(Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), True) for name in ("a", "b"))
    address = (ip_address("10.96.0.1"),)
    service = Service(
        "b", "web", Selector.EVERYTHING, (ServicePort(80, 8080, Protocol.TCP),), False, False, addresses=address
    )
    return Cluster(policies=(_closing("a"), _closing("b")), namespaces=spaces, services=(service,))


def _closing(namespace: str) -> Policy:
    place = Source("p.yaml", 1)
    return Policy(
        "NetworkPolicy", namespace, "deny", Tier.NETWORK_POLICY, PodPeer(NamespaceNamed(namespace)), (), (), place
    )


@pytest.mark.parametrize(
    ("asked", "is_told"),
    [
        ("no pods can reach namespace b", True),
        ("every namespace a can reach namespace b", True),
        ("every namespace a can reach service b/web", False),
    ],
)
def test_a_policy_of_egress_that_has_gone_is_seen_unless_a_service_is_asked_for(asked: str, is_told: bool) -> None:
    setting = Setting(Universe.ANY, PROFILES["generic"])
    before = as_enforced(_cluster(), setting.profile)
    now = as_enforced(replace(_cluster(), policies=(_closing("b"),)), setting.profile)
    now = replace(before, policies=now.policies)
    changes = entry_changes(before, now, setting.profile)
    assert changes is not None
    found = changes.seen_by(question_of(now, parse_query(asked, "q"), (), setting))
    assert (found is not None) is is_told
    if found is not None:
        assert [entry.policy.id for entry in found[Direction.EGRESS] if entry.policy] == ["NetworkPolicy a/deny"]
