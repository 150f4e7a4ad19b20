"""What an engine's own policies cost beside NetworkPolicies that say the same, of the reference cluster.

Processor time of the answers, the cluster being read, and of reading it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from analyzer.analysis import Setting, check
from analyzer.manifests import load
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.packs import find
from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.clusters.objects import Object
from benchmarks.clusters.text import json_list
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import pack_of, pairs


def read(objects: Iterable[Object]) -> tuple[Cluster, float]:
    """The cluster, and what reading it costs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cluster.json")
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json_list(iter(objects)))
        started = time.process_time()
        cluster = load([str(file)]).cluster
        return cluster, time.process_time() - started


def answers(cluster: Cluster, pack: Pack, setting: Setting) -> tuple[float, list[str]]:
    started = time.process_time()
    found = check(cluster, [pack], setting=setting)
    cost = time.process_time() - started
    return cost, [verdict.status.value for section in found.sections for verdict in section.verdicts]


def ratios(engine: str, as_own: Callable[[Object], Object], setting: Setting, namespaces: int) -> list[Row]:
    """The ratio for each question; AssertionError where the two clusters answer differently.

    `as_own`: a NetworkPolicy in the engine's words, any other object as it is.
    """
    made = make(Order(pods=20 * namespaces, policies=6 * namespaces, namespaces=namespaces))
    (plain, read_plain), (own, read_own) = read(made.objects()), read(map(as_own, made.objects()))
    told = f"{read_own:.2f} s, NetworkPolicies {read_plain:.2f} s, of {namespaces:,} namespaces"
    rows = [Row(f"reading {engine}'s policies instead of NetworkPolicies", f"{read_own / read_plain:.2f}", told)]
    packs = {"all tenants apart": pack_of(TENANTS_APART), "two tenants apart": pairs(plain, 1)}
    packs |= {"baseline pack": find("baseline", {}), "100 queries on two tenants each": pairs(plain)}
    for name, pack in packs.items():
        (cost, said), (cost_own, said_own) = answers(plain, pack, setting), answers(own, pack, setting)
        assert said == said_own, name
        figures = f"{cost_own:.2f} s, NetworkPolicies {cost:.2f} s"
        rows.append(Row(f"{name}: the same in {engine}'s policies", f"{cost_own / cost:.2f}", figures))
    return rows


def main(description: str | None, measure: Callable[[int], list[Row]]) -> None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    print_rows(measure(parser.parse_args().namespaces))
