"""Sets of pods by what controllers add to labels, Services' backends first: who is in one is known in each world, and
not before.

The worlds are those of test_added_labels.py: in each of them the backends of a Service are the pods that it selects.
A claim about them is refuted, or met, if it is so in each world; unknown if only in some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from test_added_labels import (
    CLIENT,
    NODES,
    VALUES,
    ZONE,
    Controller,
    cluster_of,
    controllers,
    lets_in,
    matches,
    mentioned_in,
)
from test_added_labels import policies as any_policies
from test_added_labels import scene as bare_scene

from analyzer.analysis import check, difference
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.knobs import ServiceEval
from analyzer.model.profile import PROFILES, Profile
from analyzer.verdicts import Status, Verdict

Labels = dict[str, str]
Pods = list[Labels]
Holds = Callable[[list[dict], Pods, Pods], bool]
"""Of the policies, the Service's backends and the other pods of the controller."""


def _in(specs: list[dict], backends: Pods, others: Pods) -> bool:
    return any(lets_in(specs, pod, CLIENT) for pod in backends)


def _not_in(specs: list[dict], backends: Pods, others: Pods) -> bool:
    return any(not lets_in(specs, pod, CLIENT) for pod in backends)


def _out(specs: list[dict], backends: Pods, others: Pods) -> bool:
    return any(lets_in(specs, CLIENT, pod) for pod in backends)


def _not_out(specs: list[dict], backends: Pods, others: Pods) -> bool:
    return any(not lets_in(specs, CLIENT, pod) for pod in backends)


BROKEN_BY: dict[str, Holds] = {
    "no workload a/client can reach service a/front": _in,
    "every workload a/client can reach service a/front": _not_in,
    "only workload a/w or external or nodes can reach service a/front": _in,
    "workload a/client can reach only service a/front or external or nodes on tcp/80": (
        lambda specs, backends, others: _in(specs, others, backends)
    ),
    "no workload a/client can reach workload a/w on tcp/80 except workload a/client can reach service a/front": (
        lambda specs, backends, others: _in(specs, others, backends)
    ),
    "no workload a/client can reach workload a/w on tcp/80 where CHOSEN": _in,
    "every workload a/client can reach workload a/w on tcp/80 where CHOSEN": _not_in,
    "no service a/front can reach workload a/client on tcp/80": _out,
    "every service a/front can reach workload a/client on tcp/80": _not_out,
    "every service a/front is isolated for ingress": (
        lambda specs, backends, others: any(lets_in(specs, pod, None) for pod in backends)
    ),
}
MET_BY: dict[str, Holds] = {
    "some workload a/client can reach service a/front": _in,
    "some service a/front can reach workload a/client on tcp/80": _out,
    "some workload a/client can reach workload a/w on tcp/80 where CHOSEN": _in,
}
SPEAK_OF_OTHERS = {
    "workload a/client can reach only service a/front or external or nodes on tcp/80",
    "no workload a/client can reach workload a/w on tcp/80 except workload a/client can reach service a/front",
}


@st.composite
def selectors(draw: DrawFn) -> Labels:
    key = draw(st.sampled_from(sorted(VALUES)))
    found = {key: draw(st.sampled_from(VALUES[key]))}
    is_of_others = key == ZONE  # the client's pod may have it too
    return {"app": "w", **found} if is_of_others else draw(st.sampled_from((found, {"app": "w", **found})))


@st.composite
def policies(draw: DrawFn, selector: Labels) -> dict:
    """Most often one about the pods that the Service selects, or all the others."""
    key, value = next((key, value) for key, value in reversed(selector.items()))
    operator = draw(st.sampled_from(("In", "NotIn", "Exists", "")))
    if not operator:
        return draw(any_policies())
    chosen = {"key": key, "operator": operator} | ({} if operator == "Exists" else {"values": [value]})
    rules = draw(st.sampled_from(([], [], [{}], [{"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}])))
    about = draw(st.sampled_from(({}, {"matchExpressions": [chosen]}, {"matchExpressions": [chosen]})))
    return {"podSelector": about, "policyTypes": ["Ingress"], "ingress": rules}


@st.composite
def profiles(draw: DrawFn) -> Profile:
    return replace(PROFILES["generic"], service_eval=draw(st.sampled_from(ServiceEval)))


def service(selector: Labels, address: str) -> dict:
    spec = {"selector": selector, "ports": [{"port": 80, "targetPort": 80}], "clusterIP": address}
    meta = {"name": "front", "namespace": "a"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {k: v for k, v in spec.items() if v}}


def judged(text: str, found: list[bool], is_empty: bool) -> Status:
    """What is to be said of a claim that is broken, or met, in these worlds."""
    if text in MET_BY:
        return Status.PROVED if all(found) else Status.UNKNOWN if any(found) else Status.REFUTED
    if any(found):
        return Status.REFUTED if all(found) else Status.UNKNOWN
    return Status.VACUOUS if is_empty else Status.PROVED


@pytest.mark.parametrize("number", range(len(controllers())))
@settings(max_examples=4, deadline=None, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(data=st.data())
def test_a_service_leads_to_the_pods_that_have_its_labels(tmp_path_factory, number: int, data: st.DataObject) -> None:
    controller, selector = controllers()[number], data.draw(selectors())
    sides = [data.draw(st.lists(policies(selector), min_size=1, max_size=2)) for _ in range(2)]
    nodes = data.draw(st.sampled_from(NODES))
    front = service(selector, data.draw(st.sampled_from(("10.96.0.7", "10.96.0.7", "None", ""))))
    clusters = [
        cluster_of(tmp_path_factory.mktemp("m"), [*bare_scene(controller, specs, nodes), front]) for specs in sides
    ]
    specs, cluster = sides[0], clusters[0]
    mentioned = {*mentioned_in([*sides[0], *sides[1]]), *selector.items()}
    worlds = parted(controller.worlds(mentioned, nodes), selector)
    sure = parted(controller.worlds(mentioned, nodes, guesses=False), selector)
    profile = data.draw(profiles())
    pods = f"pods({','.join(f'{key}={value}' for key, value in selector.items())}) in namespace a"
    chosen = " and ".join(f'dst.labels[{key}] == "{value}"' for key, value in selector.items())
    asking = st.lists(st.sampled_from(sorted({**BROKEN_BY, **MET_BY})), min_size=6, max_size=6, unique=True)
    for text in data.draw(asking):
        holds = {**BROKEN_BY, **MET_BY}[text]
        end = data.draw(st.sampled_from(("service a/front", "service a/front", pods)))
        found = [holds(specs, *world) for world in (sure if text in MET_BY else worlds)]
        expected = judged(text, found, is_empty=not any(world[text in SPEAK_OF_OTHERS] for world in worlds))
        named = text.replace("service a/front", end).replace("CHOSEN", chosen)
        verdict = asked(cluster, named, Setting(Universe.INVENTORY, profile))
        assert verdict.status is expected, named
        if expected is Status.REFUTED and text in BROKEN_BY:
            assert verdict.live is (True if all(holds(specs, *world) for world in sure) else None), named
        wider = asked(cluster, named, Setting(Universe.ANY, profile))
        if text in MET_BY:
            assert wider.status is not Status.REFUTED or expected is Status.REFUTED, named
        else:
            assert wider.status is not Status.PROVED or expected in (Status.PROVED, Status.VACUOUS), named
            assert wider.live is not True or expected is Status.REFUTED, named
    newly = [
        any(lets_in(sides[1], pod, CLIENT) and not lets_in(sides[0], pod, CLIENT) for pod in pods) for pods, _ in worlds
    ]
    text = "no workload a/client can newly reach service a/front"
    query = replace(parse_query(text), id=text)
    setting = Setting(Universe.INVENTORY, profile)
    compared = difference(*clusters, [Pack("p", "", (query,))], setting=setting, max_changes=0)
    expected = judged(text, newly, is_empty=not any(pods for pods, _ in worlds))
    assert compared.queries[0].after.status is expected


@pytest.mark.parametrize("profile", ["generic", "aws-vpc-cni", "cilium"])
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("known", ["10.0.0.5", "10.0.0.6", None])
def test_a_service_leads_to_the_address_written_for_it(
    tmp_path_factory, known: str | None, is_closed: bool, profile: str
) -> None:
    """Of a pod whose address nobody knows it is not known whether the Service leads to it."""
    pod = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    meta = {"name": "w", "namespace": "a"}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": pod}}
    if known is not None:
        status = {"phase": "Running", "podIP": known, "podIPs": [{"ip": known}]}
        workload = {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {**meta, "labels": {"app": "w"}}}
        workload |= {"status": status}
    named = {"name": "front-1", "namespace": "a", "labels": {"kubernetes.io/service-name": "front"}}
    written = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": named, "addressType": "IPv4"}
    written |= {"endpoints": [{"addresses": ["10.0.0.5"]}], "ports": [{"port": 80, "protocol": "TCP"}]}
    front = service({}, "10.96.0.7")
    specs = [{"podSelector": {"matchLabels": {"app": "w"}}, "policyTypes": ["Ingress"], "ingress": []}]
    controller = Controller(workload, {}, ())
    cluster = cluster_of(
        tmp_path_factory.mktemp("m"), [*bare_scene(controller, specs if is_closed else [], []), front, written]
    )
    setting = Setting(Universe.INVENTORY, PROFILES[profile])
    some, every = (
        asked(cluster, f'{kind} workload a/client can reach service a/front where dst.namespace == "a"', setting)
        for kind in ("some", "every")
    )
    can_be, is_sure = known in ("10.0.0.5", None), known == "10.0.0.5"
    is_met = can_be and not is_closed
    assert some.status is (Status.REFUTED if not is_met else Status.PROVED if is_sure else Status.UNKNOWN)
    is_broken = can_be and is_closed
    assert every.status is (Status.REFUTED if is_broken else Status.PROVED if can_be else Status.VACUOUS)
    assert every.live is (True if is_broken and is_sure else None)


def parted(worlds: Iterator[Pods], selector: Labels) -> list[tuple[Pods, Pods]]:
    """The backends in each world, and the others."""
    chosen = {"matchLabels": selector}
    return [([p for p in w if matches(chosen, p)], [p for p in w if not matches(chosen, p)]) for w in worlds]


def asked(cluster: Cluster, text: str, setting: Setting) -> Verdict:
    return check(cluster, [Pack("p", "", (parse_query(text),))], setting=setting).sections[0].verdicts[0]
