"""Run the benchmarks and write their figures into benchmarks/README.md: `python -m benchmarks.table`.

    python -m benchmarks.table [--scale 1.0] [--nca COMMAND] [--npa COMMAND] [--limit 200] [--only NAME,…]

`--scale` multiplies every size: 1.0 is the reference size (1,000 namespaces; 100,000 pods for what follows a
change).  Without `--nca` and `--npa`, the commands of network-config-analyzer and netpol-analyzer, their figures are
`not measured`, and netproof's stand beside.  With `--only` everything else is left as it stands in the file.
"""

from __future__ import annotations

import argparse
import platform
import re
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    aws_scale,
    calico_scale,
    charts_scale,
    cilium_scale,
    diff_scale,
    incremental,
    map_peer,
    map_scale,
    mesh_scale,
    pack_scale,
    peer,
    reading,
    startup,
    strings_scale,
)
from benchmarks.measuring import Row

README = Path(__file__).with_name("README.md")


@dataclass(frozen=True)
class Part:
    """One part of the table: `command` repeats it alone."""

    name: str
    command: str
    measure: Callable[[], list[Row]]


def parts(scale: float, nca: Sequence[str] | None, npa: Sequence[str] | None, limit: float) -> list[Part]:
    """The parts in the order of the table, each at its size."""
    pods, large = int(20_000 * scale), int(100_000 * scale)
    found = [
        Part("start-up", "benchmarks.startup", lambda: startup.measure(5)),
        Part("reading", "benchmarks.reading", lambda: reading.measure(pods, int(6_000 * scale), 1)),
        Part("queries", "benchmarks.pack_scale", lambda: pack_scale.measure(int(1_000 * scale))),
        Part("change", "benchmarks.incremental", lambda: incremental.all_rows(large, large // 10)),
        Part("comparison", "benchmarks.diff_scale", lambda: diff_scale.measure(pods, int(10_000 * scale))),
        Part("map", "benchmarks.map_scale", lambda: map_scale.measure(large, int(6_000 * scale), int(1_000 * scale))),
    ]
    found.append(Part("Calico", "benchmarks.calico_scale", lambda: calico_scale.measure(int(1_000 * scale))))
    found.append(Part("Cilium", "benchmarks.cilium_scale", lambda: cilium_scale.measure(int(1_000 * scale))))
    found.append(Part("AWS", "benchmarks.aws_scale", lambda: aws_scale.measure(int(1_000 * scale))))
    found.append(Part("mesh", "benchmarks.mesh_scale", lambda: mesh_scale.measure(int(1_000 * scale))))
    found.append(Part("strings", "benchmarks.strings_scale", strings_scale.measure))
    found.append(Part("charts", "benchmarks.charts_scale", lambda: charts_scale.measure(max(int(40 * scale), 2))))
    nca_sizes = [size for size in (8, 16, 32, 64, 128) if size <= max(8, 128 * scale)]
    found.append(Part("NCA", "benchmarks.peer --nca nca", lambda: peer.measure(nca, nca_sizes, limit)))
    npa_sizes = [size for size in map_peer.SIZES if size <= max(100, 1_600 * scale)]
    command = "benchmarks.map_peer --npa netpol-analyzer"
    found.append(Part("netpol-analyzer", command, lambda: map_peer.measure(npa, npa_sizes, limit)))
    return found


def block(part: Part, rows: list[Row]) -> str:
    """The part as Markdown, between the comments that mark its place."""
    lines = [f"### {part.name}", "", f"`python -m {part.command}`", "", "| what | figure | beside |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.against} |".replace(">", "&gt;") for row in rows]
    return "\n".join([f"<!-- {part.name} -->", *lines, f"<!-- end of {part.name} -->"])


def put(text: str, name: str, new: str) -> str:
    """The text with the part of that name replaced, or added at the end."""
    place = re.compile(rf"<!-- {re.escape(name)} -->.*?<!-- end of {re.escape(name)} -->", re.DOTALL)
    return place.sub(lambda _: new, text) if place.search(text) else f"{text.rstrip()}\n\n{new}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--nca", type=shlex.split, help="the command of NCA, from an environment of its own")
    parser.add_argument("--npa", type=shlex.split, help="the command of netpol-analyzer")
    parser.add_argument("--limit", type=float, default=200, help="seconds NCA and netpol-analyzer may take")
    parser.add_argument("--only", default="", help="names of parts, comma-separated")
    given = parser.parse_args()
    wanted = {name.strip() for name in given.only.split(",") if name.strip()}
    for part in parts(given.scale, given.nca, given.npa, given.limit):
        if wanted and part.name not in wanted:
            continue
        started = time.monotonic()
        rows = part.measure()
        README.write_text(put(README.read_text(encoding="utf-8"), part.name, block(part, rows)), encoding="utf-8")
        print(f"{part.name}: {time.monotonic() - started:.0f} s", flush=True)
    text = README.read_text(encoding="utf-8")
    where = (
        f"<!-- run -->Python {platform.python_version()}, {platform.system()} {platform.machine()}<!-- end of run -->"
    )
    README.write_text(put(text, "run", where), encoding="utf-8")


if __name__ == "__main__":
    main()
