"""How `aws-node` is told what it does: variables as Go reads them, from ConfigMaps too, and what is not told."""

import json

import pytest
from test_manifests_aws import AGENT, CONFIG_MAP, DAEMON_SET, FLAG, GROUPS, ON, POD, addon, together
from typer.testing import CliRunner

from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.cli.app import app
from analyzer.errors import ManifestError
from analyzer.inputs.engines import profile_for
from analyzer.judging import Setting
from analyzer.manifests import load
from analyzer.model.claims import Universe

MODE, SNAT, SPARED = (
    "POD_SECURITY_GROUP_ENFORCING_MODE",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS",
)
KNOBS = {MODE: "pod-security-group-enforcing-mode", SNAT: "external-snat", SPARED: "exclude-snat-cidrs"}


def values(data, name="q", namespace="kube-system"):
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    )


def daemon_set(env="", env_from=""):
    own = DAEMON_SET % (env, AGENT % FLAG)
    return own.replace("env: [", f"envFrom: [{env_from}], env: [") if env_from else own


def knob(loaded, name, *documents):
    cluster = loaded(together(*(document.rstrip("\n") + "\n" for document in documents))).cluster
    return profile_for(None, (), cluster).knobs().get(KNOBS[name], "")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        *((SNAT, text, "true") for text in ("true", "1", "t", "T", "True", "TRUE")),
        *((SNAT, text, "false") for text in ("false", "0", "F", "yes", "tRuE", "")),
        (MODE, "standard", "standard"),
        (MODE, "Standard", "standard"),
        (MODE, "", "strict"),
        (SPARED, "172.20.0.0/16, 8.8.8.0/24", "172.20.0.0/16,8.8.8.0/24"),
        (SPARED, "172.20.0.0/16,nonsense,2001:db8::/32", "172.20.0.0/16"),
        (SPARED, "", ""),
        (MODE, "$(OTHER)", "unknown"),
    ],
)
def test_a_variable_is_read_as_the_cni_reads_it(loaded, name, value, told):
    written = f"{{name: {name}, value: {json.dumps(value)}}}"
    assert knob(loaded, name, daemon_set(written)) == told
    if "$" not in value and value:
        assert knob(loaded, name, addon({"env": {name: value}})) == told


REF = "{name: %s, valueFrom: {configMapKeyRef: {name: q, key: k%s}}}"


@pytest.mark.parametrize(
    ("env", "env_from", "data", "told"),
    [
        (REF % (MODE, ""), "", {"k": "standard"}, "standard"),
        (REF % (MODE, ""), "", None, "unknown"),
        (REF % (MODE, ", optional: true"), "", None, "unknown"),
        (REF % (MODE, ""), "", {"other": "standard"}, "unknown"),
        (REF % (MODE, ", optional: true"), "", {"other": "standard"}, "strict"),
        (f"{{name: {MODE}, valueFrom: {{secretKeyRef: {{name: q, key: k}}}}}}", "", {"k": "standard"}, "unknown"),
        (f"{{name: {MODE}, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}", "", None, "unknown"),
        ("", "{configMapRef: {name: q}}", {MODE: "standard"}, "standard"),
        ("", "{configMapRef: {name: q}}", {"other": "standard"}, "strict"),
        ("", "{configMapRef: {name: q}}", None, "unknown"),
        ("", "{configMapRef: {name: q, optional: true}}", None, "unknown"),
        ("", "{prefix: POD_, configMapRef: {name: q}}", {MODE[4:]: "standard"}, "standard"),
        ("", "{prefix: AWS_, configMapRef: {name: q}}", None, "strict"),
        ("", "{secretRef: {name: q}}", None, "unknown"),
        (f"{{name: {MODE}, value: strict}}", "{configMapRef: {name: q}}", {MODE: "standard"}, "strict"),
        (f"{{name: {MODE}, value: strict}}", "{secretRef: {name: q}}", None, "strict"),
    ],
)
def test_what_a_variable_is_taken_from(loaded, env, env_from, data, told):
    documents = [daemon_set(env, env_from), *([values(data)] if data is not None else [])]
    assert knob(loaded, MODE, *documents) == told
    assert knob(loaded, MODE, *documents, values({MODE: "standard", "k": "standard"}, namespace="shop")) == told


def test_variables_and_flags_count_in_their_own_containers(loaded):
    other = f"- {{name: other, image: i, env: [{{name: {MODE}, value: standard}}], args: [{FLAG}]}}"
    cluster = loaded(DAEMON_SET % ("", other)).cluster
    assert cluster.aws.network_policy is False
    assert profile_for(None, (), cluster).knobs()[KNOBS[MODE]] == "strict"
    assert loaded(DAEMON_SET % ("", AGENT % "--enable-network-policy=$(ON)")).cluster.aws.network_policy is None


@pytest.mark.parametrize(
    ("env", "is_open"), [("true", False), ("1", False), ("false", True), ("no", True), ("", True), (None, True)]
)
def test_without_interfaces_of_pods_who_has_groups_is_open(tmp_path, env, is_open):
    written = "" if env is None else f'{{name: ENABLE_POD_ENI, value: "{env}"}}'
    nothing = '{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}]}\n'
    (tmp_path / "all.yaml").write_text(together(CONFIG_MAP % ON, daemon_set(written), GROUPS, nothing, POD))
    query = "no pods(app=web) in namespace shop can reach ips 8.8.8.8/32"
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query])
    assert done.exit_code == (3 if is_open else 0), done.output
    assert ("ENABLE_POD_ENI" in done.output) is is_open


@pytest.mark.parametrize(
    ("addon", "daemon", "is_open"),
    [
        ({}, None, True),
        (None, None, True),
        ({}, "true", False),
        ({"env": {"ENABLE_POD_ENI": "true"}}, None, False),
        ({"env": {"ENABLE_POD_ENI": "false"}}, "true", True),
        ({"env": {"ENABLE_POD_ENI": "true"}}, "", True),
    ],
)
def test_an_add_on_that_does_not_say_it_counts_where_nothing_does(loaded, addon, daemon, is_open):
    told = {"addonName": "vpc-cni"} | ({} if addon is None else {"configurationValues": json.dumps(addon)})
    there = [] if daemon is None else [daemon_set(f'{{name: ENABLE_POD_ENI, value: "{daemon}"}}')]
    aws = loaded(together(GROUPS, *there, json.dumps({"addon": told}) + "\n")).cluster.aws
    assert bool(aws.without_pod_eni) is is_open


@pytest.mark.parametrize("is_said", [False, True])
def test_interfaces_of_pods_that_nothing_tells_of_are_an_assumption(loaded, is_said):
    there = [daemon_set("{name: ENABLE_POD_ENI, value: x}")] if is_said else []
    cluster = loaded(together(GROUPS, *there)).cluster
    found = stated_assumptions(cluster, (), Setting(Universe.ANY, profile_for(None, (), cluster)))
    assert any(it.name == "pod-eni" for it in found) is not is_said


def test_what_is_not_told_of_a_variable_is_named(tmp_path):
    everything = '[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]'
    group = f'{{"SecurityGroups": [{{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": {everything}}}]}}\n'
    cni = daemon_set(env_from="{configMapRef: {name: elsewhere}}")
    (tmp_path / "all.yaml").write_text(together(CONFIG_MAP % ON, cni, GROUPS, group, POD))
    query = "no pods in namespace shop can reach pods(app=web) in namespace shop"
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query])
    assert done.exit_code == 3, done.output
    assert "ConfigMap kube-system/elsewhere" in " ".join(done.output.split())


def test_a_mode_that_there_is_not_is_an_error(tmp_path):
    (tmp_path / "all.yaml").write_text(daemon_set("{name: NETWORK_POLICY_ENFORCING_MODE, value: strickt}"))
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", "no internet can reach namespace shop"])
    assert done.exit_code == 2, done.output
    assert "`strickt` is no value of network-policy-enforcing-mode" in " ".join(done.output.split())


# ------------------------------------------------------------------------------------------------ parts of output
GROUP = {"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}
RULE = {
    "SecurityGroupRuleId": "sgr-1",
    "GroupId": "sg-1",
    "IsEgress": True,
    "IpProtocol": "-1",
    "CidrIpv4": "10.0.0.0/8",
}


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ([GROUP], "describe-security-groups"),
        (GROUP, "describe-security-groups"),
        ({"SecurityGroup": [GROUP]}, "describe-security-groups"),
        ({"securityGroups": [GROUP]}, "describe-security-groups"),
        ([RULE], "describe-security-group-rules"),
        ([{"NetworkInterfaceId": "eni-1", "Groups": []}], "describe-network-interfaces"),
        ([{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}], "describe-vpcs"),
        ([{"PrefixListId": "pl-1", "Cidrs": []}], "describe-prefix-lists"),
    ],
)
def test_a_part_of_what_the_command_line_prints_is_an_error(tmp_path, document, named):
    (tmp_path / "part.json").write_text(json.dumps(document))
    (tmp_path / "pod.yaml").write_text(POD)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", "no internet can reach namespace shop"])
    assert done.exit_code == 2, done.output
    assert f"`aws ec2 {named}`" in " ".join(done.output.split())


@pytest.mark.parametrize(
    "document", [[], [5], [[GROUP]], [{"SubnetId": "s", "VpcId": "v", "CidrBlock": "10.0.0.0/24"}], {"a": [{"b": 1}]}]
)
def test_other_lists_are_no_part_of_it(tmp_path, document):
    (tmp_path / "other.json").write_text(json.dumps(document))
    (tmp_path / "pod.yaml").write_text(POD)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", "some internet can reach namespace shop"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("pl-0a1b.json", True),
        ("eu-pl-0a1b.json", True),
        ("tmpl-ab.json", False),
        ("pl-0a1b-pl-0c.json", False),
        ("pl-0a1bz.json", False),
        ("pl-0a1b/entries.json", False),
    ],
)
def test_a_file_says_by_its_own_name_of_which_list_it_tells(tmp_path, name, is_told):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text('{"Entries": [{"Cidr": "10.0.0.0/8"}]}')
    (tmp_path / "pod.yaml").write_text(POD)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", "some internet can reach namespace shop"])
    assert done.exit_code == (0 if is_told else 2), done.output


def test_rules_told_one_by_one_are_taken_for_all_by_an_assumption(loaded):
    def assumed(*documents):
        cluster = loaded(together(GROUPS, *(json.dumps(it) + "\n" for it in documents))).cluster
        found = stated_assumptions(cluster, (), Setting(Universe.ANY, profile_for(None, (), cluster)))
        return any(it.name == "group-rules-complete" for it in found)

    assert assumed({"SecurityGroupRules": [RULE]})
    assert not assumed({"SecurityGroupRules": [RULE]}, {"SecurityGroups": [GROUP]})
    assert not assumed({"SecurityGroups": [GROUP]})


# ------------------------------------------------------------------------------------------------ isolation
@pytest.mark.parametrize(
    ("ingress", "code"), [(None, 3), ([], 0), ([{"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "192.0.2.1/32"}]}], 1)]
)
def test_groups_isolate_where_they_let_nothing_in_and_nobody_knows_it_without_their_rules(tmp_path, ingress, code):
    told = {"GroupId": "sg-1", "IpPermissions": ingress, "IpPermissionsEgress": []}
    given = [] if ingress is None else [json.dumps({"SecurityGroups": [told]}) + "\n"]
    cni = daemon_set("{name: ENABLE_POD_ENI, value: 'true'}")
    (tmp_path / "all.yaml").write_text(together(CONFIG_MAP % ON, cni, GROUPS, *given, POD))
    query = "every pods(app=web) in namespace shop is isolated for ingress"
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query])
    assert done.exit_code == code, done.output


@pytest.mark.parametrize("name", ["amazon-vpc-cni", "cilium-config"])
@pytest.mark.parametrize(("written", "shown"), [("true", "true"), ("False", "false"), ("5", "5"), ("1.5", "1.5")])
def test_values_of_an_engines_config_map_that_are_no_text_are_refused(tmp_path, name, written, shown):
    path = tmp_path / "c.yaml"
    path.write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\n"
        f'data:\n  good: "{written}"\n  bad: {written}\n'
    )
    with pytest.raises(ManifestError) as caught:
        load([str(path)])
    (problem,) = caught.value.problems
    assert problem.line == 6
    assert f"`data.bad` is `{shown}`" in problem.message
    assert problem.hint == f'write it in quotes: `bad: "{shown}"`'
