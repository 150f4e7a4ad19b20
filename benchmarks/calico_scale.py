"""What Calico's own policies cost beside NetworkPolicies that say the same: `python -m benchmarks.calico_scale`.

    python -m benchmarks.calico_scale [--namespaces 1000]

The reference cluster as it is, and with each NetworkPolicy written as one of Calico's, as Calico itself would translate
it; both under the profile `calico`.  Processor time of the answers, the cluster being read, and of reading it.
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

_SETTING = Setting(Universe.ANY, PROFILES["calico"].with_knob("calico-version", "3.31"))
_OPERATORS = {"In": "in", "NotIn": "not in"}


# ------------------------------------------------------------------------------------------------ translation
def as_calico(thing: Object) -> Object:
    """A NetworkPolicy as Calico would keep it; any other object as it is."""
    if thing["kind"] != "NetworkPolicy" or not thing["apiVersion"].startswith("networking.k8s.io"):
        return thing
    spec: Any = thing["spec"]
    new: dict[str, Any] = {"order": 1000, "selector": _selector(spec["podSelector"])}
    for key, peer, side in (("ingress", "from", "source"), ("egress", "to", "destination")):
        if key in spec:
            new[key] = [made for rule in spec[key] for made in _rules(rule, peer, side)]
    new["types"] = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    return {**thing, "apiVersion": "projectcalico.org/v3", "spec": new}


def _rules(rule: dict[str, Any], peer: str, side: str) -> Iterator[dict[str, Any]]:
    by_protocol: dict[str, list[Any]] = {}
    for port in rule.get("ports") or ():
        number = port["port"]
        its = f"{number}:{port['endPort']}" if "endPort" in port else number
        by_protocol.setdefault(port.get("protocol", "TCP"), []).append(its)
    for end in rule.get(peer) or ({},):
        for protocol, ports in by_protocol.items() or (("", []),):
            made: dict[str, Any] = {"action": "Allow", side: _entity(end)}
            if protocol:
                made["protocol"] = protocol
                made["destination"] = {**made.get("destination", {}), "ports": ports}
            yield {key: value for key, value in made.items() if value}


def _entity(end: dict[str, Any]) -> dict[str, Any]:
    if "ipBlock" in end:
        block = end["ipBlock"]
        return {"nets": [block["cidr"]], **({"notNets": block["except"]} if block.get("except") else {})}
    found = {}
    if "podSelector" in end:
        found["selector"] = _selector(end["podSelector"])
    if "namespaceSelector" in end:
        found["namespaceSelector"] = _selector(end["namespaceSelector"])
    return found


def _selector(selector: dict[str, Any]) -> str:
    terms = [f"{key} == '{value}'" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, operator = each["key"], each["operator"]
        if operator in _OPERATORS:
            terms.append(f"{key} {_OPERATORS[operator]} {{{', '.join(repr(value) for value in each['values'])}}}")
        else:
            terms.append(f"has({key})" if operator == "Exists" else f"!has({key})")
    return " && ".join(terms) or "all()"


# ------------------------------------------------------------------------------------------------ figures
def measure(namespaces: int = 1000) -> list[Row]:
    """As `ratios`."""
    return ratios("Calico", as_calico, _SETTING, namespaces)


if __name__ == "__main__":
    main(__doc__, measure)
