"""How the connectivity map grows: `python -m benchmarks.map_scale [--pods 20000] [--policies 6000]`.

The cluster made by `benchmarks.generate`, and one of half its size: processor time of the map, the cluster being read,
and of printing it as text and as JSON, and what it is when the cluster doubles.
"""

from __future__ import annotations

import argparse
import time

from analyzer.analysis import connectivity
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.reports.layout import Style
from analyzer.reports.map_json import render_map_json
from analyzer.reports.map_text import render_map_text
from benchmarks.generate import Order, loaded
from benchmarks.measuring import Row, print_rows


def measure(pods: int = 20_000, policies: int = 6_000) -> list[Row]:
    """The map at half the size and at the whole, and what the doubling multiplies it by."""
    half, whole = (loaded(Order(pods=pods // part, policies=policies // part)) for part in (2, 1))
    before, _ = _cost(half)
    cost, said = _cost(whole)
    shape = f"{len(whole.workloads):,} workloads, {len(whole.policies):,} policies"
    told = f"{before:.1f} s at half of it; {cost:.1f} s: {said}"
    return [Row(f"map of {shape}: growth when the cluster doubles", f"{cost / before:.1f}", told)]


def _cost(cluster: Cluster) -> tuple[float, str]:
    """Processor time, and what the map says."""
    started = time.process_time()
    found = connectivity(cluster, PROFILES["generic"])
    render_map_text(found, Style())
    text = render_map_json(found, is_grouped=True)
    seconds = time.process_time() - started
    counts = f"{len(found.classes):,} classes, {len(found.rows):,} rows, {found.pair_count:,} pairs"
    return seconds, f"{counts}, {len(text) / 1e6:.0f} MB of JSON"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=6_000)
    given = parser.parse_args()
    print_rows(measure(given.pods, given.policies))


if __name__ == "__main__":
    main()
