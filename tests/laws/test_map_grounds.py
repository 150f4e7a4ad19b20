"""The rules that a map names are those that the oracle names, on the connections said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from clusters import opened, profiles
from hypothesis import assume, given, settings
from test_map_laws import (
    ATOMS,
    LOOSE,
    POD_ADDRESSES,
    addresses_of,
    concrete,
    contains,
    judged_pairs,
    law,
    mapped_clusters,
    on_map,
)

from analyzer.analysis import connectivity
from analyzer.model.enforcing import as_pictured
from analyzer.model.policies import Action, Direction, RuleRef, Tier
from analyzer.semantics import decide
from analyzer.semantics.decision import Ruling
from analyzer.semantics.settling import runs
from analyzer.verdicts.connectivity import MapEnd
from analyzer.verdicts.grounds import Deciding


@settings(parent=law, max_examples=50)
@given(mapped_clusters(), profiles())
def test_the_rules_that_the_oracle_names_are_in_the_grounds(cluster, profile):
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True, with_grounds=True)
    for src, dst in judged_pairs(found):
        grounds = both_grounds(found, src, dst)
        for atom in (it for it in ATOMS if on_map(it, profile)):
            for side in sides(cluster, profile, found.ends[src], found.ends[dst], atom, step=3):
                for ref in side.rules:
                    assert ref.rule is None or is_named(ref, grounds[Direction(side.stage)], atom), (ref, atom)


@settings(parent=law, max_examples=40)
@given(mapped_clusters(), profiles())
def test_the_rules_in_the_grounds_are_named_by_the_oracle(cluster, profile):
    """Each for some ends of the class, at some of their addresses, with open facts settled somehow.

    Pass decides nothing itself, and of policies that tie any may.  A class of addresses may be of both families, a
    rule of one.
    """
    ranks = [(policy.tier, policy.priority) for policy in cluster.policies if policy.tier is not Tier.NETWORK_POLICY]
    assume(len(ranks) == len(set(ranks)))
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True, with_grounds=True)
    named = defaultdict(set)
    for src, dst in judged_pairs(found):
        far = {"egress": (src, dst), "ingress": (dst, src)}
        for atom in (it for it in LOOSE if on_map(it, profile)):
            for side in sides(cluster, profile, found.ends[src], found.ends[dst], atom, step=1):
                named[side.stage, *classes_of(found, *far[side.stage]), atom] |= {id(r.rule) for r in side.rules}
    for (stage, near, far, atom), rules in named.items():
        deciders = [it for it in deciding(found, Direction(stage), near, far) if it.action is not Action.PASS]
        assert {id(it.ref.rule) for it in deciders if contains(it.connections, atom)} <= rules, (near, far, atom)


def classes_of(found, *ends: int) -> tuple[int, ...]:
    class_of = {end: number for number, ends in enumerate(found.classes) for end in ends}
    return tuple(class_of[end] for end in ends)


def sides(cluster, profile, src: MapEnd, dst: MapEnd, atom, step: int) -> Iterator[Ruling]:
    """Each ruling of each decision of the oracle, over every `step`-th address of the ends and over open facts."""
    for a, b in product(*(addresses_of(end, cluster, profile)[::step] for end in (src, dst))):
        if a.version == b.version:
            connection = opened(concrete(src, a, cluster), concrete(dst, b, cluster), *atom)
            for decision, _ in runs(lambda settle, it=connection: decide(cluster, profile, it, settle)):
                yield from decision.stages


def both_grounds(found, src: int, dst: int) -> dict[Direction, list[Deciding]]:
    near, far = classes_of(found, src, dst)
    return {
        Direction.EGRESS: deciding(found, Direction.EGRESS, near, far),
        Direction.INGRESS: deciding(found, Direction.INGRESS, far, near),
    }


def deciding(found, direction, near, far) -> list[Deciding]:
    """What decides at one end; no two grounds speak of the same two ends but where it is open which policies select
    one: at pods that Amazon's agent takes for one another."""
    here = [g for g in found.grounds if g.direction is direction and g.near >> near & 1 and g.far >> far & 1]
    assert len(here) <= 1 or found.profile.reads_aws
    return [it for ground in here for it in ground.rules]


def is_named(ref: RuleRef, rules: list[Deciding], atom) -> bool:
    return any(it.ref == ref and contains(it.connections, atom) for it in rules)
