"""Command-line values: what is right is taken, what is wrong is told all at once with a way out."""

import pytest

from analyzer import inputs
from analyzer.errors import InputError, UsageError
from analyzer.model.claims import Universe
from analyzer.sets import AddressSet


def complaints(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    return [(problem.message, problem.hint) for problem in caught.value.problems]


def test_settled_tells_the_problems_of_every_part():
    def fails(text):
        raise UsageError(text)

    found = complaints(inputs.settled, lambda: fails("a"), lambda: 1, lambda: fails("b"))
    assert [message for message, _ in found] == ["a", "b"]
    assert inputs.settled(lambda: 1, lambda: 2) == [1, 2]


def test_universe():
    assert inputs.chosen_universe("inventory") is Universe.INVENTORY
    assert complaints(inputs.chosen_universe, "inventry") == [
        ("unknown universe `inventry`", "did you mean `inventory`?")
    ]


def test_profile_with_knobs():
    profile = inputs.chosen_profile("cilium", ["ipblock-matches-pods=true", "named_ports = zero-port"])
    assert profile.name == "cilium"
    assert profile.ipblock_matches_pods
    assert profile.knobs()["named-ports"] == "zero-port"


def test_unknown_profile():
    assert complaints(inputs.chosen_profile, "calicoo", []) == [("unknown profile `calicoo`", "did you mean `calico`?")]
    ((_, hint),) = complaints(inputs.chosen_profile, "zzz", [])
    assert "generic" in hint


def test_bad_knobs_are_told_together():
    found = complaints(
        inputs.chosen_profile, "generic", ["ipblock-match-pods=false", "enforce-endport=maybe", "named-ports"]
    )
    assert ("unknown knob `ipblock-match-pods`", "did you mean `ipblock-matches-pods`?") in found
    assert ("`maybe` is no value of knob `enforce-endport`", "enforce-endport takes true or false") in found
    assert (
        "`named-ports` after --knob or --assume is not NAME=VALUE",
        "did you mean `named-ports=per-pod|zero-port|union`?",
    ) in found


def test_pod_addresses():
    assert inputs.pod_addresses([]) is None
    assert inputs.pod_addresses(["10.0.0.0/16, fd00::/64", "10.1.0.0/16"]) == AddressSet.of("10.0.0.0/15", "fd00::/64")
    found = complaints(inputs.pod_addresses, ["10.0.0.0/33,10.0.0.1", "x"])
    assert [message for message, _ in found] == [
        f"`{text}` in --pod-cidr is no CIDR" for text in ("10.0.0.0/33", "10.0.0.1", "x")
    ]
