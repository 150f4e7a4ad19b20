"""A PolicyEndpoint beside its policy is told where it was made of other rules, and only there (aws.md P6)."""

import pytest

POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: %s}
"""
ENDPOINT = """---
apiVersion: networking.k8s.aws/v1alpha1
kind: PolicyEndpoint
metadata: {name: p-%d, namespace: a}
spec: {policyRef: {name: p, namespace: a}, podSelector: {}, podIsolation: [Ingress], ingress: %s}
"""
BLOCK = "[{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}}], ports: [{port: 80}]}]"
RANGE = "{protocol: UDP, port: 53, endPort: 60}"
PODS = "[{from: [{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 80}, " + RANGE + "]}]"
NAMED = "[{from: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: http}]}]"


def notices(loaded, rules, *made):
    text = POLICY % rules + "".join(ENDPOINT % (place, entries) for place, entries in enumerate(made))
    return [n.message for n in loaded(text).cluster.notices if "was made of another NetworkPolicy a/p" in n.message]


@pytest.mark.parametrize(
    ("rules", "made"),
    [
        ("[]", ["[]"]),
        ("[{}]", ["[{cidr: 0.0.0.0/0}, {cidr: '::/0'}]"]),
        ("[{}]", ["[{cidr: 0.0.0.0/0}]"]),
        ("[{}]", ["[{cidr: '::/0'}]"]),
        (BLOCK, ["[{cidr: 192.0.2.0/24, except: [192.0.2.8/29], ports: [{protocol: TCP, port: 80}]}]"]),
        (PODS, ["[{cidr: 192.0.2.0/24, ports: [{protocol: TCP, port: 80}]}]"]),
        (PODS, ["[{cidr: 192.0.2.0/24, ports: [{port: 80}]}]", f"[{{cidr: 10.0.0.7, ports: [{RANGE}]}}]"]),
        (NAMED, ["[{cidr: 192.0.2.0/24, ports: [{protocol: TCP, port: 8080}]}]"]),
        (NAMED, ["[]"]),
    ],
)  # fmt: skip
def test_one_that_was_made_of_these_rules_is_not_told(loaded, rules, made):
    assert notices(loaded, rules, *made) == []


@pytest.mark.parametrize(
    ("rules", "made"),
    [
        ("[]", ["[{cidr: 0.0.0.0/0}]"]),
        ("[]", ["[{cidr: 10.0.0.7}]"]),
        ("[{}]", ["[]"]),
        ("[{}]", ["[{cidr: 10.0.0.7}]"]),
        (BLOCK, ["[{cidr: 192.0.2.0/24, ports: [{protocol: TCP, port: 80}]}]"]),
        (BLOCK, ["[{cidr: 192.0.2.0/24, except: [192.0.2.8/29]}]"]),
        (BLOCK, ["[{cidr: 192.0.2.0/24, except: [192.0.2.8/29], ports: [{protocol: UDP, port: 80}]}]"]),
        (PODS, ["[{cidr: 10.0.0.7, ports: [{port: 80}]}]"]),
        (PODS, ["[{cidr: 192.0.2.0/24, ports: [{port: 80}]}, {cidr: 198.51.100.0/24, ports: [{port: 80}]}]"]),
        (PODS, ["[{cidr: 192.0.2.0/24, ports: [{port: 81}]}]"]),
        (NAMED, ["[{cidr: 198.51.100.0/24, ports: [{port: 8080}]}]"]),
    ],
)  # fmt: skip
def test_one_that_was_made_of_other_rules_is_told(loaded, rules, made):
    assert len(notices(loaded, rules, *made)) == len(made)
