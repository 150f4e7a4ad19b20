"""Policies as engines read them: the oracle and the encoding decide alike what comes out."""

from __future__ import annotations

from clusters import clusters, connections
from evaluators import by_encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.enforcing import as_enforced
from analyzer.model.profile import PROFILES, Profile
from analyzer.semantics import outcomes

KNOBS = {
    "calico": {"calico-version": ("3.33", "3.31", "3.29", "3.28")},
    "cilium": {
        "policy-default-local-cluster": ("true", "false"),
        "enable-node-selector-labels": ("false", "true"),
        "policy-cidr-match-mode": ("", "nodes"),
        "enable-policy": ("default", "always"),
    },
    "azure": {},
    "kindnet": {},
    "kube-router": {},
}


@st.composite
def engines(draw: st.DrawFn) -> Profile:
    profile = PROFILES[draw(st.sampled_from(sorted(KNOBS)))]
    for knob, values in KNOBS[profile.name].items():
        profile = profile.with_knob(knob, draw(st.sampled_from(values)))
    return profile


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_what_an_engine_reads_is_decided_alike(data: st.DataObject) -> None:
    profile, written = data.draw(engines()), data.draw(clusters())
    cluster = as_enforced(written, profile)
    assert as_enforced(cluster, profile) is cluster
    connection = data.draw(connections(cluster))
    found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    oracle = "open" if len(found) == 2 else "allow" if True in found else "deny"
    assert by_encoding(cluster, profile, connection) == oracle
