"""A few policies changed among many: what a comparison costs beside reading both sides.

    python -m benchmarks.diff_scale [--pods 20000] [--policies 6000] [--changed 10]

The new revision is the old one with so many mistakes planted.  Prints how long it takes to read both, how long to
compare them, and the ratio.  Processor time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from analyzer.analysis import difference
from analyzer.manifests import load
from benchmarks.generate import Order, make
from benchmarks.pack_scale import SETTING

_MOST_CHANGES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=6_000)
    parser.add_argument("--changed", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, leaks in (("old", 0), ("new", given.changed)):
            make(Order(pods=given.pods, policies=given.policies, leaks=leaks)).write(Path(folder, name))
        started = time.process_time()
        old, new = (load([f"{folder}/{name}/manifests"], jobs=1).cluster for name in ("old", "new"))
        read = time.process_time() - started
    started = time.process_time()
    found = difference(old, new, setting=SETTING, max_changes=_MOST_CHANGES)
    compared = time.process_time() - started
    print(f"{len(new.policies):,} policies a side, {given.changed} changed: {found.relation.value}")
    print(f"regions: {len(found.gained.changes)} gained, {len(found.lost.changes)} lost")
    print(f"reading both {read:.2f} s, comparing {compared:.2f} s, ratio {compared / read:.2f}")


if __name__ == "__main__":
    main()
