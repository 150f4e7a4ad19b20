"""How the connectivity map grows: `python -m benchmarks.map_scale [NAMESPACES] [WORKLOADS PER NAMESPACE]`.

Makes a cluster as model objects: every namespace denies ingress by default and lets in its own pods, its front's port
from everywhere, and its metrics port from namespace `monitoring`; every third denies egress but for its own pods, DNS
and one range of addresses outside.  Prints classes, rows and pairs, and time and memory for each step.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator

from analyzer.analysis import connectivity
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.reports.layout import Style
from analyzer.reports.map_json import render_map_json
from analyzer.reports.map_text import render_map_text
from analyzer.sets import AddressSet

APPS = ("front", "api", "db", "cache", "queue", "worker", "mail", "search", "cron", "metrics")
PLACE = Source("policies.yaml", 1)


def where(**labels: str) -> Selector:
    return Selector(tuple(Requirement(k, Operator.IN, frozenset({v})) for k, v in labels.items()))


def rule(index: int, peers: tuple[Peer, ...] | None, *ports: tuple[Protocol, int]) -> Rule:
    entries = tuple(NumberedPorts(protocol, number) for protocol, number in ports) or None
    return Rule(Action.ACCEPT, peers, entries, index, PLACE)


def policy(
    namespace: str, name: str, pods: Selector, ingress: tuple[Rule, ...] | None, egress: tuple[Rule, ...] | None
) -> Policy:
    subject = PodPeer(NamespaceNamed(namespace), pods)
    return Policy("NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, ingress, egress, PLACE)


def policies(number: int) -> Iterator[Policy]:
    name = f"team-{number}"
    own = PodPeer(NamespaceNamed(name))
    named = {key: NamespacesMatching(where(**{NAMESPACE_NAME_LABEL: key})) for key in ("monitoring", "kube-system")}
    yield policy(name, "default", Selector.EVERYTHING, (rule(0, (own,)),), None)
    yield policy(name, "front", where(app="front"), (rule(0, None, (Protocol.TCP, 8443)),), None)
    yield policy(name, "db", where(app="db"), (rule(0, (PodPeer(named["monitoring"]),), (Protocol.TCP, 9187)),), None)
    if number % 3 == 0:
        dns = PodPeer(named["kube-system"], where(app="dns"))
        block = f"198.18.{number % 250}.0/24"
        outward = AddressPeer(AddressSet.of(block), block)
        egress = (rule(0, (own,)), rule(1, (dns,), (Protocol.UDP, 53)), rule(2, (outward,), (Protocol.TCP, 443)))
        yield policy(name, "egress", Selector.EVERYTHING, None, egress)


def cluster(namespaces: int, size: int) -> Cluster:
    names = [f"team-{i}" for i in range(namespaces - 2)]
    workloads = [
        Workload("Deployment", name, f"{APPS[i % len(APPS)]}-{i}", Labels({"app": APPS[i % len(APPS)], "n": str(i)}))
        for name in names
        for i in range(size)
    ]
    workloads += [
        Workload("Deployment", "kube-system", "dns", Labels({"app": "dns"})),
        Workload("Deployment", "monitoring", "prometheus", Labels({"app": "prometheus"})),
    ]
    return Cluster(
        tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in (*names, "kube-system", "monitoring")),
        tuple(workloads),
        policies=tuple(p for i in range(namespaces - 2) for p in policies(i)),
    )


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]]
    namespaces, size = (*sizes, *(1000, 100)[len(sizes) :])
    steps = [("cluster", time.perf_counter())]

    def done(name: str) -> None:
        now = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{steps[-1][0]:<10} {now - steps[-1][1]:7.2f} s   peak {peak:7.0f} MiB")
        steps.append((name, now))

    here = cluster(namespaces, size)
    done("map")
    for profile in ("cilium", "generic"):
        found = connectivity(here, PROFILES[profile])
        done("text")
        render_map_text(found, Style())
        done("json")
        text = render_map_json(found, is_grouped=True)
        done("map")
        print(
            f"{profile}: {len(here.workloads):,} workloads, {len(here.policies):,} policies, "
            f"{len(found.classes):,} classes, {len(found.rows):,} rows, {found.pair_count:,} pairs, "
            f"{len(text) / 2**20:.0f} MiB of JSON"
        )


if __name__ == "__main__":
    main()
