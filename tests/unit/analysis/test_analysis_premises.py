"""Assumptions that declared workloads break, and claims that speak of nothing."""

from __future__ import annotations

import pytest

from analyzer import analysis
from analyzer.analysis import Setting
from analyzer.errors import QueryError
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Verdict

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}, labels: {{team: {}}}}}\n---\n"
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{app: {app}}}}}\n"
    "spec: {{serviceAccountName: {account}, containers: [{{name: main, image: i}}]}}\n---\n"
)
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: b}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: x}}}]}]
"""


def cluster(app: str = "x", account: str = "default") -> Cluster:
    spaces = NAMESPACE.format("a", "one") + NAMESPACE.format("b", "two")
    pods = POD.format(name="rogue", namespace="a", app=app, account=account)
    pods += POD.format(name="tame", namespace="a", app="other", account="default")
    pods += POD.format(name="server", namespace="b", app="server", account="default")
    return load(["-"], stdin=lambda: (spaces + pods + POLICY).encode()).cluster


def judged(text: str, of: Cluster, universe: Universe = Universe.ANY) -> tuple[Verdict, ...]:
    setting = Setting(universe, PROFILES["generic"])
    return analysis.check(of, [parse_pack(text, "q.npq")], setting=setting).verdicts


BROKEN = (
    ("labels[app] == other", {"app": "x"}),
    ("labels[app] in (other, more)", {"app": "x"}),
    ("labels[app] != x", {"app": "x"}),
    ("labels[app] == other and service_account == default", {"app": "x"}),
)


@pytest.mark.parametrize("universe", Universe)
@pytest.mark.parametrize(("condition", "rogue"), BROKEN)
def test_what_needs_a_broken_assumption_is_unknown(condition: str, rogue: dict[str, str], universe: Universe) -> None:
    assumed = f"assume tame: every pods in namespace a has {condition}\n"
    asked = (
        "assert needs: no namespace a can reach namespace b\n"
        "assert closed: every namespace b is isolated for ingress\n"
        "assert fails: no namespace b can reach namespace a\n"
    )
    needs, closed, fails = judged(assumed + asked, cluster(**rogue), universe)
    assert needs.status.value == "unknown"
    assert needs.reason == "the answer needs assumption `tame`, which a/rogue[Pod] breaks"
    assert [hanging.partition(" (")[0] for hanging in needs.blame] == [
        "assumption `tame` does not hold of a/rogue[Pod]"
    ]
    assert (closed.status.value, fails.status.value) == ("proved", "refuted")
    assert judged(assumed + asked, cluster(app="other"), universe)[0].status.value == "proved"


def test_of_two_broken_assumptions_the_one_that_is_needed_is_named() -> None:
    text = (
        "assume tame: every pods in namespace a has labels[app] == other\n"
        "assume served: every pods in namespace a has service_account == robot\n"
        "assert needs: no namespace a can reach namespace b\n"
    )
    (found,) = judged(text, cluster())
    assert found.reason == "the answer needs assumption `tame`, which a/rogue[Pod] breaks"


def test_a_pass_of_some_needs_its_assumption_too() -> None:
    text = "assume none: every pods has labels[app] == x\nassert reach: some namespace a can reach namespace b\n"
    (found,) = judged(text, cluster())
    assert found.status.value == "proved"  # a pod that is there reaches it, whatever the others are
    text = "assume none: every pods has labels[app] == y\nassert reach: some namespace a can reach namespace b\n"
    assert judged(text, cluster())[0].status.value == "unknown"


# ------------------------------------------------------------------------------------------------ claims of nothing
NEVER = "where has src.labels[app] and not has src.labels[app]"
DIFFER = "where src.namespace != dst.namespace"


@pytest.mark.parametrize(
    "claim",
    [
        f"no pods can reach pods {NEVER}",
        f"every pods can reach pods {NEVER}",
        f"only pods can reach pods in namespace b {NEVER} except pods(app=x) can reach pods",
        f"pods in namespace b can reach only namespace a {NEVER} except pods can reach anything",
        "every pods in namespace b is isolated for ingress where src.labels[app] == y and src.labels[app] == z",
        f"no namespace b can reach namespace b {DIFFER}",
        f"every namespace a can reach namespace a {DIFFER}",
        "every workload a/tame can reach workload a/tame",
        "only anything can reach namespace b",
        "namespace a can reach only anything",
        "no pods can reach namespace b except anything can reach pods in namespace b",
        "no namespace a can reach namespace b on tcp/80 except pods can reach pods on tcp/1-100",
    ],
)
@pytest.mark.parametrize("universe", Universe)
def test_a_claim_that_speaks_of_nothing_is_vacuous(claim: str, universe: Universe) -> None:
    (found,) = judged(f"assert q: {_in_order(claim)}\n", cluster(), universe)
    assert found.status.value == "vacuous", found.reason
    assert found.reason


def _in_order(claim: str) -> str:
    """With the excuse before the condition, as the language has it."""
    head, where, rest = claim.partition(" where ")
    condition, excused, excuse = rest.partition(" except ")
    return f"{head}{excused}{excuse}{where}{condition}"


def test_some_connection_of_nothing_is_refuted() -> None:
    (found,) = judged(f"assert q: some namespace b can reach namespace b {DIFFER}\n", cluster())
    assert (found.status.value, found.live, found.counterexamples) == ("refuted", None, ())


# ------------------------------------------------------------------------------------------------ parameters
@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_parameter_is_an_error_unless_the_pack_can_do_without(value: str) -> None:
    text = "param who = {}\nassert q: no pods(app!=$who) can reach internet\n"
    with pytest.raises(QueryError) as error:
        parse_pack(text.format('"web"'), "q.npq", {"who": value})
    assert "the parameter `who` is set to nothing" in str(error.value)
    assert parse_pack(text.format('""'), "q.npq").parameters == (("who", ""),)
    allowing = "@empty(allowed)\n" + text.format('"web"')
    assert parse_pack(allowing, "q.npq", {"who": value}).parameters == (("who", ""),)
    assert parse_pack(allowing, "q.npq").parameters == (("who", "web"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@empty(forbidden)\nparam who = web\n", "takes `allowed`"),
        ("@severity(high)\nparam who = web\n", "`severity` is"),
        ("param who = web\n@empty(allowed)\n", "no annotation but of a parameter"),
        ("param who = web\n@empty(allowed)\nlet x = pods\n", "before `param`"),
    ],
)
def test_a_parameter_has_no_other_annotation(text: str, said: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_pack(f"{text}assert q: no pods(app=$who) can reach internet\n", "q.npq")
    assert said in str(error.value)


def test_only_a_parameter_may_be_empty() -> None:
    with pytest.raises(QueryError) as error:
        parse_pack("@empty(allowed)\nassert q: no pods can reach internet\n", "q.npq")
    assert "no annotation but of a parameter" in str(error.value)
