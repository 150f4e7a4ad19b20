"""Texts that are tried one after another share what is worked out of the parts that none of them changes: each is
answered as if it had been read by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis.connectivity import connectivity
from analyzer.analysis.connectivity.meshed import without_policies_of_mesh
from analyzer.analysis.notices.mesh_notices import mesh_notices
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests.changing import Kept, Rules, keep
from analyzer.manifests.sources.git import Blob
from analyzer.model.claims import Universe
from analyzer.model.enforcing import as_pictured
from analyzer.model.mesh_stage import mesh_stages
from analyzer.model.profile import PROFILES

SPACES = ("foo", "bar", "qux")
PROFILE = PROFILES["generic"]
SETTING = Setting(Universe.ANY, PROFILE, max_counterexamples=2, looks_further=False)
QUERIES = (
    'no pods can reach namespace foo where request.path like "/a*"',
    "no namespace bar can reach namespaces(team=a)",
    "no internet can reach pods(app=web) in namespace qux where request.tls == plaintext",
)
ANYBODY = {"namespaceSelector": {}}
SPECS: dict[str, Sequence[dict[str, Any]]] = {  # few, so that bodies are often equal
    "AuthorizationPolicy": (
        {},
        {"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/a*"]}}]}]},
        {"rules": [{"from": [{"source": {"namespaces": ["bar"]}}]}]},
        {"selector": {"matchLabels": {"app": "web"}}, "rules": [{}]},
    ),
    "PeerAuthentication": ({"mtls": {"mode": "STRICT"}}, {"mtls": {"mode": "PERMISSIVE"}}),
    "NetworkPolicy": (
        {"podSelector": {}, "policyTypes": ["Ingress"]},
        {"podSelector": {}, "ingress": [{"from": [ANYBODY]}]},
        {"podSelector": {}, "ingress": [{"from": [{**ANYBODY, "podSelector": {}}]}]},
        {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 80}]}]},
    ),
}  # fmt: skip
VERSIONS = {
    "AuthorizationPolicy": "security.istio.io/v1",
    "PeerAuthentication": "security.istio.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}


@st.composite
def texts(draw: Any, space: str) -> bytes:
    """A namespace with a workload or none, and policies."""
    labels = {"team": draw(st.sampled_from("ab")), **draw(st.sampled_from([{}, {"istio-injection": "enabled"}]))}
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space, "labels": labels}}
    ]
    if draw(st.booleans()):
        container = {"name": "c", "image": "x", "ports": [{"containerPort": 80}]}
        metadata = {"name": "web", "namespace": space, "labels": {"app": "web"}}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
    for kind, specs in SPECS.items():
        for number, spec in enumerate(draw(st.lists(st.sampled_from(specs), max_size=2))):
            metadata = {"name": f"{kind.lower()}-{number}", "namespace": space}
            found.append({"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec})
    return yaml.safe_dump_all(found).encode()


def read(files: dict[str, bytes]) -> Kept:
    return keep((), [Blob(name, name, data, is_named=True) for name, data in files.items()], Rules())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_each_text_is_answered_as_if_it_were_read_by_itself(data: Any) -> None:
    files = {f"{space}.yaml": data.draw(texts(space)) for space in SPACES}
    kept = read(files)
    for _ in range(data.draw(st.integers(1, 3))):
        changed = {f"{it}.yaml": data.draw(texts(it)) for it in data.draw(st.sets(st.sampled_from(SPACES), max_size=2))}
        tried, alone = kept.with_texts(changed).loaded.cluster, read({**files, **changed}).loaded.cluster
        assert tried == alone
        assert repr(tried.policies) == repr(alone.policies)  # what is not compared, too
        assert mesh_stages(tried, PROFILE.ext_authz) == mesh_stages(alone, PROFILE.ext_authz)
        assert mesh_notices(tried) == mesh_notices(alone)
        assert connectivity(tried, PROFILE) == connectivity(alone, PROFILE)
        for claim in QUERIES:
            query = parse_query(claim, "q")
            one, other = (judge(it, query, (), SETTING) for it in (tried, alone))
            assert (one.status, one.live, one.counterexamples) == (other.status, other.live, other.counterexamples)


def test_what_no_text_changes_is_worked_out_once() -> None:
    """Else the law above would hold of a saving that is never made."""
    metadata = {"name": "p", "namespace": "foo"}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "foo"}}
    policy = {"apiVersion": VERSIONS["AuthorizationPolicy"], "kind": "AuthorizationPolicy", "metadata": metadata}
    closed = {"apiVersion": VERSIONS["NetworkPolicy"], "kind": "NetworkPolicy", "metadata": metadata}
    kept = read({"foo.yaml": yaml.safe_dump_all([space, {**policy, "spec": SPECS["AuthorizationPolicy"][1]}]).encode()})
    text = yaml.safe_dump({**closed, "spec": {"podSelector": {}}}).encode()
    tried = [kept.with_texts({name: text}).loaded.cluster for name in ("a.yaml", "b.yaml")]
    seen = [without_policies_of_mesh(as_pictured(it, PROFILE)) for it in tried]
    first, second = (mesh_stages(it, PROFILE.ext_authz) for it in seen)
    assert first is second
