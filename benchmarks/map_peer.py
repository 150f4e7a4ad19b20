"""The map of the same files by netproof and by netpol-analyzer (Go), whole commands, at growing sizes.

    python -m benchmarks.map_peer [--npa COMMAND] [--sizes 100,400,1600] [--limit 200]

COMMAND is called as `COMMAND list --dirpath DIRECTORY`; without one its figures are `not measured`.  Sizes are numbers
of workloads, five to a namespace with two policies.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.generate import Order, make
from benchmarks.measuring import NOT_MEASURED, Row, cost_within, print_rows

SIZES = (100, 400, 1600)


def measure(npa: Sequence[str] | None, sizes: Sequence[int] = SIZES, limit: float = 200) -> list[Row]:
    """Processor time of netproof's map, in units of the other's."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make(Order(pods=size, policies=2 * size // 5, namespaces=size // 5)).write(Path(folder))
            files = f"{folder}/manifests"
            map_of = [sys.executable, "-m", "analyzer", "map", files]
            ours = [cost_within(limit, map_of) for _ in range(2)][-1]  # the first time compiles the modules
            theirs = None if npa is None else cost_within(limit, [*npa, "list", "--dirpath", files])
        if ours is None:
            raise RuntimeError("netproof gave no map")
        what = f"the map of {size:,} workloads: netproof / netpol-analyzer"
        told = f"netproof {ours.seconds:.2f} s"
        if npa is None:
            figure = NOT_MEASURED
        elif theirs is None:
            figure, told = f"< {ours.seconds / limit:.3f}", f"{told}, netpol-analyzer gave none within {limit:.0f} s"
        else:
            figure = f"{ours.seconds / theirs.seconds:.2f}"
            told = f"{told}, netpol-analyzer {theirs.seconds:.2f} s"
        rows.append(Row(what, figure, told))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--npa", type=shlex.split, help="the command of netpol-analyzer")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--limit", type=float, default=200, help="seconds a command may take")
    given = parser.parse_args()
    print_rows(measure(given.npa, [int(size) for size in given.sizes.split(",")], given.limit))


if __name__ == "__main__":
    main()
