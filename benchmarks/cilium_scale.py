"""What Cilium's own policies cost beside NetworkPolicies that say the same: `python -m benchmarks.cilium_scale`.

    python -m benchmarks.cilium_scale [--namespaces 1000]

The reference cluster as it is, and with each NetworkPolicy written as one of Cilium's; both under the profile `cilium`.
Processor time of the answers, the cluster being read, and of reading it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

from analyzer.analysis import Setting, check
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.packs import find
from benchmarks.calico_scale import read
from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.clusters.objects import Object
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import pack_of, pairs

_SETTING = Setting(Universe.ANY, PROFILES["cilium"])
_NAMESPACE = "io.kubernetes.pod.namespace"
_OF_NAMESPACE = "io.cilium.k8s.namespace.labels."


# ------------------------------------------------------------------------------------------------ translation
def as_cilium(thing: Object) -> Object:
    """A NetworkPolicy in Cilium's words; any other object as it is."""
    if thing["kind"] != "NetworkPolicy" or not thing["apiVersion"].startswith("networking.k8s.io"):
        return thing
    spec: Any = thing["spec"]
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    new: dict[str, Any] = {"endpointSelector": spec["podSelector"]}
    for key, peer, way in (("ingress", "from", "from"), ("egress", "to", "to")):
        if key.capitalize() in types:
            entries = [made for rule in spec.get(key) or () for made in _entries(rule, peer, way)]
            new[key] = entries or [{}]  # an entry that matches nobody closes
    return {**thing, "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "spec": new}


def _entries(rule: dict[str, Any], peer: str, way: str) -> Iterator[dict[str, Any]]:
    """One for the pods that are named, one for the addresses: an entry holds peers of one kind."""
    ports = [_port(port) for port in rule.get("ports") or ()]
    on = {"toPorts": [{"ports": ports}]} if ports else {}
    ends = rule.get(peer) or ()
    pods = [_selector(end) for end in ends if "ipBlock" not in end]
    blocks = [end["ipBlock"] for end in ends if "ipBlock" in end]
    if pods:
        yield {f"{way}Endpoints": pods, **on}
    if blocks:
        yield {f"{way}CIDRSet": blocks, **on}
    if not ends:
        yield {f"{way}Entities": ["all"], **on}


def _port(port: dict[str, Any]) -> dict[str, Any]:
    found = {"port": str(port.get("port", 0)), "protocol": port.get("protocol", "TCP")}
    return {**found, "endPort": port["endPort"]} if "endPort" in port else found


def _selector(end: dict[str, Any]) -> dict[str, Any]:
    """The labels of a pod and of its namespace in one selector; without any of a namespace, of its own."""
    pods, namespaces = end.get("podSelector") or {}, end.get("namespaceSelector")
    labels = dict(pods.get("matchLabels") or {})
    expressions = list(pods.get("matchExpressions") or ())
    if namespaces is not None:
        labels |= {f"{_OF_NAMESPACE}{key}": value for key, value in (namespaces.get("matchLabels") or {}).items()}
        expressions += [
            {**one, "key": f"{_OF_NAMESPACE}{one['key']}"} for one in namespaces.get("matchExpressions") or ()
        ]
        expressions.append({"key": _NAMESPACE, "operator": "Exists"})
    found: dict[str, Any] = {"matchLabels": labels} if labels else {}
    return {**found, "matchExpressions": expressions} if expressions else found


# ------------------------------------------------------------------------------------------------ figures
def answers(cluster: Cluster, pack: Pack) -> tuple[float, list[str]]:
    started = time.process_time()
    found = check(cluster, [pack], setting=_SETTING)
    cost = time.process_time() - started
    return cost, [verdict.status.value for section in found.sections for verdict in section.verdicts]


def measure(namespaces: int = 1000) -> list[Row]:
    """The ratio for each question; AssertionError where the two clusters answer differently."""
    made = make(Order(pods=20 * namespaces, policies=6 * namespaces, namespaces=namespaces))
    (plain, read_plain), (own, read_own) = read(made.objects()), read(map(as_cilium, made.objects()))
    told = f"{read_own:.2f} s, NetworkPolicies {read_plain:.2f} s, of {namespaces:,} namespaces"
    rows = [Row("reading Cilium's policies instead of NetworkPolicies", f"{read_own / read_plain:.2f}", told)]
    packs = {"all tenants apart": pack_of(TENANTS_APART), "two tenants apart": pairs(plain, 1)}
    packs |= {"baseline pack": find("baseline", {}), "100 queries on two tenants each": pairs(plain)}
    for name, pack in packs.items():
        (cost, said), (cost_own, said_own) = answers(plain, pack), answers(own, pack)
        assert said == said_own, name
        figures = f"{cost_own:.2f} s, NetworkPolicies {cost:.2f} s"
        rows.append(Row(f"{name}: the same in Cilium's policies", f"{cost_own / cost:.2f}", figures))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    print_rows(measure(parser.parse_args().namespaces))


if __name__ == "__main__":
    main()
