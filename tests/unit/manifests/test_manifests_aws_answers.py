"""Answers that hang on how groups, lists and VPCs are told: Terraform's state, several documents, live pods."""

import json

import pytest
from test_manifests_aws import AGENT, CONFIG_MAP, DAEMON_SET, FLAG, GROUPS, ON, POLICY, addon, together
from typer.testing import CliRunner

from analyzer.cli.app import app

WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
"""
PROVED, REFUTED, UNKNOWN, ERROR = 0, 1, 3, 2


def ask(tmp_path, query, *documents, options=()):
    written = (it if isinstance(it, str) else json.dumps(it) for it in documents)
    (tmp_path / "all.yaml").write_text(together(*(text.rstrip("\n") + "\n" for text in written)))
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query, *options])
    assert "internal error" not in done.output
    return done.exit_code


def out(address):
    return f"no pods(app=web) in namespace shop can reach ips {address}/32"


def rule(**told):
    usual = {"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": False}
    return {**usual, "protocol": "tcp", "from_port": 443, "to_port": 443, **told}


def group(**told):
    return {"id": "sg-1", "name": "web", "ingress": [], "egress": [], **told}


def state(*instances, kind="aws_security_group", module=None):
    resource = {"mode": "managed", "type": kind, "name": "n", "instances": list(instances)}
    return {
        "version": 4,
        "terraform_version": "1.9",
        "resources": [{**resource, **({"module": module} if module else {})}],
    }


def shown(*resources, child=False):
    listed = [{"mode": "managed", "type": kind, "values": values} for kind, values in resources]
    module = {"child_modules": [{"child_modules": [{"resources": listed}]}]} if child else {"resources": listed}
    return {"format_version": "1.0", "terraform_version": "1.9", "values": {"root_module": module}}


OPEN_TO_8 = [rule(cidr_blocks=["8.8.8.0/24"])]
SINGLE = {
    "security_group_id": "sg-1",
    "ip_protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr_ipv4": "8.8.8.0/24",
}


@pytest.mark.parametrize(
    ("documents", "to_8", "to_9"),
    [
        ([state({"attributes": group(egress=OPEN_TO_8), "index_key": 0})], REFUTED, PROVED),
        ([state({"attributes": group(egress=OPEN_TO_8), "index_key": "a"}, module='module.net["x"]')], REFUTED, PROVED),
        ([state({"attributes": group(id="sg-2")}, {"attributes": group(egress=OPEN_TO_8)})], REFUTED, PROVED),
        ([shown(("aws_security_group", group(egress=OPEN_TO_8)), child=True)], REFUTED, PROVED),
        ([shown(("aws_security_group", group()), ("aws_vpc_security_group_egress_rule", SINGLE))], REFUTED, PROVED),
        (
            [shown(("aws_security_group", group())), shown(("aws_vpc_security_group_egress_rule", SINGLE))],
            REFUTED,
            PROVED,
        ),
        ([shown(("aws_vpc_security_group_egress_rule", SINGLE))], REFUTED, UNKNOWN),
        ([state({"attributes": group(egress=None, ingress=None)})], UNKNOWN, UNKNOWN),
        ([state({"attributes": {"id": "sg-1", "name": "web"}})], UNKNOWN, UNKNOWN),
        ([state({"attributes": group()})], PROVED, PROVED),
        ([state({"attributes": group(egress=[rule()])})], ERROR, ERROR),
        ([{"format_version": "1.2", "planned_values": {"root_module": {"resources": []}}}], UNKNOWN, UNKNOWN),
    ],
)
def test_shapes_of_state(tmp_path, documents, to_8, to_9):
    for address, told in (("8.8.8.8", to_8), ("9.9.9.9", to_9)):
        assert ask(tmp_path, out(address), WEB, GROUPS, *documents) == told


LIST = "aws_ec2_managed_prefix_list"
ENTRY = (f"{LIST}_entry", {"prefix_list_id": "pl-1", "cidr": "9.9.9.0/24"})


@pytest.mark.parametrize(
    ("documents", "to_8", "to_9"),
    [
        ([shown((LIST, {"id": "pl-1", "entry": [{"cidr": "8.8.8.0/24"}]}))], REFUTED, PROVED),
        ([shown((LIST, {"id": "pl-1", "entry": []}), ENTRY)], PROVED, REFUTED),
        ([shown((LIST, {"id": "pl-1", "entry": []})), shown(ENTRY)], PROVED, REFUTED),
        ([shown(ENTRY)], UNKNOWN, UNKNOWN),
        ([{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["8.8.8.0/24"]}]}], REFUTED, PROVED),
        (
            [
                {"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["8.8.8.0/24"]}]},
                {"PrefixListId": "pl-1", "Entries": [{"Cidr": "9.9.9.0/24"}]},
            ],
            REFUTED,
            REFUTED,
        ),
        ([{"PrefixLists": [{"PrefixListId": "pl-1"}]}], UNKNOWN, UNKNOWN),
    ],
)
def test_what_tells_of_a_prefix_list(tmp_path, documents, to_8, to_9):
    permission = {"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}]}
    own = {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": [permission]}]}
    for address, told in (("8.8.8.8", to_8), ("9.9.9.9", to_9)):
        assert ask(tmp_path, out(address), WEB, GROUPS, own, *documents) == told


EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
INTERFACE = {
    "NetworkInterfaceId": "eni-1",
    "PrivateIpAddress": "10.0.1.10",
    "Groups": [{"GroupId": "sg-n"}],
    "Attachment": {"InstanceId": "i-1", "DeviceIndex": 0},
}
NODE = """apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 10.0.1.10}]}
"""


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize(
    ("account", "members", "wanted"),
    [
        (None, [], PROVED),  # all interfaces are listed, and none has it
        ("1", [], PROVED),
        ("2", [], UNKNOWN),  # a list is that of one account
        ("2", ["172.31.5.5"], PROVED),
        ("2", ["172.31.5.5", "172.31.5.6"], REFUTED),
    ],
)
def test_interfaces_of_another_account_are_not_listed_with_ones_own(tmp_path, is_told, account, members, wanted):
    peer = {"GroupId": "sg-far", **({"UserId": account} if account else {})}
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [peer]}
    groups = [
        {"GroupId": "sg-1", "OwnerId": "1", "IpPermissions": [], "IpPermissionsEgress": [rule]},
        {"GroupId": "sg-n", "OwnerId": "1", "IpPermissions": [], "IpPermissionsEgress": []},
        {"GroupId": "sg-far", "OwnerId": account or "1", "IpPermissions": [], "IpPermissionsEgress": []},
    ]
    if not is_told and account != "2":
        wanted = UNKNOWN
    far = [
        {"NetworkInterfaceId": f"eni-far-{address}", "PrivateIpAddress": address, "Groups": [{"GroupId": "sg-far"}]}
        for address in members
    ]
    vpcs = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}
    documents = ({"SecurityGroups": groups if is_told else groups[:2]}, {"NetworkInterfaces": [INTERFACE, *far]}, vpcs)
    options = ("--knob", "pod-security-group-enforcing-mode=strict")
    assert ask(tmp_path, out("172.31.5.6"), WEB, GROUPS, *documents, NODE, options=options) == wanted


FAR = {"GroupId": "sg-far", "UserId": "2"}
FAR_BY_RULE = {
    "SecurityGroupRuleId": "sgr-1",
    "GroupId": "sg-1",
    "GroupOwnerId": "1",
    "IsEgress": True,
    "IpProtocol": "-1",
}
FAR_OF_VPC = {"id": "sgr-1", "security_group_id": "sg-1", "ip_protocol": "-1"}


@pytest.mark.parametrize(
    "told",
    [
        {"SecurityGroupRules": [FAR_BY_RULE | {"ReferencedGroupInfo": FAR}]},
        state(
            {"attributes": group(egress=[rule(protocol="-1", from_port=0, to_port=0, security_groups=["2/sg-far"])])}
        ),
        state(
            {"attributes": FAR_OF_VPC | {"referenced_security_group_id": "2/sg-far"}},
            kind="aws_vpc_security_group_egress_rule",
        ),
    ],
)
def test_each_source_tells_whose_account_a_group_is_of(tmp_path, told):
    far = {"GroupId": "sg-far", "OwnerId": "2", "IpPermissions": [], "IpPermissionsEgress": []}
    known = [far, {**far, "GroupId": "sg-n", "OwnerId": "1"}]
    documents = ({"SecurityGroups": known}, {"NetworkInterfaces": [INTERFACE]}, NODE)
    vpcs = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}
    options = ("--knob", "pod-security-group-enforcing-mode=strict")
    assert ask(tmp_path, out("172.31.5.6"), WEB, GROUPS, told, *documents, vpcs, options=options) == UNKNOWN
    own = json.loads(json.dumps(told).replace('"UserId": "2"', '"UserId": "1"').replace("2/sg-far", "sg-far"))
    is_whole = "aws_vpc_security_group_egress_rule" not in json.dumps(told)
    wanted = PROVED if is_whole else UNKNOWN  # others of its rules may be elsewhere
    assert ask(tmp_path, out("172.31.5.6"), WEB, GROUPS, own, *documents, vpcs, options=options) == wanted


@pytest.mark.parametrize(
    ("vpcs", "nodes", "peered", "own"),
    [
        (("10.0.0.0/16",), (NODE,), REFUTED, PROVED),
        (("10.0.0.0/16", "172.31.0.0/16"), (NODE,), REFUTED, PROVED),
        (("10.0.0.0/16", "172.31.0.0/16"), (), UNKNOWN, UNKNOWN),
        ((), (NODE,), UNKNOWN, UNKNOWN),
    ],
)
def test_what_is_in_another_vpc_leaves_the_clusters(tmp_path, vpcs, nodes, peered, own):
    """In standard mode it is the node's groups, which let all out, that see it."""
    groups = {
        "SecurityGroups": [
            {"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []},
            {"GroupId": "sg-n", "IpPermissions": [], "IpPermissionsEgress": [EVERYTHING]},
        ]
    }
    told = {"Vpcs": [{"VpcId": f"vpc-{number}", "CidrBlock": block} for number, block in enumerate(vpcs)]}
    documents = (WEB, GROUPS, groups, {"NetworkInterfaces": [INTERFACE]}, *nodes, *([told] if vpcs else []))
    options = ("--knob", "pod-security-group-enforcing-mode=standard")
    for address, wanted in (("172.31.5.5", peered), ("10.0.9.9", own)):
        assert ask(tmp_path, out(address), *documents, options=options) == wanted


LIVE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1-a",
        "namespace": "shop",
        "labels": {"app": "web"},
        "uid": "u",
        "resourceVersion": "5",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    },
    "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i"}]},
    "status": {"phase": "Running", "podIP": "10.0.5.5", "podIPs": [{"ip": "10.0.5.5"}]},
}


@pytest.mark.parametrize(("annotations", "told"), [({}, UNKNOWN), ({"vpc.amazonaws.com/pod-eni": "[]"}, PROVED)])
def test_a_live_pod_without_an_interface_of_its_own_may_be_older_than_what_gives_it_groups(tmp_path, annotations, told):
    shut = {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}]}
    live = {**LIVE, "metadata": {**LIVE["metadata"], "annotations": annotations}}
    assert ask(tmp_path, out("8.8.8.8"), live, NODE, GROUPS, shut, options=("--universe", "inventory")) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ('{"enableNetworkPolicy": "true"}', PROVED),
        ('enableNetworkPolicy: "true"\n', PROVED),
        ("enableNetworkPolicy: true\nenv: {WARM_IP_TARGET: '2'}\n", PROVED),
        ("env: {WARM_IP_TARGET: '2'}\n", REFUTED),
        ('enableNetworkPolicy: "false"\n', REFUTED),
    ],
)
def test_the_add_on_is_told_in_json_and_in_yaml(tmp_path, values, told):
    assert ask(tmp_path, out("8.8.8.8"), WEB, POLICY, addon(values)) == told


def test_what_a_finding_says_of_pods_without_the_agent(tmp_path):
    windows = WEB.replace("spec: {containers", "spec: {nodeSelector: {kubernetes.io/os: windows}, containers")
    (tmp_path / "all.yaml").write_text(together(CONFIG_MAP % ON, DAEMON_SET % ("", AGENT % FLAG), windows, POLICY))
    query = "every pods(app=web) in namespace shop is isolated for ingress"
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query, "--universe", "inventory"])
    said = " ".join(done.output.split())
    assert done.exit_code == REFUTED
    assert "enforces no policy at pods on Windows: shop/web[Deployment]" in said
    page = CliRunner().invoke(app, ["map", str(tmp_path)]).output
    assert "which runs on Windows: the VPC CNI enforces no policy there" in " ".join(page.split())
    explained = CliRunner().invoke(app, ["explain", str(tmp_path), "--from", "shop/web", "--to", "8.8.8.8"]).output
    assert "agent enforces no policy" in " ".join(explained.split())
