"""Edits by which policies of Calico and Cilium close a direction that they leave open."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.dns import DNS_PORTS, dns_names
from analyzer.analysis.findings.engine_edits import OF_NAMESPACE, Candidate
from analyzer.analysis.findings.texts import PlacedText
from analyzer.model.cluster import Cluster
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.model.policies import Direction, NumberedPorts


def closed(cause: Cause, placed: PlacedText, cluster: Cluster, *, with_dns: bool) -> Iterator[Candidate]:
    """The direction that a policy leaves open closed, with DNS where that would be cut off."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or direction is None:
        return
    with_dns = with_dns and direction is Direction.EGRESS
    name = direction.value.capitalize()
    and_dns = ", and allow DNS" if with_dns else ""
    namespace, (key, label) = dns_names(cluster)
    spec = deepcopy(placed.value).get("spec") or {}
    if ref.policy.scale == "projectcalico.org":
        wrong = f"`types` lacks {name}, so {direction.value} stays open"
        spec["types"] = ["Ingress", "Egress"]
        if with_dns:
            to = {
                "namespaceSelector": f"{NAMESPACE_NAME_LABEL} == '{namespace}'",
                "selector": f"{key} == '{label}'",
                "ports": [53],
            }
            rules = [{"action": "Allow", "protocol": it.protocol.value, "destination": to} for it in _dns()]
            spec["egress"] = [*(spec.get("egress") or ()), *rules]
        yield Candidate({**placed.value, "spec": spec}, wrong, ("spec", "types"), f"add {name} to its `types`{and_dns}")
    elif ref.policy.scale == "cilium.io" and spec:
        said_so = (spec.get("enableDefaultDeny") or {}).get(direction.value) is False
        wrong = f"`enableDefaultDeny` does not close {direction.value}, and no rule does"
        wrong = f"`enableDefaultDeny.{direction.value}: false` leaves {direction.value} open" if said_so else wrong
        spec["enableDefaultDeny"] = {**(spec.get("enableDefaultDeny") or {}), direction.value: True}
        if with_dns:
            ends = [{"matchLabels": {OF_NAMESPACE: namespace, f"k8s:{key}": label}}]
            ports = [{"port": "53", "protocol": it.protocol.value} for it in _dns()]
            spec["egress"] = [*(spec.get("egress") or ()), {"toEndpoints": ends, "toPorts": [{"ports": ports}]}]
        said = f"set `enableDefaultDeny.{direction.value}: true`{and_dns}"
        yield Candidate({**placed.value, "spec": spec}, wrong, ("spec", "enableDefaultDeny"), said)


def _dns() -> Iterator[NumberedPorts]:
    return (entry for entry in DNS_PORTS if isinstance(entry, NumberedPorts))
