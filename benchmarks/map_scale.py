"""The connectivity map of a large cluster: `python -m benchmarks.map_scale [--pods 100000] [--policies 6000]`.

The cluster made by `benchmarks.generate` on 1,000 namespaces, and one of half its pods and policies: processor time of
the map by itself, the cluster being read, and of printing it as text and as JSON; peak memory of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from analyzer.analysis import connectivity
from analyzer.model.profile import PROFILES
from analyzer.reports.layout import Style
from analyzer.reports.map_json import render_map_json
from analyzer.reports.map_text import render_map_text
from benchmarks.generate import Order, loaded
from benchmarks.measuring import ROOT, Row, print_rows

_NAMESPACES = 1000


def measure(pods: int = 100_000, policies: int = 6_000, namespaces: int = _NAMESPACES) -> list[Row]:
    """Each map in a process of its own, for its peak memory."""
    half, whole = (_made(pods // part, policies // part, namespaces // part) for part in (2, 1))
    shape = f"map of {pods:,} pods on {namespaces:,} namespaces, {policies:,} policies"
    size = f"{whole['classes']:,} classes, {whole['rows']:,} rows, {whole['pairs']:,} pairs"
    return [
        Row(f"{shape}: seconds", f"{whole['map']:.1f}", size),
        Row(f"{shape}: printing as text and as JSON, seconds", f"{whole['printing']:.1f}", f"{whole['bytes']:,} bytes"),
        Row(f"{shape}: peak memory", f"{whole['peak'] / 2**20:.0f} MiB", "the model of the cluster included"),
        Row(
            "the same: growth when the cluster doubles",
            f"{whole['map'] / half['map']:.1f}",
            f"half: {half['map']:.1f} s",
        ),
    ]


def _made(*size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.map_scale", "--once", ",".join(map(str, size))]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _once(pods: int, policies: int, namespaces: int) -> dict[str, float]:
    """The map of one cluster in this process: seconds, bytes and counts."""
    cluster = loaded(Order(pods=pods, policies=policies, namespaces=namespaces))
    started = time.process_time()
    found = connectivity(cluster, PROFILES["generic"])
    mapped = time.process_time()
    printed = len(render_map_text(found, Style())) + len(render_map_json(found, is_grouped=True))
    return {
        "map": mapped - started,
        "printing": time.process_time() - mapped,
        "bytes": printed,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "classes": len(found.classes),
        "rows": len(found.rows),
        "pairs": found.pair_count,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=6_000)
    parser.add_argument("--namespaces", type=int, default=_NAMESPACES)
    parser.add_argument("--once", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(_once(*map(int, given.once.split(",")))))
    else:
        print_rows(measure(given.pods, given.policies, given.namespaces))


if __name__ == "__main__":
    main()
