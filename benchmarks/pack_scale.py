"""How the cost of queries grows with the cluster: `python -m benchmarks.pack_scale [--namespaces 1000]`.

Asked of a cluster of so many namespaces, and of clusters a quarter and half as large: whether all tenants are apart,
whether two of them are, the baseline pack, and a pack of a hundred queries about two tenants each.  Processor time of
the answers alone, the cluster being read, and what it is when the cluster doubles; and the pack of a hundred by two
processes, in time that passes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from analyzer.analysis import Setting, check
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.packs import find
from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.generate import Order, loaded
from benchmarks.measuring import Row, print_rows

SETTING = Setting(Universe.ANY, PROFILES["generic"])
_PAIRS = 100


def pack_of(*claims: str) -> Pack:
    return Pack("benchmark", "", tuple(parse_query(text, f"q{i}") for i, text in enumerate(claims, 1)))


def pairs(cluster: Cluster, count: int = _PAIRS) -> Pack:
    """Whether one tenant reaches another, for so many pairs."""
    tenants = sorted({n.labels["tenant"] for n in cluster.namespaces if "tenant" in n.labels})
    return pack_of(
        *(
            f"no pods in namespaces(tenant={tenants[i % len(tenants)]}) "
            f"can reach pods in namespaces(tenant={tenants[(7 * i + 1) % len(tenants)]})"
            for i in range(count)
        )
    )


def seconds(clock: Callable[[], float], cluster: Cluster, pack: Pack, jobs: int = 1) -> float:
    started = clock()
    check(cluster, [pack], setting=SETTING, jobs=jobs)
    return clock() - started


def measure(namespaces: int = 1000) -> list[Row]:
    """Processor time at each size, and by how much the last doubling multiplies it."""
    sizes = (namespaces // 4, namespaces // 2, namespaces)
    clusters = [loaded(Order(pods=20 * size, policies=6 * size, namespaces=size), "list") for size in sizes]
    packs: dict[str, Callable[[Cluster], Pack]] = {
        "all tenants apart": lambda _: pack_of(TENANTS_APART),
        "two tenants apart": lambda cluster: pairs(cluster, 1),
        "baseline pack": lambda _: find("baseline", {}),
        f"{_PAIRS} queries on two tenants each": pairs,
    }
    rows = []
    for name, made in packs.items():
        costs = [seconds(time.process_time, cluster, made(cluster)) for cluster in clusters]
        told = ", ".join(f"{cost:.2f} s at {size:,}" for cost, size in zip(costs, sizes, strict=True))
        rows.append(Row(f"{name}: growth when the namespaces double", f"{costs[2] / costs[1]:.1f}", told))
    one, two = (seconds(time.perf_counter, clusters[2], pairs(clusters[2]), jobs) for jobs in (1, 2))
    rows.append(Row("two processes instead of one, the same pack", f"{two / one:.2f}", f"one: {one:.1f} s passed"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    print_rows(measure(parser.parse_args().namespaces))


if __name__ == "__main__":
    main()
