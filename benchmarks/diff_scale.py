"""Ten policies changed among many: what a comparison costs beside reading both sides.

    python -m benchmarks.diff_scale [--namespaces 1000] [--each 10] [--changed 10]

Writes two revisions of `namespaces` × `each` NetworkPolicies, which differ in `changed` of them, and prints how long it
takes to read both, how long to compare them, and the ratio.  The ratio is what counts: it should stay well below 1,
and the comparison should cost the same when the cluster grows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from analyzer.analysis import Setting, difference
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES


def policies(namespaces: int, each: int, changed: int) -> Iterator[dict[str, object]]:
    """Namespaces, each closed by its first policy; each of the others opens a port from one tier to the next."""
    step = max(1, namespaces // changed) if changed else namespaces + 1
    for n in range(namespaces):
        name = f"team-{n}"
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": str(n)}}}
        is_changed = changed > 0 and n % step == 0 and n // step < changed
        for p in range(each):
            spec: dict[str, object] = {"podSelector": {}, "policyTypes": ["Ingress"]}
            if p:
                peer = {"podSelector": {"matchLabels": {"tier": f"t{p - 1}"}}}
                port = 9000 + p + (1 if is_changed and p == 1 else 0)
                spec = {
                    "podSelector": {"matchLabels": {"tier": f"t{p}"}},
                    "ingress": [{"from": [peer], "ports": [{"port": port}]}],
                    "policyTypes": ["Ingress"],
                }
            yield {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": f"p{p}", "namespace": name},
                "spec": spec,
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--changed", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for word, changed in (("old", 0), ("new", given.changed)):
            path = Path(folder, f"{word}.json")
            items = list(policies(given.namespaces, given.each, changed))
            path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
            paths.append(str(path))
        started = time.perf_counter()
        old, new = (load([path]).cluster for path in paths)
        read = time.perf_counter() - started
        started = time.perf_counter()
        found = difference(old, new, setting=Setting(Universe.ANY, PROFILES["generic"]), max_changes=20)
        compared = time.perf_counter() - started
    total = given.namespaces * given.each
    print(f"{total:,} policies a side, {given.changed} changed: {found.relation.value}")
    print(f"regions: {len(found.gained.changes)} gained, {len(found.lost.changes)} lost")
    print(f"reading both {read:.2f} s, comparing {compared:.2f} s, ratio {compared / read:.2f}")


if __name__ == "__main__":
    main()
