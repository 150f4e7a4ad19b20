"""What Calico's API refuses is an error at its line, with what to do; what its agent drops is a notice.

The cases are those of Calico's validator and its CRDs' schemas and CEL rules (calico-cilium.md 1.12); the line at which
the problem must be told ends in `# HERE`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load

POLICY = "kind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n  selector: all()\n"
GLOBAL = "kind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec:\n"
HOST = "kind: HostEndpoint\nmetadata: {name: h}\nspec:\n"
INGRESS = POLICY + "  ingress:\n    - action: Allow\n"
EGRESS = POLICY + "  egress:\n    - action: Allow\n"
OF_GLOBAL = GLOBAL + "  ingress:\n    - action: Allow\n"
MANY = ", ".join(["10.0.0.0/8"] * 257)


def source(line: str) -> str:
    return INGRESS + f"      source: {{{line}}} # HERE\n"


def rule(line: str) -> str:
    return INGRESS + f"      {line} # HERE\n"


def port(text: str) -> str:
    return INGRESS + f"      protocol: TCP\n      destination: {{ports: [{text}]}} # HERE\n"


REFUSED = [
    # rules
    (POLICY + "  ingress:\n    - action: allow # HERE\n", "must be `Allow`, `Deny`, `Log` or `Pass`"),
    (POLICY + "  ingress:\n    - protocol: TCP # HERE\n", "`spec.ingress[0].action` is missing"),
    (rule("foo: 1"), "unknown field `foo`"),
    (rule("protocol: tcp"), "did you mean `TCP`?"),
    (rule("protocol: 0"), "a number from 1 to 255"),
    (rule("notProtocol: GRE"), "a number from 1 to 255"),
    (rule("ipVersion: 5"), "must be 4 or 6"),
    (INGRESS + "      protocol: ICMPv6\n      ipVersion: 4 # HERE\n", "that protocol is of IPv6"),
    (rule("icmp: {type: 8}"), "needs `protocol: ICMP`"),
    (INGRESS + "      protocol: ICMP\n      icmp: {type: 255} # HERE\n", "between 0 and 254"),
    (INGRESS + "      protocol: ICMP\n      icmp: {code: 0} # HERE\n", "stands without a type"),
    (INGRESS + "      protocol: ICMP\n      notICMP: {type: 3, code: 256} # HERE\n", "between 0 and 255"),
    (INGRESS + "      metadata: {foo: 1} # HERE\n", "unknown field `foo`"),
    # ports
    (port("90:80"), "the lower port of a range goes first"),
    (port("0"), "ports go from 1 to 65535"),
    (port("65536"), "ports go from 1 to 65535"),
    (port("80-90"), "write '80:90'"),
    (port("-1"), "no number and no range"),
    (port("HTTP"), "the name of a port may hold only"),
    (port("much-too-long-name"), "longer than 15 characters"),
    (port("true"), "is no port"),
    (INGRESS + "      destination: {ports: [80]} # HERE\n", "protocol"),
    (INGRESS + "      protocol: ICMP\n      destination: {ports: [80]} # HERE\n", "protocol"),
    (INGRESS + "      protocol: TCP\n      destination:\n        ports: [" + "1, " * 51 + "] # HERE\n", "at most 50"),
    # networks
    (source("nets: [10.0.0.1]"), "has no mask: write `10.0.0.1/32`"),
    (source("nets: [10.0.0.1/8]"), "has bits beyond the mask: write `10.0.0.0/8`"),
    (source("nets: [010.0.0.0/8]"), "leading zeros"),
    (source("nets: [example]"), "no network and no address"),
    (source("notNets: [0.0.0.0/0]"), "the rule would match nothing"),
    (source("nets: [10.0.0.0/8, 'fd00::/8']"), "of both IPv4 and IPv6"),
    (INGRESS + "      ipVersion: 4\n      source: {nets: ['fd00::/8']} # HERE\n", "of another version"),
    (source(f"nets: [{MANY}]"), "at most 256 items, and has 257"),
    # selectors
    (POLICY.replace("all()", "\"a = 'b'\" # HERE"), "`=` alone means nothing: write `==`"),
    (POLICY.replace("all()", "has(a # HERE"), "`has(` is not closed"),
    (POLICY.replace("all()", "a # HERE"), "after a label comes an operator"),
    (POLICY.replace("all()", "\"a == 'b'\\n\" # HERE"), "a line break"),
    (POLICY.replace("all()", f"has({'a' * 1020}) # HERE"), "longer than 1024 characters"),
    (POLICY.replace("all()", "global() # HERE"), "only a rule's namespaceSelector may"),
    (GLOBAL + "  namespaceSelector: global() # HERE\n", "only a rule's namespaceSelector may"),
    (source("selector: global()"), "only a rule's namespaceSelector may"),
    (source('namespaceSelector: "global() && has(a)"'), "it stands alone"),
    (source('serviceAccounts: {selector: "a in b"}'), "a set, { … }, is missing here"),
    # Services
    (source("services: {namespace: a}"), "names no Service"),
    (source("services: {name: S!, namespace: a}"), "a name may hold only"),
    (source("services: {name: s, namespace: a}, selector: all()"), "stands beside `selector`"),
    (source("services: {name: s, namespace: a}, notNets: [10.0.0.0/8]"), "stands beside `notNets`"),
    (INGRESS + "      destination: {services: {name: s, namespace: a}} # HERE\n", "at the policy's own end"),
    (EGRESS + "      source: {services: {name: s, namespace: a}} # HERE\n", "at the policy's own end"),
    (OF_GLOBAL + "      source: {services: {name: s}} # HERE\n", "names no namespace"),
    (
        EGRESS + "      protocol: TCP\n      destination: {services: {name: s, namespace: a}, ports: [1]} # HERE\n",
        "`ports`",
    ),
    # requests
    (EGRESS + "      http: {methods: [GET]} # HERE\n", "only ingress rules match requests"),
    (INGRESS.replace("Allow", "Deny") + "      http: {methods: [GET]} # HERE\n", "only Allow matches requests"),
    (INGRESS + "      protocol: UDP\n      http: {methods: [GET]} # HERE\n", "needs `protocol: TCP`"),
    (rule("http: {methods: [GET, GET]}"), "names a method twice"),
    (rule("http: {paths: [{exact: a}]}"), "a path begins with `/`"),
    (rule("http: {paths: [{exact: '/a?b'}]}"), "holds no `?`"),
    (rule("http: {paths: [{exact: /a, prefix: /b}]}"), "one of `exact` and `prefix`"),
    # policies
    (POLICY + "  types: [ingress] # HERE\n", "did you mean `Ingress`?"),
    (POLICY + "  types: [Ingress, Ingress] # HERE\n", "twice"),
    (POLICY + "  order: '1' # HERE\n", "write it without quotes"),
    (POLICY + "  performanceHints: [x] # HERE\n", "takes only `AssumeNeededOnEveryNode`"),
    (POLICY + "  doNotTrack: true # HERE\n", "unknown field `doNotTrack`"),
    (POLICY + "  namespaceSelector: all() # HERE\n", "unknown field `namespaceSelector`"),
    (POLICY + "  tier: Sec # HERE\n", "the name of a tier may hold only"),
    (POLICY.replace("name: p,", "name: a.b.c,").replace("a}", "a} # HERE"), "one `.` at most"),
    (GLOBAL.replace("name: p}", "name: knp.default.x} # HERE") + "  selector: all()\n", "one `.` at most"),
    (GLOBAL + "  preDNAT: true # HERE\n", "needs `applyOnForward: true`"),
    (GLOBAL + "  applyOnForward: true\n  doNotTrack: true\n  preDNAT: true # HERE\n", "cannot both be true"),
    (GLOBAL + "  applyOnForward: true\n  preDNAT: true\n  egress: [{action: Allow}] # HERE\n", "no egress rules"),
    (GLOBAL + "  applyOnForward: true\n  preDNAT: true\n  types: [Egress] # HERE\n", "a preDNAT policy must not"),
    # staged
    (
        "kind: StagedNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec:\n  stagedAction: set # HERE\n",
        "must be `Set`, `Delete`, `Learn` or `Ignore`",
    ),
    (
        "kind: StagedGlobalNetworkPolicy\nmetadata: {name: p}\nspec:\n  stagedAction: Delete\n  order: 5 # HERE\n",
        "takes nothing but `tier`",
    ),
    (
        "kind: StagedKubernetesNetworkPolicy\nmetadata: {name: p, namespace: a}\n"
        "spec:\n  podSelector: {matchLabel: {}} # HERE\n",
        "did you mean `matchLabels`?",
    ),
    # other objects
    ("kind: Tier\nmetadata: {name: t}\nspec: {defaultAction: Allow} # HERE\n", "must be `Pass` or `Deny`"),
    ("kind: Tier\nmetadata: {name: a.b} # HERE\nspec: {order: 5}\n", "metadata.name"),
    ("kind: Tier\nmetadata: {name: default}\nspec: {order: 5} # HERE\n", "must be 1000000"),
    ("kind: Tier\nmetadata: {name: kube-admin}\nspec: {order: 1000, defaultAction: Deny} # HERE\n", "must be Pass"),
    ("kind: NetworkSet\nmetadata: {name: s, namespace: a}\nspec: {nets: [x]} # HERE\n", "no network and no address"),
    (
        "kind: GlobalNetworkSet\nmetadata: {name: s, labels: {projectcalico.org/namespace: a}} # HERE\nspec: {}\n",
        "that Calico keeps for itself",
    ),
    (HOST + "  interfaceName: eth0 # HERE\n", "`spec.node` is missing"),
    (HOST + "  node: n1 # HERE\n", "must set `interfaceName` or `expectedIPs`"),
    (HOST + "  node: n1\n  interfaceName: far-too-long-a-name # HERE\n", "no name of an interface"),
    (HOST + "  node: n1\n  expectedIPs: [10.0.0.1/32] # HERE\n", "which is no address"),
    (HOST + "  node: n1\n  interfaceName: eth0\n  profiles: [A] # HERE\n", "a profile's name may hold only"),
    (
        HOST + "  node: n1\n  interfaceName: eth0\n  ports: [{name: a, protocol: ICMP, port: 1}] # HERE\n",
        "has no ports",
    ),
    (
        HOST + "  node: n1\n  interfaceName: eth0\n  ports: [{name: a, protocol: TCP, port: 0}] # HERE\n",
        "between 1 and 65535",
    ),
    ("kind: Profile\nmetadata: {name: p}\nspec: {foo: 1} # HERE\n", "unknown field `foo`"),
    ("kind: Profile\nmetadata: {name: p}\nspec: {ingress: [{action: allow}]} # HERE\n", "must be `Allow`, `Deny`"),
]


@pytest.mark.parametrize("api", ["projectcalico.org/v3", "crd.projectcalico.org/v1"])
@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_the_api_refuses_is_told_at_its_line(tmp_path: Path, api: str, text: str, words: str) -> None:
    whole = f"apiVersion: {api}\n{text}"
    (tmp_path / "all.yaml").write_text(whole)
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path)])
    found = [problem for problem in caught.value.problems if words in str(problem)]
    assert found, [str(problem) for problem in caught.value.problems]
    marked = next(number for number, line in enumerate(whole.splitlines(), 1) if line.endswith("# HERE"))
    assert [problem.line for problem in found] == [marked]
    name = text.partition("name: ")[2].partition("}")[0].partition(",")[0]
    assert name in found[0].message  # whose object it is


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    bad = ["protocol: tcp", "ipVersion: 5", "notProtocol: 0", "foo: 1"]
    (tmp_path / "all.yaml").write_text(
        f"apiVersion: projectcalico.org/v3\n{INGRESS}" + "".join(f"      {b}\n" for b in bad)
    )
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path)])
    assert len(caught.value.problems) == len(bad)


DROPPED = [
    POLICY.replace("all()", '"  "'),
    source('selector: " "').replace(" # HERE", ""),
    GLOBAL + '  selector: " "\n  namespaceSelector: all()\n',
    OF_GLOBAL + '      source: {selector: " ", serviceAccounts: {names: [a]}}\n',
    "kind: Profile\nmetadata: {name: p}\nspec:\n  ingress:\n    - action: Allow\n"
    "      source: {selector: ' ', namespaceSelector: all()}\n",
]


@pytest.mark.parametrize("text", DROPPED)
def test_what_the_agent_drops_has_no_effect_and_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "all.yaml").write_text(f"apiVersion: projectcalico.org/v3\n{text}")
    cluster = load([str(tmp_path)]).cluster
    assert (cluster.calico.policies, cluster.calico.profiles) == ((), ())
    (notice,) = [notice for notice in cluster.notices if "has no effect" in notice.message]
    assert notice.source.line


TAKEN = [
    POLICY.replace("all()", "a notin {'b',} && !!has(in)"),
    source("notSelector: global()").replace(" # HERE", ""),
    source("serviceAccounts: {}").replace(" # HERE", ""),
    INGRESS + "      protocol: '17'\n      destination: {ports: ['80', http, '1:2']}\n",
    "kind: NetworkPolicy\nmetadata: {name: knp.default.a.b, namespace: a}\nspec: {}\n",
    "kind: GlobalNetworkSet\nmetadata: {name: s}\nspec: {nets: [10.0.0.1, 10.0.0.1/8, 0.0.0.0/0]}\n",
    HOST + "  node: n1\n  expectedIPs: [10.0.0.1, 'fd00::1']\n",
    "kind: StagedNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {stagedAction: Delete, tier: default}\n",
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_api_takes_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "all.yaml").write_text(f"apiVersion: projectcalico.org/v3\n{text}")
    load([str(tmp_path)])


def test_names_are_one_of_policies_only(tmp_path: Path) -> None:
    """`default.NAME` is what a policy is stored under, and a set's own name."""
    sets = "---\n".join(
        f"apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {{name: {name}}}\nspec: {{}}\n"
        for name in ("s", "default.s")
    )
    (tmp_path / "all.yaml").write_text(sets)
    assert len(load([str(tmp_path)]).cluster.calico.groups) == 2
