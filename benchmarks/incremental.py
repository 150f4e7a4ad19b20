"""One policy changes: what the answer costs beside a full run.  `python -m benchmarks.incremental [--pods 100000]`.

The packs ask of ten and of a hundred pairs of tenants whether one reaches the other, and one asks of all tenants at
once.  A full run reads the manifests (YAML) and answers; then one NetworkPolicy loses its rules, and gets them back,
and the same is proposed and not done.  Processor time.  Then what the gate of a cluster does: `tenant-isolation` of a
tenth of the pods, one policy proposed that leaves it as it is, and one that breaks it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import CheckSession
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.editing import edited
from analyzer.model.policies import Action, Policy, Rule
from analyzer.packs import find
from benchmarks.generate import Order, loaded, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import SETTING, pack_of, pairs

_CHANGES = 6
WIDE = "one query about all tenants"


def measure(pods: int = 100_000, policies: int = 10_000) -> list[Row]:
    """The ratio for queries about few namespaces, and for one about all of them."""
    with tempfile.TemporaryDirectory() as folder:
        namespaces = pods // 100
        made = make(Order(pods=pods, policies=policies, namespaces=namespaces))
        made.write(Path(folder))
        started = time.process_time()
        cluster = load([folder + "/manifests"], jobs=1).cluster
        read = time.process_time() - started
    shape = f"{pods:,} workloads, {len(cluster.policies):,} policies, {len(cluster.namespaces):,} namespaces"
    wide = pack_of("every pods in namespaces(tenant) is isolated for ingress within namespaces")
    asked = {"10 pairs of tenants": pairs(cluster, 10), "100 pairs of tenants": pairs(cluster), WIDE: wide}
    rows = []
    for name, pack in asked.items():
        started = time.process_time()
        session = CheckSession(cluster, [pack], setting=SETTING)
        full = read + time.process_time() - started
        change, proposal = _costs(session, _policy(cluster))
        against = f"full run: {full:.1f} s, of it reading {read:.1f} s ({shape})"
        rows.append(Row(f"after one policy changed, {name}: beside a full run", f"{change / full:.3f}", against))
        rows.append(
            Row(f"after one policy changed, {name}: ms", f"{1000 * change:.0f}", f"proposed: {1000 * proposal:.0f} ms")
        )
    return rows


def gate(pods: int = 10_000) -> list[Row]:
    """What a proposed policy costs under `tenant-isolation`."""
    cluster = loaded(Order(pods=pods, policies=3 * pods // 10, namespaces=pods // 20), "list")
    session = CheckSession(cluster, [find("tenant-isolation", {})], setting=SETTING)
    policy = _policy(cluster)
    opened = replace(policy, name="opened", ingress=(Rule(Action.ACCEPT, None, None, 0, policy.source),))
    rows = []
    for name, proposed in {"the same policy": replace(policy, name="again"), "an open one": opened}.items():
        cost = _proposal(session, proposed)
        statuses = ", ".join(f"{n} {s}" for s, n in Counter(v.status.value for v in session.answer.verdicts).items())
        rows.append(
            Row(f"tenant-isolation, {name} proposed: ms", f"{1000 * cost:.0f}", f"{pods:,} workloads; {statuses}")
        )
    return rows


def all_rows(pods: int, policies: int) -> list[Row]:
    """Both, the gate's cluster a tenth as large."""
    return [*measure(pods, policies), *gate(pods // 10)]


def _costs(session: CheckSession, policy: Policy) -> tuple[float, float]:
    """Of the policy without its rules and with them again, and of the first proposed."""
    closed = replace(policy, ingress=())
    change = _each(lambda number: session.change(put=[policy if number % 2 else closed]))
    return change, _proposal(session, closed)


def _proposal(session: CheckSession, policy: Policy) -> float:
    return _each(lambda _: session.propose(edited(session.cluster, [policy])))


def _policy(cluster: Cluster) -> Policy:
    return next(p for p in cluster.policies if p.kind == "NetworkPolicy" and p.ingress and p.namespace)


def _each(act: Callable[[int], object]) -> float:
    """Processor seconds that each of a few takes."""
    started = time.process_time()
    for number in range(_CHANGES):
        act(number)
    return (time.process_time() - started) / _CHANGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=10_000)
    given = parser.parse_args()
    print_rows(all_rows(given.pods, given.policies))


if __name__ == "__main__":
    main()
