"""Many small charts in one call: `python -m benchmarks.charts_scale [--charts 40]`.

So many directories of some twenty objects each, with a mistake in every one: `netproof check DIRECTORY -p baseline` for
each, and `netproof fleet` of all in one process.  Processor time of whole processes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.generate import STYLES, Order, make
from benchmarks.measuring import Row, cost_of, print_rows

_NETPROOF = ("-m", "analyzer")


def measure(charts: int = 40) -> list[Row]:
    """The one call in units of the many."""
    with tempfile.TemporaryDirectory() as folder:
        places = []
        for number in range(charts):
            order = Order(style=[*STYLES][number % 2], pods=25, policies=8, namespaces=6, leaks=1, seed=number)
            make(order).write(Path(folder, f"chart-{number}"))
            places.append(f"{folder}/chart-{number}/manifests")
        single = sum(cost_of([*_NETPROOF, "check", place, "-p", "baseline"]).seconds for place in places)
        fleet = cost_of([*_NETPROOF, "fleet", *places, "-p", "baseline", "--jobs", "1"]).seconds
    told = f"one call {fleet:.1f} s, {charts} calls {single:.1f} s"
    return [Row(f"the baseline pack for {charts} small charts: in one call of `fleet`", f"{fleet / single:.2f}", told)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charts", type=int, default=40)
    print_rows(measure(parser.parse_args().charts))


if __name__ == "__main__":
    main()
