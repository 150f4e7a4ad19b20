"""The rules that a map names are those that decide: what the oracle names is among them, on the connections said."""

from __future__ import annotations

from itertools import product

from clusters import profiles
from hypothesis import given, settings
from test_map_laws import ATOMS, POD_ADDRESSES, addresses_of, concrete, contains, judged_pairs, law, mapped_clusters

from analyzer.analysis import connectivity
from analyzer.model.endpoints import Connection
from analyzer.model.policies import Direction, RuleRef
from analyzer.semantics import decide
from analyzer.semantics.settling import runs
from analyzer.verdicts.grounds import Deciding


@settings(parent=law, max_examples=80)
@given(mapped_clusters(), profiles())
def test_the_rules_that_the_oracle_names_are_in_the_grounds(cluster, profile):
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True, with_grounds=True)
    class_of = {end: number for number, ends in enumerate(found.classes) for end in ends}
    for src, dst in judged_pairs(found):
        named = {
            Direction.EGRESS: deciding(found, Direction.EGRESS, class_of[src], class_of[dst]),
            Direction.INGRESS: deciding(found, Direction.INGRESS, class_of[dst], class_of[src]),
        }
        ends = found.ends[src], found.ends[dst]
        for a, b in product(*(addresses_of(end, cluster)[::3] for end in ends)):
            if a.version != b.version:
                continue
            for atom in ATOMS:
                connection = Connection(concrete(ends[0], a, cluster), concrete(ends[1], b, cluster), *atom)
                for decision, _ in runs(lambda settle, it=connection: decide(cluster, profile, it, settle)):
                    for side in (decision.egress, decision.ingress):
                        for ref in side.rules:
                            assert ref.rule is None or is_named(ref, named[side.direction], atom), (ref, atom)


def deciding(found, direction, near, far) -> list[Deciding]:
    """What decides at one end; no two grounds speak of the same two ends."""
    here = [g for g in found.grounds if g.direction is direction and g.near >> near & 1 and g.far >> far & 1]
    assert len(here) <= 1
    return [it for ground in here for it in ground.rules]


def is_named(ref: RuleRef, rules: list[Deciding], atom) -> bool:
    return any(it.ref == ref and contains(it.connections, atom) for it in rules)
