"""How exposure grows: `python -m benchmarks.exposure_scale [NAMESPACES] [WORKLOADS PER NAMESPACE]`.

On the clusters of `benchmarks.map_scale`.  Prints classes, openings and time; the work follows the classes of workloads
that policies tell apart, and the namespaces and rules that a region's border can follow.
"""

from __future__ import annotations

import sys
import time

from analyzer.analysis import Setting, exposure
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from benchmarks.map_scale import cluster


def main(namespaces: int, size: int) -> None:
    made = cluster(namespaces, size)
    setting = Setting(Universe.ANY, PROFILES["generic"])
    started = time.monotonic()
    found = exposure(made, setting=setting, most=20)
    seconds = time.monotonic() - started
    classes, openings = len(found.exposures), sum(len(one.openings) for one in found.exposures)
    print(f"{len(made.workloads):,} workloads, {len(made.policies):,} policies in {namespaces:,} namespaces")
    print(
        f"{classes:,} classes of both directions, {openings:,} openings, {seconds:.1f} s, {seconds / classes:.2f} each"
    )


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    main(*(numbers + [32, 10][len(numbers) :]))
