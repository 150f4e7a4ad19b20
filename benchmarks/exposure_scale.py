"""How exposure grows: `python -m benchmarks.exposure_scale [--namespaces 32] [--pods 640] [--policies 192]`.

Prints classes, openings and processor time; the work follows the classes of workloads that policies tell apart, and the
namespaces and rules that a region's border can follow.
"""

from __future__ import annotations

import argparse
import time

from analyzer.analysis import exposure
from benchmarks.generate import Order, loaded
from benchmarks.pack_scale import SETTING


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=32)
    parser.add_argument("--pods", type=int, default=640)
    parser.add_argument("--policies", type=int, default=192)
    given = parser.parse_args()
    made = loaded(Order(pods=given.pods, policies=given.policies, namespaces=given.namespaces))
    started = time.process_time()
    found = exposure(made, setting=SETTING, most=20)
    seconds = time.process_time() - started
    classes, openings = len(found.exposures), sum(len(one.openings) for one in found.exposures)
    print(f"{len(made.workloads):,} workloads, {len(made.policies):,} policies in {given.namespaces:,} namespaces")
    print(
        f"{classes:,} classes of both directions, {openings:,} openings, {seconds:.1f} s, {seconds / classes:.2f} each"
    )


if __name__ == "__main__":
    main()
