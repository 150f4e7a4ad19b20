"""What controllers add to labels, between two revisions of the policies: `diff` against the same controllers by hand.

Any pod could be created, with any label: the revisions differ if some labels over what the policies mention are let in
by one and not by the other.  A change is live if in every *world* (test_added_labels.py) pods that are there meet it,
and `no … can newly reach workload …` is refuted if in each of them a pod of the workload does, unknown if only in some.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from test_added_labels import (
    CLIENT,
    NODES,
    Controller,
    cluster_of,
    controllers,
    lets_in,
    matches,
    mentioned_in,
    policies,
    scene,
)

from analyzer.analysis import difference
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status
from analyzer.verdicts.difference import Change

Labels = dict[str, str]
FAR: Labels = {"far": "away"}  # an address outside: no peer of these policies means it
MOST_SORTS = 150


def is_open(specs: list[dict], dst: Labels, src: Labels) -> bool:
    if src is not FAR:
        return lets_in(specs, dst, src)
    isolating = [spec for spec in specs if matches(spec["podSelector"], dst)]
    return not isolating or any("from" not in rule for spec in isolating for rule in spec["ingress"])


def is_new(old: list[dict], new: list[dict], pairs: Iterator[tuple[Labels, Labels]]) -> bool:
    return any(is_open(new, dst, src) and not is_open(old, dst, src) for src, dst in pairs)


def sorts(mentioned: set[tuple[str, str]], keys: set[str]) -> list[Labels]:
    """The labels that the policies can tell apart."""
    values = {key: [None, "neither", *sorted(v for k, v in mentioned if k == key)] for key in sorted(keys)}
    values["app"] = [None, "client", "w"]
    count = 1
    for found in values.values():
        count *= len(found)
    assume(count <= MOST_SORTS)
    found = product(*values.values())
    return [{key: v for key, v in zip(values, one, strict=True) if v is not None} for one in found]


def anyone(labels: list[Labels]) -> Iterator[tuple[Labels, Labels]]:
    return ((src, dst) for src in (*labels, FAR) for dst in labels)


def there(world: list[Labels], *, with_twins: bool) -> Iterator[tuple[Labels, Labels]]:
    """The declared pods in pairs.  `with_twins`: two of one sort too, of which there need not be two."""
    for one, pod in enumerate(world):
        yield from ((CLIENT, pod), (pod, CLIENT), (FAR, pod))
        yield from ((pod, other) for two, other in enumerate(world) if with_twins or one != two)
    yield FAR, CLIENT


def keys_of(specs: list[dict]) -> set[str]:
    chosen = [spec["podSelector"] for spec in specs]
    chosen += [peer["podSelector"] for spec in specs for rule in spec["ingress"] for peer in rule.get("from", [])]
    return {one["key"] for selector in chosen for one in selector.get("matchExpressions", [])}


@pytest.mark.parametrize("number", range(len(controllers())))
@settings(max_examples=4, deadline=None, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(data=st.data())
def test_diff_finds_what_pods_with_added_labels_gain(tmp_path_factory, number: int, data: st.DataObject) -> None:
    controller = controllers()[number]
    old, new = (data.draw(st.lists(policies(), min_size=1, max_size=2)) for _ in range(2))
    nodes = data.draw(st.sampled_from(NODES))
    mentioned = mentioned_in([*old, *new])
    labels = sorts(mentioned, keys_of([*old, *new]))
    sides = [cluster_of(tmp_path_factory.mktemp("m"), scene(controller, specs, nodes)) for specs in (old, new)]
    texts = ("no workload a/client can newly reach workload a/w on tcp/80",
             "no workload a/w can newly reach workload a/client on tcp/80")  # fmt: skip
    queries = tuple(replace(parse_query(text), id=text) for text in texts)
    setting = Setting(Universe.ANY, PROFILES["generic"])
    found = difference(*sides, [Pack("p", "", queries)], setting=setting, max_changes=50)

    for shift, before, after in ((found.gained, old, new), (found.lost, new, old)):
        assert not shift.reason
        assert bool(shift.changes) == is_new(before, after, anyone(labels))
        _check_live(shift.changes, before, after, controller, mentioned, nodes)
    worlds = list(controller.worlds(mentioned, nodes))
    for query, pairs in zip(
        found.queries,
        (lambda pod: iter([(CLIENT, pod)]), lambda pod: iter([(pod, CLIENT)])),
        strict=True,
    ):
        broken = [any(is_new(old, new, pairs(pod)) for pod in world) for world in worlds]
        expected = Status.REFUTED if all(broken) else Status.UNKNOWN if any(broken) else Status.PROVED
        assert query.after.status is expected, query.query.id


def _check_live(
    changes: tuple[Change, ...],
    before: list[dict],
    after: list[dict],
    controller: Controller,
    mentioned: set[tuple[str, str]],
    nodes: list[Labels],
) -> None:
    sure = list(controller.worlds(mentioned, nodes, guesses=False))
    live = {change.live for change in changes}
    is_surely_there = all(is_new(before, after, there(world, with_twins=False)) for world in sure)
    if is_surely_there:
        assert True in live
    if True in live:
        assert all(is_new(before, after, there(world, with_twins=True)) for world in sure)
