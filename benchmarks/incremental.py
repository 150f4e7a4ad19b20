"""One policy changes: what the answer costs beside a full run.  `python -m benchmarks.incremental [--pods 100000]`.

The pack asks of a hundred pairs of tenants whether one reaches the other.  A full run reads the manifests (YAML) and
answers; then one NetworkPolicy loses its rules, and gets them back.  Processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import CheckSession
from analyzer.manifests import load
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import SETTING, pack_of, pairs

_CHANGES = 6


def measure(pods: int = 100_000, policies: int = 10_000) -> list[Row]:
    """The ratio for queries about few namespaces, and for one about all of them."""
    with tempfile.TemporaryDirectory() as folder:
        namespaces = pods // 100
        made = make(Order(pods=pods, policies=policies, namespaces=namespaces))
        made.write(Path(folder))
        started = time.process_time()
        cluster = load([folder + "/manifests"], jobs=1).cluster
        read = time.process_time() - started
    shape = f"{pods:,} workloads, {len(cluster.policies):,} policies, {len(cluster.namespaces):,} namespaces"
    wide = pack_of("every pods in namespaces(tenant) is isolated for ingress within namespaces")
    asked = {"100 pairs of tenants": pairs(cluster), "one query about all tenants": wide}
    rows = []
    for name, pack in asked.items():
        started = time.process_time()
        session = CheckSession(cluster, [pack], setting=SETTING)
        full = read + time.process_time() - started
        policy = next(p for p in cluster.policies if p.kind == "NetworkPolicy" and p.ingress and p.namespace)
        started = time.process_time()
        for number in range(_CHANGES):
            session.change(put=[policy if number % 2 else replace(policy, ingress=())])
        change = (time.process_time() - started) / _CHANGES
        against = f"full run: {full:.1f} s, of it reading {read:.1f} s; a change: {change:.2f} s ({shape})"
        rows.append(Row(f"after one policy changed, {name}", f"{change / full:.3f}", against))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=10_000)
    given = parser.parse_args()
    print_rows(measure(given.pods, given.policies))


if __name__ == "__main__":
    main()
