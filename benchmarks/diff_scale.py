"""A few policies changed among many: what a comparison costs beside reading both sides.

    python -m benchmarks.diff_scale [--pods 20000] [--policies 10000] [--changed 10]

Two changes are made to so many policies.  Of the small one, a rule moves to the next port.  Of the large one, a mistake
of the generator is planted, which lets in, or out, all that was kept apart, so that more regions changed than are told.
Processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import difference
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.policies import NumberedPorts, Policy, Rule
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import SETTING

_MOST_CHANGES = 20


def measure(pods: int = 20_000, policies: int = 10_000, changed: int = 10) -> list[Row]:
    """Ratios of the processor time of comparing to that of reading both sides."""
    with tempfile.TemporaryDirectory() as folder:
        for name, leaks in (("old", 0), ("new", changed)):
            make(Order(pods=pods, policies=policies, leaks=leaks)).write(Path(folder, name))
        started = time.process_time()
        old, new = (load([f"{folder}/{name}/manifests"], jobs=1).cluster for name in ("old", "new"))
        read = time.process_time() - started
    size = f"{changed} of {len(old.policies):,} policies"
    return [
        _compared(f"a port moved in {size}", old, with_ports_moved(old, changed), read),
        _compared(f"a mistake made in {size}", old, new, read),
    ]


def _compared(what: str, old: Cluster, new: Cluster, read: float) -> Row:
    old = replace(old)  # nothing worked out before
    started = time.process_time()
    found = difference(old, new, setting=SETTING, max_changes=_MOST_CHANGES)
    compared = time.process_time() - started
    told = f"{len(found.gained.changes)} regions gained, {len(found.lost.changes)} lost"
    capped = ", and more" if found.gained.is_capped or found.lost.is_capped else ""
    against = f"reading both sides: {read:.1f} s; {found.relation.value}: {told}{capped}"
    return Row(f"{what}: comparing", f"{compared / read:.2f}", against)


def with_ports_moved(cluster: Cluster, count: int) -> Cluster:
    """The cluster with another port in the first rule that has one, of so many policies, spread over all of them."""
    fitting = [number for number, policy in enumerate(cluster.policies) if next(_moved(policy), None) is not None]
    chosen = set(fitting[:: max(1, len(fitting) // count)][:count])
    policies = tuple(
        next(_moved(policy)) if number in chosen else policy for number, policy in enumerate(cluster.policies)
    )
    return replace(cluster, policies=policies)


def _moved(policy: Policy) -> Iterator[Policy]:
    for index, rule in enumerate(policy.ingress or ()):
        for place, entry in enumerate(rule.ports or ()):
            if isinstance(entry, NumberedPorts) and entry.low is not None and entry.high in (None, entry.low):
                yield replace(policy, ingress=_put(policy.ingress or (), index, place, entry.low + 1))


def _put(rules: tuple[Rule, ...], index: int, place: int, port: int) -> tuple[Rule, ...]:
    ports = list(rules[index].ports or ())
    entry = ports[place]
    assert isinstance(entry, NumberedPorts)
    ports[place] = replace(entry, low=port, high=port if entry.high is not None else None)
    return (*rules[:index], replace(rules[index], ports=tuple(ports)), *rules[index + 1 :])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=10_000)
    parser.add_argument("--changed", type=int, default=10)
    given = parser.parse_args()
    print_rows(measure(given.pods, given.policies, given.changed))


if __name__ == "__main__":
    main()
