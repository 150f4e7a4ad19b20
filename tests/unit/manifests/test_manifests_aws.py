"""What is read of Amazon's network: how the CNI is set up, groups as the command line and Terraform tell them, bad
input, and what a check says of all of it."""

import json

import pytest
from typer.testing import CliRunner

import analyzer as netproof
from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.cli.app import app
from analyzer.errors import UsageError
from analyzer.inputs.engines import profile_for
from analyzer.judging import Setting
from analyzer.model.claims import Universe
from analyzer.model.policies import Direction

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: amazon-vpc-cni, namespace: kube-system}
data: {%s}
"""
DAEMON_SET = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: aws-node, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: aws-node}}
  template:
    metadata: {labels: {k8s-app: aws-node}}
    spec:
      hostNetwork: true
      containers:
        - {name: aws-node, image: amazon-k8s-cni:v1.21, env: [%s]}
        %s
"""
AGENT = "- {name: aws-eks-nodeagent, image: agent, args: [%s]}"
ON, OFF = 'enable-network-policy-controller: "true"', 'enable-network-policy-controller: "false"'
FLAG = "--enable-network-policy=true"
CALICO = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: calico-system}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {hostNetwork: true, containers: [{name: c, image: quay.io/calico/node:v3.30.1}]}
"""
POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
"""
GROUPS = """apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, securityGroups: {groupIds: [sg-1]}}
"""


def addon(values):
    told = values if isinstance(values, str) else json.dumps(values)
    return json.dumps({"addon": {"addonName": "vpc-cni", "configurationValues": told}}) + "\n"


def together(*documents):
    return "---\n".join(documents)


# ------------------------------------------------------------------------------------------------ is it on?
@pytest.mark.parametrize(
    ("documents", "is_on"),
    [
        ([CONFIG_MAP % ON], True),
        ([CONFIG_MAP % OFF], False),
        ([CONFIG_MAP % 'enable-network-policy-controller: "True"'], False),
        ([CONFIG_MAP % 'enable-windows-ipam: "true"'], False),
        ([DAEMON_SET % ("", AGENT % FLAG)], True),
        ([DAEMON_SET % ("", AGENT % "--enable-network-policy=false")], False),
        ([DAEMON_SET % ("", AGENT % "--enable-ipv6=false")], False),
        ([DAEMON_SET % ("", "")], False),
        ([CONFIG_MAP % ON, DAEMON_SET % ("", AGENT % FLAG)], True),
        ([CONFIG_MAP % OFF, DAEMON_SET % ("", AGENT % FLAG)], False),
        ([CONFIG_MAP % ON, DAEMON_SET % ("", "")], False),
        ([addon({"enableNetworkPolicy": "true"})], True),
        ([addon({})], False),
        ([addon("")], False),
        ([addon({"enableNetworkPolicy": "true", "nodeAgent": {"enabled": False}})], False),
        ([POLICY, GROUPS], None),
    ],
)
def test_what_switches_enforcement_on(loaded, documents, is_on):
    cluster = loaded(together(*documents)).cluster
    assert cluster.aws.network_policy is is_on
    profile = profile_for(None, (), cluster)
    assert profile.name == "aws-vpc-cni"
    assert profile.enforces is (is_on is not False)
    assert profile_for(None, ("enable-network-policy=true",), cluster).enforces


def test_variables_of_the_agent_set_knobs(loaded):
    env = (
        "{name: NETWORK_POLICY_ENFORCING_MODE, value: strict}, "
        "{name: POD_SECURITY_GROUP_ENFORCING_MODE, value: standard}, "
        '{name: AWS_VPC_K8S_CNI_EXTERNALSNAT, value: "true"}, {name: WARM_ENI_TARGET, value: "1"}'
    )
    cluster = loaded(DAEMON_SET % (env, AGENT % FLAG)).cluster
    knobs = profile_for(None, (), cluster).knobs()
    assert knobs["network-policy-enforcing-mode"] == "strict"
    assert knobs["pod-security-group-enforcing-mode"] == "standard"
    assert knobs["external-snat"] == "true"
    assert profile_for(None, ("external-snat=false",), cluster).knobs()["external-snat"] == "false"
    node_class = "apiVersion: eks.amazonaws.com/v1\nkind: NodeClass\nmetadata: {name: auto}\n"
    node_class += "spec: {networkPolicy: DefaultDeny}\n"
    knobs = profile_for(None, (), loaded(node_class).cluster).knobs()
    assert knobs["network-policy-enforcing-mode"] == "strict"


def test_two_that_say_different_things_and_words_that_no_knob_takes_are_errors(loaded):
    env = "{name: POD_SECURITY_GROUP_ENFORCING_MODE, value: %s}"
    values = {"enableNetworkPolicy": "true", "env": {"POD_SECURITY_GROUP_ENFORCING_MODE": "standard"}}
    cluster = loaded(together(DAEMON_SET % (env % "strict", AGENT % FLAG), addon(values))).cluster
    with pytest.raises(UsageError, match="pod-security-group-enforcing-mode is `strict` by"):
        profile_for(None, (), cluster)
    with pytest.raises(UsageError, match="`lax` is no value of pod-security-group-enforcing-mode"):
        profile_for(None, (), loaded(DAEMON_SET % (env % "lax", AGENT % FLAG)).cluster)


@pytest.mark.parametrize(
    ("documents", "profile"),
    [
        ([DAEMON_SET % ("", ""), CALICO], "calico"),
        ([CONFIG_MAP % OFF, CALICO, GROUPS], "calico"),
        ([GROUPS], "aws-vpc-cni"),
        ([POLICY], "generic"),
    ],
)
def test_the_network_gives_way_to_an_engine_on_top_of_it(loaded, documents, profile):
    assert profile_for(None, (), loaded(together(*documents)).cluster).name == profile


def test_two_engines_that_are_on_are_asked_about(loaded):
    with pytest.raises(UsageError, match="speaks for"):
        profile_for(None, (), loaded(together(CONFIG_MAP % ON, CALICO)).cluster)


@pytest.mark.parametrize("name", ["netd", "gke-metrics-agent", "azure-cns", "cloud-node-manager"])
def test_a_cloud_without_an_engine_enforces_nothing(loaded, name):
    def daemon_set(name):
        return CALICO.replace("calico-node", name).replace("quay.io/calico/node:v3.30.1", "i")

    assert profile_for(None, (), loaded(daemon_set(name)).cluster).name == "none"
    for engine, profile in (("azure-npm", "azure"), ("anetd", "cilium"), ("weave-net", "generic")):
        cluster = loaded(together(daemon_set(name), daemon_set(engine))).cluster
        assert profile_for(None, (), cluster).name == profile


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([GROUPS], "nothing in the input says so"),
        ([CONFIG_MAP % ON], "ConfigMap kube-system/amazon-vpc-cni says so, and no DaemonSet kube-system/aws-node"),
        ([DAEMON_SET % ("", AGENT % FLAG)], "DaemonSet kube-system/aws-node says so, and no ConfigMap"),
        ([CONFIG_MAP % ON, DAEMON_SET % ("", AGENT % FLAG)], ""),
        ([addon({"enableNetworkPolicy": "true"})], ""),
    ],
)
def test_what_is_not_said_is_an_assumption(loaded, documents, told):
    cluster = loaded(together(*documents)).cluster
    found = stated_assumptions(cluster, (), Setting(Universe.ANY, profile_for(None, (), cluster)))
    texts = [it.text for it in found if it.name == "network-policy-on"]
    assert bool(texts) is bool(told)
    assert all(told in text for text in texts)
    assert any(it.name == "node-groups" for it in found) is (documents == [GROUPS])


# ------------------------------------------------------------------------------------------------ groups
def test_the_same_group_told_in_four_ways_lets_the_same_through(loaded):
    whole = {
        "SecurityGroups": [
            {
                "GroupId": "sg-1",
                "IpPermissions": [
                    {
                        "IpProtocol": "tcp",
                        "FromPort": 80,
                        "ToPort": 81,
                        "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
                        "UserIdGroupPairs": [{"GroupId": "sg-2"}],
                    }
                ],
                "IpPermissionsEgress": [],
            }
        ]
    }
    one = {"GroupId": "sg-1", "IsEgress": False, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81}
    rules = {
        "SecurityGroupRules": [
            one | {"CidrIpv4": "10.0.0.0/8"},
            one | {"ReferencedGroupInfo": {"GroupId": "sg-2"}},
        ]
    }
    attributes = {
        "id": "sg-1",
        "ingress": [
            {
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 81,
                "cidr_blocks": ["10.0.0.0/8"],
                "security_groups": ["sg-2"],
            }
        ],
        "egress": [],
    }
    state = {
        "version": 4,
        "terraform_version": "1.9",
        "resources": [{"type": "aws_security_group", "instances": [{"attributes": attributes}]}],
    }
    shown = {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "child_modules": [{"resources": [{"type": "aws_security_group", "values": attributes}]}],
            }
        },
    }
    said = []
    for document in (whole, rules, state, shown):
        (group,) = loaded(json.dumps(document)).cluster.aws.groups
        assert group.is_whole
        assert group.of(Direction.EGRESS) == ()
        bodies = [(r.protocol, r.low, r.high, str(r.addresses), r.groups) for r in group.rules]
        said.append({(p, low, high) for p, low, high, _, _ in bodies} | {(nets, g) for *_, nets, g in bodies if not g})
        assert {g for *_, groups in bodies for g in groups} == {"sg-2"}
    assert said[0] >= {(6, 80, 81)}
    assert all({(6, 80, 81)} <= one for one in said)
    at_once = loaded(together(*(f"{json.dumps(it)}\n" for it in (whole, rules, state, shown)))).cluster.notices
    assert not [notice.message for notice in at_once if "other rules" in notice.message]


def test_a_data_source_of_terraform_tells_no_rules(loaded):
    attributes = {"id": "sg-1", "name": "looked up"}
    resource = {"mode": "data", "type": "aws_security_group"}
    state = {"terraform_version": "1.9", "resources": [{**resource, "instances": [{"attributes": attributes}]}]}
    shown = {"format_version": "1.0", "values": {"root_module": {"resources": [{**resource, "values": attributes}]}}}
    for document in (state, shown):
        assert loaded(together(json.dumps(document) + "\n", POD)).cluster.aws.groups == ()


@pytest.mark.parametrize(
    ("document", "line", "told"),
    [
        (
            '{"SecurityGroups": [\n{"GroupId": "sg-1", "IpPermissions": 5, "IpPermissionsEgress": []}]}',
            2,
            "must be a list",
        ),
        ('{"SecurityGroups": [\n{"GroupId": "sg-1", "IpPermissions": []}]}', 2, "IpPermissionsEgress` is missing"),
        ('{"SecurityGroups": [\n{"IpPermissions": [], "IpPermissionsEgress": []}]}', 2, "GroupId` is missing"),
        (
            '{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissionsEgress": [], "IpPermissions": [\n'
            '{"IpProtocol": "tpc", "FromPort": 1, "ToPort": 2}]}]}',
            2,
            "no protocol of a security group",
        ),
        (
            '{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissionsEgress": [], "IpPermissions": [\n'
            '{"IpProtocol": "tcp", "FromPort": 9, "ToPort": 2}]}]}',
            2,
            "must not be more than",
        ),
        (
            '{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissionsEgress": [], "IpPermissions": [\n'
            '{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0"}]}]}]}',
            2,
            "no mask",
        ),
        ('{"SecurityGroups": [],\n"NextToken": "more"}', 2, "the list goes on"),
        ('{"SecurityGroups": [\n{"GroupId": "sg-1",]}', 2, ""),
        (
            '{"NetworkInterfaces": [\n{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "x", "Groups": []}]}',
            2,
            "no address",
        ),
        ('{"Entries": [\n{"Cidr": "10.0.0.0/8"}]}', 1, "does not say of which prefix list"),
        (
            '{"terraform_version": "1", "resources": [{"type": "aws_security_group", "instances": [\n'
            '{"attributes": {"ingress": []}}]}]}',
            2,
            "id` is missing",
        ),
        (GROUPS.replace("sg-1", "web"), 4, "no id of a group"),
        (GROUPS.replace("[sg-1]", "[]"), 4, "is empty"),
        (GROUPS.replace("podSelector", "podselector"), 4, "unknown field"),
    ],
)
def test_bad_input_is_told_by_its_line_and_leaves_with_2(tmp_path, document, line, told):
    file = tmp_path / "groups.json"
    file.write_text(document)
    done = CliRunner().invoke(app, ["check", str(file), "-q", "no internet can reach namespace shop"])
    assert done.exit_code == 2, done.output
    assert f"groups.json:{line}:" in done.output.replace("\n", "")
    assert told in " ".join(done.output.split())


@pytest.mark.parametrize("key", ["SecurityGroups", "SecurityGroupRules", "NetworkInterfaces", "Vpcs", "PrefixLists"])
@pytest.mark.parametrize("value", ["5", '"x"', "[5]", '["x"]', "[null]", "{}", "null", "[[]]", '[{"GroupId": {}}]'])
def test_whatever_stands_under_a_key_nothing_breaks(tmp_path, key, value):
    file = tmp_path / "groups.json"
    file.write_text(f'{{"{key}": {value}}}')
    (tmp_path / "pod.yaml").write_text(POD)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", "no internet can reach namespace shop"])
    assert done.exit_code in (0, 1, 2, 3), done.output
    assert "internal error" not in done.output
    assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit)


# ------------------------------------------------------------------------------------------------ what is said
def of_group(id_="sg-1", ingress="[]", egress="[]"):
    return (
        f'{{"SecurityGroups": [{{"GroupId": "{id_}", "IpPermissions": {ingress}, "IpPermissionsEgress": {egress}}}]}}\n'
    )


EVERYTHING = '[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]'


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([POD, GROUPS.replace("app: web}", "app: wbe}")], "gives no workload groups"),
        ([POD, GROUPS, of_group("sg-2")], "names security group sg-1, of which nothing given tells"),
        ([POD, GROUPS, of_group(egress=EVERYTHING)], "sg-1 has no rule for ingress: it lets nothing in"),
        ([POD, GROUPS, of_group(ingress=EVERYTHING)], "sg-1 has no rule for egress: it lets nothing out"),
        ([POD, GROUPS, of_group(), of_group(ingress=EVERYTHING)], "security group sg-1 has other rules at"),
        ([POD, GROUPS, POLICY], "in strict mode"),
        ([POD, of_group(ingress=EVERYTHING)], "nothing tells who has them"),
        ([POD.replace("spec: {", "spec: {hostNetwork: true, "), GROUPS], "which is on its node's network"),
        ([POD, GROUPS.replace("securityGroups: {groupIds: [sg-1]}", "securityGroups: {}")], "so it has no effect"),
    ],
)
def test_traps_are_noted(loaded, documents, told):
    notices = [notice.message for notice in loaded(together(*documents)).cluster.notices]
    assert [text for text in notices if told in text], notices


def test_standard_mode_and_groups_that_are_told_are_no_traps(loaded):
    env = "{name: POD_SECURITY_GROUP_ENFORCING_MODE, value: standard}"
    text = together(POD, GROUPS, POLICY, of_group("sg-1", EVERYTHING, EVERYTHING), DAEMON_SET % (env, AGENT % FLAG))
    notices = [notice.message for notice in loaded(text).cluster.notices]
    assert [text for text in notices if "profile" not in text] == []


def test_what_is_off_refutes_isolation_and_the_finding_says_where(tmp_path):
    for name, text in (("pod.yaml", POD), ("policy.yaml", POLICY), ("cni.yaml", CONFIG_MAP % OFF)):
        (tmp_path / name).write_text(text)
    asked = ["-q", "every pods in namespace shop is isolated for ingress", "-q", "no internet can reach namespace shop"]
    done = CliRunner().invoke(app, ["check", str(tmp_path), *asked])
    assert done.exit_code == 1
    assert "2 refuted; 1 finding" in done.output
    assert "cni.yaml:1" in done.output
    assert "the VPC CNI enforces no policy: ConfigMap kube-system/amazon-vpc-cni" in " ".join(done.output.split())


def test_what_is_missing_is_named_by_its_command_and_settles_the_answer(tmp_path):
    for name, text in (("pod.yaml", POD), ("groups.yaml", GROUPS)):
        (tmp_path / name).write_text(text)
    asked = ["check", str(tmp_path), "-q", "no internet can reach pods(app=web) in namespace shop"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 3
    assert "aws ec2 describe-security-groups --group-ids sg-1" in " ".join(done.output.split())
    (tmp_path / "told.json").write_text(of_group(egress=EVERYTHING))
    assert CliRunner().invoke(app, asked).exit_code == 0
    (tmp_path / "told.json").write_text(of_group(EVERYTHING.replace("[[", "["), EVERYTHING))
    (tmp_path / "told.json").write_text(of_group(ingress=EVERYTHING, egress=EVERYTHING))
    assert CliRunner().invoke(app, asked).exit_code == 1


@pytest.mark.parametrize(
    ("written", "is_on"),
    [("true", True), (True, True), ("True", False), ("TRUE", False), (" true", False), ("1", False), (1, False)],
)
def test_the_controller_takes_one_spelling_of_the_addons_value(loaded, written, is_on):
    assert loaded(together(addon({"enableNetworkPolicy": written}))).cluster.aws.network_policy is is_on


@pytest.mark.parametrize(("namespace", "is_on"), [("kube-system", False), ("default", False), ("other", True)])
def test_a_daemon_set_of_another_namespace_is_not_the_cnis(loaded, namespace, is_on):
    found = (DAEMON_SET % ("", "")).replace("namespace: kube-system", f"namespace: {namespace}")
    assert loaded(together(CONFIG_MAP % ON, found)).cluster.aws.network_policy is is_on


@pytest.mark.parametrize(("data", "is_told"), [(ON, False), (OFF, True)])
def test_a_knob_over_objects_that_say_otherwise_is_told(tmp_path, data, is_told):
    (tmp_path / "c.yaml").write_text(together(CONFIG_MAP % data, POD))
    found = netproof.check(
        tmp_path, "no internet can reach namespace a", profile="aws-vpc-cni", knob={"enable-network-policy": "true"}
    )
    assert any("knob enable-network-policy" in notice.message for notice in found.answer.notices) is is_told
