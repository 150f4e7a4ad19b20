"""What the API server refuses of Cilium's objects is an error at its line; what the agent refuses has no effect, and
is a notice; traps are notices; the agents' settings set knobs (calico-cilium.md 2.2 to 2.17, 0.5).

The line at which a problem must be told ends in `# HERE`.
"""

from __future__ import annotations

import pytest

from analyzer.errors import UsageError
from analyzer.inputs import profile_for, profiles_for
from analyzer.manifests import load

NAMESPACED = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n"
WHOLE = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec:\n"
SUBJECT = "  endpointSelector: {}\n"


TCP_80 = "{port: '80', protocol: TCP}"
NOT_HOST = "{matchExpressions: [{key: 'reserved:host', operator: DoesNotExist}]}"
OF_B = "  endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: b}}\n  ingress: [{}]\n"


def ingress(entry: str) -> str:
    return f"{NAMESPACED}{SUBJECT}  ingress:\n    - {entry} # HERE\n"


def egress(entry: str, key: str = "egress") -> str:
    return f"{NAMESPACED}{SUBJECT}  {key}:\n    - {entry} # HERE\n"


def http(port: str) -> str:
    return f"{{toPorts: [{{ports: [{port}], rules: {{http: [{{method: GET}}]}}}}]}}"


REFUSED_BY_THE_API = [
    (WHOLE + "  endpointSelector: {} # HERE\n  nodeSelector: {}\n  ingress: [{}]\n", "must set one of"),
    (NAMESPACED + "  ingress: [{}] # HERE\n", "must set one of `endpointSelector` and `nodeSelector`"),
    (NAMESPACED + SUBJECT.rstrip() + " # HERE\n", "must set one of `ingress`"),
    (ingress("{fromEntities: [internet]}"), "takes only all, world"),
    (ingress("{fromEndpoint: []}"), "unknown field `fromEndpoint`"),
    (ingress("{toEndpoints: []}"), "unknown field `toEndpoints`"),
    (ingress("{fromCIDR: [10.0.0.0/33]}"), "10.0.0.0/33"),
    (ingress("{fromRequires: [{}]}"), "is gone from the API"),
    (ingress("{toPorts: [{ports: [{port: '80', protocol: HTTP}]}]}"), "must be `TCP`"),
    (ingress("{toPorts: [{ports: [{port: 80}]}]}"), "must be text"),
    (ingress("{icmps: [{fields: [{type: 256}]}]}"), "no type of ICMP"),
    (ingress("{icmps: [{fields: [{family: IPv4}]}]}"), "is missing"),
    (ingress("{authentication: {mode: maybe}}"), "must be `disabled`"),
    (ingress("{fromCIDRSet: [{except: [10.0.0.0/8]}]}"), "must set one of `cidr`"),
    (ingress("{fromEndpoints: [{matchLabels: {app: 1}}]}"), "must be text"),
    (egress("{toFQDNs: [{matchName: a.b, matchPattern: '*'}]}"), "must set one of"),
    (egress("{toFQDNs: [{matchName: a.b}]}", "egressDeny"), "unknown field `toFQDNs`"),
    (egress("{toPorts: [{ports: [], rules: {http: []}}]}", "egressDeny"), "unknown field `rules`"),
]
REFUSED_BY_THE_AGENT = [
    (NAMESPACED + SUBJECT + "  ingress: []\n", "has no rule"),
    (NAMESPACED + "  nodeSelector: {}\n  ingress: [{}]\n", "belong to no namespace"),
    (ingress("{fromEndpoints: [{}], fromCIDR: [10.0.0.0/8]}"), "holds both"),
    (ingress("{fromEntities: [all], fromCIDRSet: [{cidr: 10.0.0.0/8}]}"), "holds both"),
    (ingress("{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/8]}]}"), "not inside"),
    (ingress("{fromEndpoints: [{matchExpressions: [{key: app, operator: In, values: []}]}]}"), "does not go with"),
    (ingress("{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '80'}]}]}"), "both `icmps` and `toPorts`"),
    (ingress("{toPorts: [{ports: [{port: ''}]}]}"), "has no port"),
    (ingress("{toPorts: [{ports: [{port: '70000'}]}]}"), "go up to 65535"),
    (ingress(http("{port: '80'}")), "need TCP"),
    (ingress(http("{port: '80', protocol: UDP}")), "need TCP"),
    (ingress(http("{port: '0', protocol: TCP}")), "on port 0"),
    (ingress("{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}"), "for ingress"),
    (ingress("{icmps: [{fields: [{family: IPv6, type: Echo}]}]}"), "no message of ICMP for IPv6"),
    (f"{WHOLE}  nodeSelector: {{}}\n  ingress:\n    - {http(TCP_80)}\n", "traffic of a node"),
    (egress("{toPorts: [{ports: [{port: '53', endPort: 60}], rules: {dns: [{matchName: a.b}]}}]}"), "on a range"),
]
TRAPS = [
    (egress("{toFQDNs: [{matchName: a.b}]}"), "by which Cilium learns addresses"),
    (ingress("{fromEntities: [world]}"), "lets in the outside alone"),
    (ingress("{fromCIDR: [10.9.0.0/16]}"), "where pods are"),
    (ingress(http("{port: '5432', protocol: TCP}")), "where HTTP is rarely spoken"),
    (egress("{toEntities: [all]}", "egressDeny"), "denies everybody"),
    (ingress(f"{{fromEndpoints: [{NOT_HOST}]}}"), "for everybody"),
    (egress("{toServices: [{k8sService: {serviceName: x}}]}", "egressDeny"), "looks up in `egress` only"),
    (NAMESPACED + OF_B, "is `b`"),
    (ingress("{fromEntities: [cluster-mesh]}"), "other clusters of the mesh"),
    (ingress("{fromCIDRSet: [{cidrGroupSelector: {}}]}"), "chooses CiliumCIDRGroups by no label"),
    (ingress("{toPorts: [{ports: [{port: web, endPort: 9000}]}]}"), "a range from the pod's port up"),
    (ingress("{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: east}}]}"), "other clusters of the mesh"),
]
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a}
spec: {containers: [{name: main, image: x}]}
status: {phase: Running, podIP: 10.9.1.1}
"""


@pytest.mark.parametrize(("text", "said"), REFUSED_BY_THE_API)
def test_what_the_api_refuses_is_an_error_at_its_line(problems, text, said):
    (problem, *_) = problems(text)
    assert said in problem.message
    assert problem.message.startswith("Cilium")
    assert problem.line == next(n for n, line in enumerate(text.splitlines(), 1) if "HERE" in line)


@pytest.mark.parametrize(("text", "said"), REFUSED_BY_THE_AGENT)
def test_what_the_agent_refuses_has_no_effect(loaded, text, said):
    cluster = loaded(text).cluster
    (policy,) = cluster.cilium.policies
    assert policy.specs == ()
    (notice,) = (it.message for it in cluster.notices if "has no effect" in it.message)
    assert notice.startswith(f"{policy.id} has no effect, for Cilium's agent refuses it")
    assert said in notice


def test_one_bad_spec_takes_the_whole_object_along(loaded):
    good, bad = "{endpointSelector: {}, ingress: [{}]}", "{endpointSelector: {}, ingress: []}"
    text = NAMESPACED.replace("spec:\n", f"specs: [{good}, {bad}]\n")
    assert loaded(text).cluster.cilium.policies[0].specs == ()
    assert len(loaded(text.replace(bad, good)).cluster.cilium.policies[0].specs) == 2


@pytest.mark.parametrize(("labels", "is_wrong"), [("app: x, 'any:app': z", True), ("app: x, 'k8s:app': z", False)])
def test_one_label_with_two_values_is_an_error(problems, loaded, labels, is_wrong):
    text = ingress(f"{{fromEndpoints: [{{matchLabels: {{{labels}}}}}]}}").replace(" # HERE", "")
    if is_wrong:
        (problem,) = problems(text)
        assert "has `any:app` twice" in problem.message
    else:
        assert loaded(text).cluster.cilium.policies


@pytest.mark.parametrize(("text", "said"), TRAPS)
def test_a_trap_is_noted(loaded, text, said):
    found = loaded(text.replace(" # HERE", "") + POD).cluster
    assert [it for it in found.notices if said in it.message] != []
    assert all(policy.specs for policy in found.cilium.policies)


@pytest.mark.parametrize(
    "entry",
    [
        "{fromEntities: [world, cluster]}",
        "{fromCIDR: [203.0.113.0/24]}",
        "{fromCIDR: [0.0.0.0/0]}",
        http("{port: '8080', protocol: TCP}"),
        "{fromEndpoints: [{matchLabels: {app: x}}]}",
    ],
)
def test_what_means_what_it_says_is_not(loaded, entry):
    found = loaded(ingress(entry) + POD).cluster
    assert [it.message for it in found.notices if not it.is_kept] == []


# ------------------------------------------------------------------------------------------------ settings
def config(**options: str) -> str:
    said = "".join(f"  {key.replace('_', '-')}: '{value}'\n" for key, value in options.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cilium-config, namespace: kube-system}}\ndata:\n{said}"


@pytest.mark.parametrize(
    ("options", "knob", "value"),
    [
        ({"enable_policy": "always"}, "enable-policy", "always"),
        ({"enable_policy": "always", "policy_audit_mode": "true"}, "enable-policy", "never"),
        ({"policy_cidr_match_mode": "pods nodes"}, "policy-cidr-match-mode", "nodes,pods"),
        ({"enable_host_firewall": "true"}, "enable-host-firewall", "true"),
        ({"allow_localhost": "always"}, "allow-localhost", "auto"),
        ({"allow_localhost": "policy"}, "allow-localhost", "policy"),
        ({"policy_default_local_cluster": "false"}, "policy-default-local-cluster", "false"),
        ({"cluster_name": "east"}, "cluster-name", "east"),
        ({"debug": "true"}, "enable-k8s-cluster-network-policy", "false"),
        ({"enable_k8s_cluster_network_policy": "true"}, "enable-k8s-cluster-network-policy", "true"),
    ],
)
def test_settings_set_knobs(loaded, options, knob, value):
    profile = profile_for(None, [], loaded(config(**options)).cluster)
    assert profile.name == "cilium"
    assert profile.knobs()[knob] == value


def test_a_knob_goes_before_the_settings(loaded):
    cluster = loaded(config(enable_policy="always", cluster_name="east")).cluster
    assert profile_for(None, ["policyEnforcementMode=default"], cluster).knobs()["enable-policy"] == "default"
    assert profile_for(None, ["cluster.name=west"], cluster).cilium_cluster == "west"


def test_settings_that_are_no_values_are_told(loaded):
    with pytest.raises(UsageError, match="no value of enable-policy"):
        profile_for(None, [], loaded(config(enable_policy="perhaps")).cluster)


def test_each_of_two_revisions_has_its_own_settings(loaded):
    one, two = (loaded(config(enable_policy=mode)).cluster for mode in ("always", "default"))

    def modes(*knobs: str) -> list[str]:
        return [profile.knobs()["enable-policy"] for profile in profiles_for(None, knobs, one, two)]

    assert modes() == ["always", "default"]
    assert modes("enable-policy=always") == ["always", "always"]


def test_settings_that_are_not_followed_leave_everything_open(loaded):
    (thing,) = loaded(config(enable_k8s_networkpolicy="false")).cluster.unmodelled
    assert (thing.kind, thing.may_allow, thing.may_deny, thing.may_isolate) == ("ConfigMap", True, True, True)
    assert "enable-k8s-networkpolicy=false" in thing.why


ASKS = "  egress: [{toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]}]\n"
NAMES = NAMESPACED + "  endpointSelector: {matchLabels: {app: x}}\n  egress: [{toFQDNs: [{matchName: a.b}]}]\n"
OTHER = NAMESPACED.replace("name: p", "name: q")
APP = "  endpointSelector: {matchExpressions: [{key: app, operator: Exists}]}\n"
IN = "  endpointSelector: {{matchExpressions: [{{key: 'k8s:io.kubernetes.pod.namespace', operator: {}}}]}}\n"
BESIDE = {
    WHOLE + IN.format("NotIn, values: [kube-system]") + ASKS: False,
    WHOLE + IN.format("NotIn, values: [a]") + ASKS: True,
    WHOLE + IN.format("DoesNotExist") + ASKS: True,
    WHOLE + SUBJECT + ASKS: False,
    WHOLE + "  endpointSelector: {matchLabels: {io.cilium.k8s.policy.cluster: default}}\n" + ASKS: False,
    OTHER + APP + ASKS: False,
    OTHER + "  endpointSelector: {matchLabels: {app: other}}\n" + ASKS: True,
    OTHER.replace("namespace: a", "namespace: b") + SUBJECT + ASKS: True,
    WHOLE + SUBJECT + ASKS.replace("[{matchPattern: '*'}]", "[]"): True,
}


@pytest.mark.parametrize("beside", BESIDE)
def test_names_are_noted_where_no_policy_of_the_same_endpoints_asks_dns(beside):
    found = load(["-"], stdin=f"{NAMES}---\n{beside}".encode).cluster
    assert any("names domains" in it.message for it in found.notices) is BESIDE[beside]
