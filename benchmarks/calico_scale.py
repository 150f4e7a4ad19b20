"""What Calico's own policies cost beside NetworkPolicies that say the same: `python -m benchmarks.calico_scale`.

    python -m benchmarks.calico_scale [--namespaces 1000]

The reference cluster as it is, and with each NetworkPolicy written as one of Calico's, as Calico itself would translate
it; both under the profile `calico`.  Processor time of the answers, the cluster being read, and of reading it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from analyzer.analysis import Setting, check
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.packs import find
from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.clusters.objects import Object
from benchmarks.clusters.text import json_list
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from benchmarks.pack_scale import pack_of, pairs

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
def read(objects: Iterable[Object]) -> tuple[Cluster, float]:
    """The cluster, and what reading it costs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cluster.json")
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json_list(iter(objects)))
        started = time.process_time()
        cluster = load([str(file)]).cluster
        return cluster, time.process_time() - started


def answers(cluster: Cluster, pack: Pack) -> tuple[float, list[str]]:
    started = time.process_time()
    found = check(cluster, [pack], setting=_SETTING)
    cost = time.process_time() - started
    return cost, [verdict.status.value for section in found.sections for verdict in section.verdicts]


def measure(namespaces: int = 1000) -> list[Row]:
    """The ratio for each question; AssertionError where the two clusters answer differently."""
    made = make(Order(pods=20 * namespaces, policies=6 * namespaces, namespaces=namespaces))
    (plain, read_plain), (own, read_own) = read(made.objects()), read(map(as_calico, made.objects()))
    told = f"{read_own:.2f} s, NetworkPolicies {read_plain:.2f} s, of {namespaces:,} namespaces"
    rows = [Row("reading Calico's policies instead of NetworkPolicies", f"{read_own / read_plain:.2f}", told)]
    packs = {"all tenants apart": pack_of(TENANTS_APART), "two tenants apart": pairs(plain, 1)}
    packs |= {"baseline pack": find("baseline", {}), "100 queries on two tenants each": pairs(plain)}
    for name, pack in packs.items():
        (cost, said), (cost_own, said_own) = answers(plain, pack), answers(own, pack)
        assert said == said_own, name
        figures = f"{cost_own:.2f} s, NetworkPolicies {cost:.2f} s"
        rows.append(Row(f"{name}: the same in Calico's policies", f"{cost_own / cost:.2f}", figures))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    print_rows(measure(parser.parse_args().namespaces))


if __name__ == "__main__":
    main()
