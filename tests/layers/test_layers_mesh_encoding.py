"""What istiod with a real Envoy, and ztunnel, decided, held to the encoding too: a solver has one answer to each of
their requests."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzer.encoding import UNIVERSE, VIOLATION, Obligation, embed, encode
from analyzer.encoding.asked_for import embedded
from analyzer.encoding.scope import Scope
from analyzer.errors import ManifestError
from analyzer.inputs import chosen_profile
from analyzer.inputs.requests import read_request
from analyzer.judging.mediated import mediated
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod, pod_of
from analyzer.model.formulas import Attribute, Name, Role
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.semantics.requested import Its, attributes_of
from analyzer.semantics.requests import own_identity
from analyzer.solving import CVC5, Budget, Session, solve_script
from analyzer.verdicts import Step

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from evaluators import EVERYTHING, fixing, question

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("istio*/*/case.yaml"))
SAMPLE = 12
ASKED: Counter[str] = Counter()


def end(text: str, cluster: Cluster) -> End | None:
    """None for what is neither a pod nor an address."""
    if text[0].isdigit():
        return External(ip_address(text))
    for number, workload in enumerate(cluster.workloads, 1):
        if text == f"{workload.namespace}/{workload.name}":
            labels = cluster.namespace_by_name[workload.namespace].labels
            return pod_of(workload, labels, next(iter(workload.ips), ip_address(f"10.77.0.{number}")))
    return None


def is_one_that_clients_send(its: Its, connection: Connection, scope: Scope) -> bool:
    """Nobody asks for what a proxy refuses by itself, with the identity of another, or with a token that fails."""

    def of(name: Name) -> tuple[str, ...]:
        return its.get(Attribute(Role.REQUEST, name), ())

    own = own_identity(connection.src, scope.cluster.mesh.config)
    if of(Name.FAULT) or of(Name.TOKEN) not in ((), ("valid",)) or of(Name.IDENTITY) not in ((), (own,)):
        return False
    if "mtls" in of(Name.TLS) and own is None:
        return False
    rows = ((row, its.get(row.attribute, ())) for row in scope.requests.rows)
    return all(row.place(text) is not None for row, texts in rows for text in texts)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(HERE)))
def test_the_encoding_says_what_the_proxies_decided(folder: Path) -> None:
    obligation, decisions = asked_in(folder)
    if obligation is None:
        return  # which the other test looks at
    session = Session(obligation.text, obligation.symbols, Budget())
    for decision, term in decisions:
        literal = session.literal(term)
        found = {
            word
            for word, what in (("allowed", VIOLATION), ("denied", f"!{VIOLATION}"))
            if session.check(UNIVERSE, *obligation.tracks, literal, what).is_sat
        }
        assert found == expected(decision), (decision["id"], found)


@pytest.mark.parametrize("folder", CASES[::SAMPLE], ids=lambda folder: str(folder.relative_to(HERE)))
def test_a_second_solver_says_so_too(folder: Path) -> None:
    """Of a few requests, from the text of closed scripts."""
    obligation, decisions = asked_in(folder)
    for decision, term in list(decisions)[:2] if obligation is not None else ():
        scripts = {
            word: Step("decision", "", "unknown", obligation.text, (UNIVERSE, *obligation.tracks, term, what)).script
            for word, what in (("allowed", VIOLATION), ("denied", f"(not {VIOLATION})"))
        }
        found = {word for word, script in scripts.items() if solve_script(script, CVC5, Budget()).is_sat}
        assert found == expected(decision), (decision["id"], found)


def expected(decision: dict[str, Any]) -> set[str]:
    return {decision["expect"]} if decision["expect"] != "unknown" else {"allowed", "denied"}


def asked_in(folder: Path) -> tuple[Obligation | None, Iterator[tuple[dict[str, Any], str]]]:
    """The obligation of a case, None if its manifests are refused, and each of its decisions that can be asked about,
    with the term that says which connection and request it is of."""
    case = yaml.safe_load((folder / "case.yaml").read_text())
    try:
        cluster = load([str(folder / "manifests.yaml")]).cluster
    except ManifestError:
        return None, iter(())
    knobs = [f"{name}={value}".lower() for name, value in (case.get("knobs") or {}).items()]
    cluster, asked = mediated(cluster, question(EVERYTHING, chosen_profile("generic", knobs)))
    obligation = encode(cluster, asked)
    return obligation, terms(case["decisions"], cluster, asked.profile, obligation)


def terms(
    decisions: list[dict[str, Any]], cluster: Cluster, profile: Profile, obligation: Obligation
) -> Iterator[tuple[dict[str, Any], str]]:
    for decision in decisions:
        src, dst = (end(decision[key], cluster) for key in ("from", "to"))
        if src is None or not isinstance(dst, Pod) or "request" not in decision:
            ASKED["other ends"] += 1
            continue
        request = read_request(decision["request"])
        connection = Connection(src, dst, Protocol.TCP, int(decision["on"].partition("/")[2]), request=request)
        its = attributes_of(connection, cluster, profile)
        assert its is not None
        values = embed(obligation, replace(connection, request=None))
        assert values is not None
        if not is_one_that_clients_send(its, connection, obligation.scope):
            ASKED["odd"] += 1
            continue
        ASKED["asked"] += 1
        yield decision, fixing(obligation, values | embedded(obligation.scope, obligation.variables, its))


def test_most_of_the_requests_are_asked_about() -> None:
    assert ASKED["asked"] > 2 * ASKED["odd"]
