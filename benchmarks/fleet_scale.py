"""A fleet of generated clusters: one report from one process, from two, and from Dask with a worker that is killed.

    python -m benchmarks.fleet_scale [--clusters 200]

Each cluster has leaks of its own.  The three reports must be the same; the seconds are of the clock.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import distributed

from analyzer.fleet.journal import Journal
from analyzer.fleet.orders import Order, Source
from analyzer.fleet.running import run
from analyzer.reports.fleet_json import render_fleet_json
from benchmarks.generate import Order as ClusterOrder
from benchmarks.generate import make
from benchmarks.measuring import Row, print_rows


def measure(clusters: int = 200) -> list[Row]:
    """How long each way takes."""
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for number in range(clusters):
            place = Path(folder) / f"c{number}"
            make(ClusterOrder(pods=20, policies=16, namespaces=8, leaks=number % 4, seed=number)).write(place)
            sources.append(Source(f"c{number}", (str(place / "manifests"),)))
        order = Order(tuple(sources), packs=("tenant-isolation",))
        ways: dict[str, Callable[[], bytes]] = {
            "one process": lambda: _report(order, 1),
            "two processes": lambda: _report(order, 2),
            "Dask, one of two workers killed": lambda: _by_dask(order),
        }
        rows, reports = [], []
        for name, way in ways.items():
            started = time.perf_counter()
            reports.append(way())
            rows.append(Row(f"fleet of {clusters} clusters, {name}: s", f"{time.perf_counter() - started:.0f}"))
    if any(report != reports[0] for report in reports):
        raise SystemExit("the reports differ")
    return rows


def _report(order: Order, jobs: int) -> bytes:
    return render_fleet_json(run(order, Journal(None, order), jobs, None, None))


def _by_dask(order: Order) -> bytes:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, protocol="tcp://") as cluster:
        killed: list[int] = []

        def kill(name: str, done: int, total: int) -> None:
            """In the midst."""
            process = next(iter(cluster.workers.values())).process
            if not killed and done >= total // 3 and process is not None and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)

        found = run(order, Journal(None, order), 1, cluster.scheduler_address, kill)
    if not killed:
        raise SystemExit("no worker was killed")
    return render_fleet_json(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, default=200)
    print_rows(measure(parser.parse_args().clusters))


if __name__ == "__main__":
    main()
