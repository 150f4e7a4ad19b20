"""Reading, and everything `check` does, beside the bare parse of the same files: `python -m benchmarks.reading`.

At the reference size (1,000 namespaces, 20,000 workloads, 6,000 policies) unless told otherwise.  Processor time and
peak memory of whole processes, netproof by one process as the bare parse is; and the check by two processes, in time
that passes.  The bare parse is PyYAML's C loader for YAML, the standard library's for JSON.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.generate import MULTI_TENANT, Order, make
from benchmarks.measuring import Cost, Row, cost_of, least_of, print_rows

_BARE_YAML = """
import pathlib, sys, yaml
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    for document in yaml.load_all(file.read_bytes(), yaml.CSafeLoader):
        pass
"""
_BARE_JSON = "import json, pathlib, sys; json.loads(next(pathlib.Path(sys.argv[1]).iterdir()).read_bytes())"
_LOAD = "import sys; from analyzer.manifests import load; load([sys.argv[1]], jobs=1)"
_CHECK = ["-m", "analyzer", "check", "-q", TENANTS_APART]


def measure(pods: int = 20_000, policies: int = 6_000, rounds: int = 3) -> list[Row]:
    """Ratios of processor time to the bare parse, and of peak memory to the size of the input."""
    with tempfile.TemporaryDirectory() as folder:
        made = make(Order(MULTI_TENANT, pods, policies))
        sizes = {}
        for form in ("yaml", "list"):
            made.write(Path(folder, form), form)
            sizes[form] = sum(file.stat().st_size for file in Path(folder, form, "manifests").iterdir())
        yaml, json = f"{folder}/yaml/manifests", f"{folder}/list/manifests"
        costs = least_of(
            {
                "bare yaml": ["-c", _BARE_YAML, yaml],
                "load yaml": ["-c", _LOAD, yaml],
                "check yaml": [*_CHECK, yaml, "--jobs", "1"],
                "bare json": ["-c", _BARE_JSON, json],
                "load json": ["-c", _LOAD, json],
            },
            rounds,
        )
        passed = [_passing([*_CHECK, yaml, "--jobs", str(jobs)]) for jobs in (1, 2)]
    shape = f"{len(made.places) + 4:,} namespaces, {pods:,} workloads, {policies:,} policies"
    return [
        _time(f"reading YAML ({shape})", costs["load yaml"], costs["bare yaml"], "PyYAML's C loader", sizes["yaml"]),
        _time(
            "check, all tenants apart, same files", costs["check yaml"], costs["bare yaml"], "the same", sizes["yaml"]
        ),
        _time("reading the same as one List", costs["load json"], costs["bare json"], "json.loads", sizes["list"]),
        Row("the check by two processes", f"{passed[1] / passed[0]:.2f}", f"by one: {passed[0]:.1f} s passed"),
        _memory("peak memory of reading YAML", costs["load yaml"], sizes["yaml"]),
        _memory("peak memory of the check", costs["check yaml"], sizes["yaml"]),
        _memory("peak memory of reading the List", costs["load json"], sizes["list"]),
    ]


def _passing(command: list[str]) -> float:
    started = time.perf_counter()
    cost_of(command)
    return time.perf_counter() - started


def _time(what: str, ours: Cost, bare: Cost, name: str, size: int) -> Row:
    against = f"{name}: {bare.seconds:.1f} s of processor time for {size / 1e6:.0f} MB"
    return Row(what, f"{ours.seconds / bare.seconds:.2f}", against)


def _memory(what: str, ours: Cost, size: int) -> Row:
    return Row(what, f"{ours.peak / size:.1f}", f"the size of the input: {size / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print_rows(measure(given.pods, given.policies, given.rounds))


if __name__ == "__main__":
    main()
