"""The benchmark that counts agreeing decisions: a short run of it, and that it would notice."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from clusters import clusters, connections, profiles
from evaluators import EVERYTHING, by_encoding, question, truth_by_solver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from points import Points
from shrinking import is_disagreement, is_possible
from trials import Asked, Scene, by_oracle, scenes
from written import as_yaml, documents, save

from analyzer.encoding import embed, encode
from analyzer.encoding.formulas import FormulaTerms
from analyzer.encoding.terms import conj
from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.model import formulas
from analyzer.model.cluster import Cluster, ContainerKind
from analyzer.model.formulas import Formula
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.profile import PROFILES
from analyzer.semantics import outcomes
from analyzer.sets.addresses import IPAddress
from benchmarks.agree import batch, compared, report

ROOT = Path(__file__).resolve().parents[2]
SMALL = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_a_short_run_finds_no_disagreement() -> None:
    tally = batch(20_261_121, scenes_in_it=10, subjects=30)
    assert not tally.disagreements
    assert tally.agreed > 500
    assert min(tally.answers[word] for word in ("breaks the claim", "keeps the claim", "cannot exist")) > 50
    special = ("labels that nobody knows", "a pod with a hostPort", "asked for by a Service's address")
    assert min(tally.subjects[word] for word in special) > 0
    assert report(tally, 1.0).endswith(f"{tally.agreed:,} decisions agree")


def test_the_command_prints_what_agreed() -> None:
    words = ["--seconds", "0.1", "--jobs", "1", "--seed", "3", "--subjects", "20", "--scenes", "4"]
    run = [sys.executable, "-m", "benchmarks.agree", *words]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    count = int(done.stdout.splitlines()[-1].removesuffix(" decisions agree").replace(",", ""))
    assert count > 200


@settings(SMALL, max_examples=5)
@given(scenes())
def test_the_same_scene_says_the_same_and_what_it_asks_is_possible(scene: Scene) -> None:
    for asked, subjects in scene.trials(5):
        assert all(is_possible((asked, subject)) for subject in subjects)
    assert compared(scene, 5).agreed == compared(scene, 5).agreed


@settings(SMALL, max_examples=40)
@given(st.data())
def test_evaluating_is_solving_at_a_point(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    obligation = encode(cluster, question(EVERYTHING, profile))
    points = Points(obligation)
    for _ in range(2):
        values = embed(obligation, data.draw(connections(cluster)))
        assert values is not None
        assert points.truth(values) == truth_by_solver(obligation, values)


# ------------------------------------------------------------------------------------------------ a defect
@pytest.fixture
def _defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """NotIn that an absent label does not meet: the classic mistake (reference A2.3)."""
    plain = FormulaTerms.of

    def of(terms: FormulaTerms, formula: Formula, *about) -> str:
        right = plain(terms, formula, *about)
        if isinstance(formula, formulas.Not) and isinstance(formula.part, formulas.Test) and formula.part.meets:
            return conj([right, terms.of(formulas.Test(formula.part.attribute), *about)])
        return right

    monkeypatch.setattr(FormulaTerms, "of", of)


FIRST = 6
"""The first scenes in which it is caught so; where other things come to be drawn, later ones are looked through."""


@pytest.mark.usefixtures("_defect")
def test_a_defect_is_caught_shrunk_and_saved(tmp_path: Path) -> None:
    found = (trial for number in range(FIRST, FIRST + 20) for trial in batch(number, 10, 40).disagreements)
    trial = next(it for it in found if it[0].claim == EVERYTHING and it[0].cluster.policies)  # not an assumption's
    asked, subject = trial
    assert is_disagreement(trial)
    assert asked.claim == EVERYTHING
    assert len(asked.cluster.policies) == 1
    assert not asked.cluster.services + asked.cluster.unmodelled
    save(trial, tmp_path)
    text = yaml.safe_load((tmp_path / "decisions.yaml").read_text(encoding="utf-8"))
    assert text["decisions"][0]["expect"] in ("allow", "deny")
    read = load([str(tmp_path / "manifests.yaml")]).cluster
    again = Asked(read, asked.profile, asked.claim)
    assert is_disagreement((again, again.seen(subject)))


# ------------------------------------------------------------------------------------------------ written and read
@settings(SMALL, max_examples=40)
@given(st.data())
def test_a_cluster_written_as_manifests_decides_alike(data: st.DataObject) -> None:
    cluster = with_ports_as_written(data.draw(clusters(is_all_modelled=True)))
    text = as_yaml(documents(cluster)).encode()
    try:
        read = load(["-"], stdin=lambda: text).cluster
    except ManifestError:
        return  # ports and peers that the API does not let stand together
    connection, profile = data.draw(connections(cluster)), PROFILES["generic"]
    seen = Asked(cluster, profile, EVERYTHING).seen(connection)
    wanted = {decision.allowed for decision in outcomes(cluster, profile, seen)}
    assert {decision.allowed for decision in outcomes(read, profile, seen)} == wanted
    assert by_oracle(Asked(read, profile, EVERYTHING), seen) == wanted
    assert by_encoding(read, profile, seen) == ("open" if len(wanted) == 2 else "allow" if True in wanted else "deny")


@settings(SMALL, max_examples=60)
@given(st.data())
def test_services_written_as_manifests_lead_alike(data: st.DataObject) -> None:
    """With their addresses, the ports of nodes that lead there, and what is written down for them."""
    drawn = data.draw(clusters().filter(lambda found: bool(found.services)))
    services = tuple(replace(service, selector=_by_equality(service.selector)) for service in drawn.services)
    endpoints = tuple(replace(e, addresses=_of_one_family(e.addresses)) for e in drawn.endpoints)
    cluster = with_ports_as_written(replace(drawn, services=services, endpoints=endpoints, unmodelled=()))
    text = as_yaml(documents(cluster)).encode()
    try:
        read = load(["-"], stdin=lambda: text).cluster
    except ManifestError:
        return
    assert [s.addresses for s in read.services] == [s.addresses for s in services]
    for _ in range(4):
        connection, profile = data.draw(connections(cluster)), data.draw(profiles())
        seen = Asked(cluster, profile, EVERYTHING).seen(connection)
        found, again = ({d.allowed for d in outcomes(side, profile, seen)} for side in (cluster, read))
        assert found == again


def _by_equality(selector: Selector | None) -> Selector | None:
    """As a Service can select."""
    if selector is None:
        return None
    keys = dict.fromkeys(requirement.key for requirement in selector.requirements)
    return Selector(tuple(Requirement(key, Operator.IN, frozenset({"a"})) for key in keys or {"k": None}))


def _of_one_family(addresses: tuple[IPAddress, ...]) -> tuple[IPAddress, ...]:
    return tuple(ip for ip in addresses if ip.version == addresses[0].version)


def with_ports_as_written(cluster: Cluster) -> Cluster:
    """The same, with the ports of each workload in the order in which a manifest lists its containers."""
    order = (ContainerKind.CONTAINER, ContainerKind.SIDECAR, ContainerKind.INIT)
    ports = ((w, sorted(w.ports, key=lambda port: order.index(port.container))) for w in cluster.workloads)
    return replace(cluster, workloads=tuple(replace(workload, ports=tuple(found)) for workload, found in ports))
