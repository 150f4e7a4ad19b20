"""One isolation question put to netproof and to NCA, whole commands on the same files, at growing sizes.

    python -m benchmarks.peer [--nca COMMAND] [--sizes 8,16,32,64] [--limit 200]

NCA is `network-config-analyzer` on PyPI; install it into an environment of its own and give its command;
without one its figures are `not measured`.  Each size is
a number of namespaces, each with three Deployments and four NetworkPolicies.  The question is whether a pod of one
namespace may open a connection to the database of another: `--forbids` in NCA, which asks it of the pods there are; in
netproof of those, and of every pod that could be created.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from benchmarks.diff_peer import objects, policy, seconds
from benchmarks.measuring import NOT_MEASURED, Row, print_rows

NAME = "kubernetes.io/metadata.name"
CLAIM = "no pods in namespaces(team) can reach pods(tier=db) where src.namespace != dst.namespace"


def forbidden(namespaces: int) -> Iterator[dict[str, object]]:
    """The same question as policies that name what must not be."""
    for n in range(namespaces):
        others = {"matchExpressions": [{"key": NAME, "operator": "NotIn", "values": [f"team-{n}"]}]}
        rule = {"from": [{"namespaceSelector": others}]}
        yield policy(f"team-{n}", "forbidden", {"podSelector": {"matchLabels": {"tier": "db"}}, "ingress": [rule]})


def measure(nca: Sequence[str] | None, sizes: Sequence[int] = (8, 16, 32, 64), limit: float = 200) -> list[Row]:
    """Processor time, and NCA's in units of netproof's; a size at which NCA ends at the limit is the last."""
    rows = []
    if nca is not None:
        seconds([*nca, "--help"], limit)  # compiles the modules
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for name, documents in (("all", objects(size, 8080)), ("forbidden", forbidden(size))):
                place = Path(folder, name)
                place.mkdir()
                (place / f"{name}.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
            files, asked = f"{folder}/all", f"{folder}/forbidden/forbidden.yaml"
            ours = [sys.executable, "-m", "analyzer", "check", files, "-q", CLAIM]
            for _ in range(2):  # the first time compiles the modules
                there = seconds([*ours, "--universe", "inventory"], limit)
                future = seconds(ours, limit)
            theirs = None if nca is None else seconds(_forbids(nca, asked, files), limit)
        what = f"{size} namespaces, {3 * size} workloads, {4 * size} policies: NCA / netproof, pods there are"
        if there is None or future is None:
            raise RuntimeError("netproof did not answer")
        told = f"netproof {there:.2f} s, every pod that could be: {future:.2f} s"
        if nca is None:
            rows.append(Row(what, NOT_MEASURED, told))
        elif theirs is None:
            rows.append(Row(what, f"> {limit / there:.0f}", f"{told}, NCA: no answer in {limit:.0f} s"))
            break
        else:
            rows.append(Row(what, f"{theirs / there:.1f}", f"{told}, NCA {theirs:.1f} s"))
    return rows


def _forbids(nca: Sequence[str], asked: str, files: str) -> list[str]:
    return [*nca, "--forbids", asked, "--resource_list", files, "--base_resource_list", files]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nca", type=shlex.split, help="the command of NCA")
    parser.add_argument("--sizes", default="8,16,32,64")
    parser.add_argument("--limit", type=float, default=200, help="seconds a command may take")
    given = parser.parse_args()
    print_rows(measure(given.nca, [int(size) for size in given.sizes.split(",")], given.limit))


if __name__ == "__main__":
    main()
