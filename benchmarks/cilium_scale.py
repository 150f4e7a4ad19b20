"""What Cilium's own policies cost beside NetworkPolicies that say the same: `python -m benchmarks.cilium_scale`.

    python -m benchmarks.cilium_scale [--namespaces 1000]

The reference cluster as it is, and with each NetworkPolicy written as one of Cilium's; both under the profile `cilium`.
Processor time of the answers, the cluster being read, and of reading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.analysis import Setting
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from benchmarks.clusters.objects import Object
from benchmarks.measuring import Row
from benchmarks.own_policies import main, ratios

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
def measure(namespaces: int = 1000) -> list[Row]:
    """As `ratios`."""
    return ratios("Cilium", as_cilium, _SETTING, namespaces)


if __name__ == "__main__":
    main(__doc__, measure)
