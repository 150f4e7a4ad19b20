"""Findings about rules of security groups: the rule is guilty, however it is told, and what is proposed is enough."""

from __future__ import annotations

import json
import shlex

import pytest

import analyzer as netproof

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: x}]}
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: web, namespace: a}
spec: {podSelector: {matchLabels: {app: web}}, securityGroups: {groupIds: [sg-11]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: amazon-vpc-cni, namespace: kube-system}
data: {enable-network-policy-controller: "true"}
"""
QUERY = "no ips 203.0.113.0/24 can reach pods(app=web) in namespace a on tcp/22"


def permission(*ranges, port=22):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": it} for it in ranges]}


def described(*permissions, egress=()):
    group = {"GroupId": "sg-11", "IpPermissions": list(permissions), "IpPermissionsEgress": list(egress)}
    return {"SecurityGroups": [group]}


def resource(type_, name, **attributes):
    return {"mode": "managed", "type": type_, "name": name, "instances": [{"attributes": attributes}]}


BLOCK = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
GROUP = resource("aws_security_group", "web", id="sg-11", ingress=[], egress=[])
INLINE = resource("aws_security_group", "web", id="sg-11", ingress=[BLOCK], egress=[])
SINGLE = resource(
    "aws_vpc_security_group_ingress_rule",
    "ssh",
    security_group_id="sg-11",
    ip_protocol="tcp",
    from_port=22,
    to_port=22,
    cidr_ipv4="0.0.0.0/0",
)
OLD = resource("aws_security_group_rule", "ssh", type="ingress", security_group_id="sg-11", **BLOCK)
ONE_BY_ONE = {
    "SecurityGroupRules": [
        {
            "SecurityGroupRuleId": "sgr-0aa",
            "GroupId": "sg-11",
            "IsEgress": False,
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "CidrIpv4": "0.0.0.0/0",
        }
    ]
}
REVOKE = "aws ec2 revoke-security-group-ingress --group-id sg-11 "
TOLD = [
    ("g.json", described(permission("0.0.0.0/0")), REVOKE + "--ip-permissions"),
    ("g.json", ONE_BY_ONE, REVOKE + "--security-group-rule-ids sgr-0aa"),
    (
        "t.tfstate",
        {"version": 4, "terraform_version": "1.9.0", "resources": [INLINE]},
        "`aws_security_group.web.ingress`",
    ),
    (
        "t.tfstate",
        {"version": 4, "terraform_version": "1.9.0", "resources": [GROUP, SINGLE]},
        "`aws_vpc_security_group_ingress_rule.ssh`",
    ),
    (
        "t.tfstate",
        {"version": 4, "terraform_version": "1.9.0", "resources": [{"module": 'module.n["a"]', **OLD}, GROUP]},
        'module.n["a"].aws_sec',
    ),
]


def found_in(tmp_path, file, told, query=QUERY):
    (tmp_path / "c.yaml").write_text(MANIFESTS)
    (tmp_path / file).write_text(json.dumps(told, indent=1))
    return netproof.check(netproof.load(tmp_path), query)


@pytest.mark.parametrize(("file", "told", "proposed"), TOLD)
def test_the_rule_is_guilty_and_no_policy_that_is_missing(tmp_path, file, told, proposed):
    (finding,) = found_in(tmp_path, file, told).findings
    assert finding.spot.source.file.endswith(file)
    assert finding.spot.source.line > 1
    assert proposed in finding.fix.text
    assert "not enough" not in finding.fix.text
    assert finding.fix.edit is None
    assert finding.fix.why
    assert "0.0.0.0/0 on TCP 22" in finding.summary


@pytest.mark.parametrize(
    ("ranges", "revoked"),
    [
        (["203.0.113.0/25", "203.0.113.128/25", "198.51.100.0/24"], {"203.0.113.0/25", "203.0.113.128/25"}),
        (["203.0.113.0/24", "192.0.2.0/24"], {"203.0.113.0/24"}),
        (["0.0.0.0/0"], {"0.0.0.0/0"}),
    ],
)
def test_what_is_revoked_is_written_so_and_is_enough(tmp_path, ranges, revoked):
    """Of ranges that together are forbidden each is a rule of its own to AWS; what is not shown may be left."""
    told = described(permission(*ranges))
    (finding,) = found_in(tmp_path, "g.json", told).findings
    command = shlex.split(finding.fix.text.partition("`")[2].partition("`")[0])
    (asked,) = json.loads(command[command.index("--ip-permissions") + 1])
    named = {it["CidrIp"] for it in asked["IpRanges"]}
    assert named <= revoked
    left = [it for it in ranges if it not in named]
    after = found_in(tmp_path, "g.json", described(*([permission(*left)] if left else [])))
    assert (after.verdicts[0].status.value == "proved") is ("not enough" not in finding.fix.text)


def test_a_rule_that_another_one_covers_is_not_enough(tmp_path):
    told = described(permission("0.0.0.0/0"), permission("203.0.113.0/24"))
    findings = found_in(tmp_path, "g.json", told).findings
    assert findings
    told = [finding.fix.text.partition("by itself that is not enough: ")[2] for finding in findings]
    assert all("lets through the same, or more" in it for it in told)
    assert any("`sg-11 ingress 2`" in it for it in told)


def test_rules_for_egress_are_revoked_as_such(tmp_path):
    told = described(egress=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    query = "no pods(app=web) in namespace a can reach ips 203.0.113.0/24"
    (finding,) = found_in(tmp_path, "g.json", told, query).findings
    assert "revoke-security-group-egress" in finding.fix.text
    assert '"IpProtocol":"-1"' in finding.fix.text
    assert "FromPort" not in finding.fix.text


# ------------------------------------------------------------------------------------------------ revisions
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            (),
            ("203.0.113.0/24",),
            "the new revision alone has this rule of sg-11, which lets in 203.0.113.0/24 on TCP 22",
        ),
        (
            ("203.0.113.0/24",),
            (),
            "the old revision alone has this rule of sg-11, which lets in 203.0.113.0/24 on TCP 22",
        ),
        (("192.0.2.0/24",), ("203.0.113.0/24", "192.0.2.0/24"), "which lets in 203.0.113.0/24 on TCP 22"),
        (("192.0.2.0/25", "192.0.2.128/25"), ("192.0.2.0/24",), ""),
        (("192.0.2.0/24", "203.0.113.0/24"), ("203.0.113.0/24", "192.0.2.0/24"), ""),
    ],
)
def test_a_diff_names_the_rules_that_one_revision_alone_has(tmp_path, old, new, said):
    for name, ranges in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.yaml").write_text(MANIFESTS)
        told = described(*([permission(*ranges)] if ranges else []))
        (tmp_path / name / "g.json").write_text(json.dumps(told, indent=1))
    found = netproof.diff(tmp_path / "old", tmp_path / "new")
    told = [it for it in found.difference.background.notices if "sg-11, which" in it.message]
    lines = [it.message for it in told]
    assert len(lines) == (1 if said else 0)
    assert all(said in line for line in lines)
    assert all(it.source.file.endswith("g.json") for it in told)


def test_pods_where_no_engine_runs_are_told_so(tmp_path):
    (tmp_path / "c.yaml").write_text(MANIFESTS.partition("---\napiVersion: vpcresources")[0] + CALICO)
    profile = {"fargateProfile": {"fargateProfileName": "fp", "selectors": [{"namespace": "a"}]}}
    (tmp_path / "f.json").write_text(json.dumps(profile))
    found = netproof.check(netproof.load(tmp_path), "no ips 203.0.113.0/24 can reach namespace a", profile="calico")
    (finding,) = found.findings
    assert finding.summary.startswith("no engine runs where it is")
    assert finding.fix.text == "run them on nodes of EC2, or shut them off by security groups"


CALICO = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""


OTHERS = """
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: b}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: x}]}
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: db, namespace: b}
spec: {podSelector: {matchLabels: {app: db}}, securityGroups: {groupIds: [sg-db]}}
---
"""
INTERFACES = {
    "NetworkInterfaces": [
        {"NetworkInterfaceId": f"eni-{id_}", "PrivateIpAddress": ip, "Groups": [{"GroupId": id_}]}
        for id_, ip in (("sg-far", "10.0.8.8"), ("sg-other", "10.0.8.9"))
    ]
}


@pytest.mark.parametrize(
    ("query", "revoked"),
    [
        ("no workload b/db can reach workload a/web", {"sg-db": None}),
        ("no ips 10.0.8.8 can reach workload a/web", {"sg-far": "444455556666"}),
        ("no ips 10.0.8.9 can reach workload a/web", {"sg-other": None}),
    ],
)
def test_of_groups_that_a_rule_names_the_guilty_are_revoked(tmp_path, query, revoked):
    """With the account that owns one of another account."""
    accounts = {"sg-db": "111122223333", "sg-far": "444455556666", "sg-other": "111122223333"}
    pairs = [{"GroupId": id_, "UserId": account} for id_, account in accounts.items()]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": pairs}
    own = {"OwnerId": "111122223333", "IpPermissionsEgress": []}
    out = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    groups = [
        {"GroupId": "sg-11", "IpPermissions": [rule], **own},
        {"GroupId": "sg-db", "IpPermissions": [], **own, "IpPermissionsEgress": out},
    ]
    (tmp_path / "o.yaml").write_text(OTHERS)
    (tmp_path / "i.json").write_text(json.dumps(INTERFACES))
    (finding,) = found_in(tmp_path, "g.json", {"SecurityGroups": groups}, query).findings
    command = shlex.split(finding.fix.text.partition("`")[2].partition("`")[0])
    (asked,) = json.loads(command[command.index("--ip-permissions") + 1])
    assert {it["GroupId"]: it.get("UserId") for it in asked["UserIdGroupPairs"]} == revoked
    assert "not enough" not in finding.fix.text
