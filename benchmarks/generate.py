"""A realistic cluster of any size, the same for the same arguments, with mistakes planted in it on request.

    python -m benchmarks.generate --style multi-tenant --pods 20000 --policies 6000 --out DIR [--as yaml|list]

Writes DIR/manifests/ (YAML: one file of many documents for each namespace; list: one `kubectl get -o json` List) and
DIR/leaks.json: of each planted mistake the query that finds it, who can reach whom, and the policy that is wrong.
Without leaks the queries hold.  `--pods` counts workloads, each a Deployment of one pod; `--namespaces` and the others
count everything that is written.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from benchmarks.clusters import microservices, multi_tenant
from benchmarks.clusters.microservices import Domain
from benchmarks.clusters.multi_tenant import OTHER_END, Home
from benchmarks.clusters.objects import INFRASTRUCTURE_SIZE, Leak, Object, infrastructure
from benchmarks.clusters.text import json_list, yaml_documents

MULTI_TENANT, MICROSERVICES = "multi-tenant", "microservices"
STYLES = {MULTI_TENANT: multi_tenant, MICROSERVICES: microservices}
_WORKLOADS_EACH = {MULTI_TENANT: 20, MICROSERVICES: 100}
_CLUSTER_WIDE = {MULTI_TENANT: 2, MICROSERVICES: 1}
Place = Home | Domain


@dataclass(frozen=True)
class Order:
    """What to make.  `namespaces` follows from the number of pods if it is 0; so many `leaks` as there is room for."""

    style: str = MULTI_TENANT
    pods: int = 20_000
    policies: int = 6_000
    namespaces: int = 0
    leaks: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Made:
    """The objects, by the file they stand in, and the mistakes among them."""

    order: Order
    places: tuple[Place, ...]
    leaks: tuple[Leak, ...]

    def files(self) -> Iterator[tuple[str, list[Object]]]:
        """Name and objects of each file."""
        yield "cluster", STYLES[self.order.style].cluster_wide(self.order.policies)
        for objects in infrastructure():
            yield objects[0]["metadata"]["name"], objects
        for place in self.places:
            objects_of = multi_tenant.objects(place) if isinstance(place, Home) else microservices.objects(place)
            yield place.name, list(objects_of)

    def objects(self) -> Iterator[Object]:
        for _, objects in self.files():
            yield from objects

    def write(self, folder: Path, form: str = "yaml") -> None:
        """Write the manifests, and the list of leaks beside them."""
        manifests = folder / "manifests"
        manifests.mkdir(parents=True, exist_ok=True)
        if form == "yaml":
            for name, objects in self.files():
                if objects:
                    (manifests / f"{name}.yaml").write_text(yaml_documents(objects), encoding="utf-8")
        else:
            with (manifests / "cluster.json").open("w", encoding="utf-8") as file:
                file.writelines(json_list(self.objects()))
        leaks = [{**asdict(leak), "query": leak.query} for leak in self.leaks]
        (folder / "leaks.json").write_text(json.dumps(leaks, indent=2) + "\n", encoding="utf-8")


def make(order: Order) -> Made:
    """The cluster ordered; its counts are those ordered, wherever a cluster can be so small."""
    count = order.namespaces or order.pods // _WORKLOADS_EACH[order.style]
    count = max(count - INFRASTRUCTURE_SIZE, 2)
    pods = max(order.pods - INFRASTRUCTURE_SIZE, 0)
    policies = max(order.policies - _CLUSTER_WIDE[order.style], 0)
    kind = Home if order.style == MULTI_TENANT else Domain
    shares = zip(_shared(pods, count), _shared(policies, count), strict=True)
    places: list[Place] = [kind(number, *share) for number, share in enumerate(shares)]
    leaks = _plant(places, order)
    return Made(order, tuple(places), tuple(leaks))


def loaded(order: Order, form: str = "yaml") -> Cluster:
    """The cluster ordered, as netproof reads it."""
    with tempfile.TemporaryDirectory() as folder:
        make(order).write(Path(folder), form)
        return load([folder + "/manifests"]).cluster


def _shared(total: int, count: int) -> list[int]:
    """So many things over so many places, as evenly as can be."""
    return [total // count + (number < total % count) for number in range(count)]


def _plant(places: list[Place], order: Order) -> Iterator[Leak]:
    """Mistakes of every kind in turn, each in a namespace of its own."""
    style = STYLES[order.style]
    chance = random.Random(order.seed)
    free = list(range(len(places)))
    chance.shuffle(free)
    planted: list[Leak] = []
    tries = 0
    while len(planted) < order.leaks and tries < order.leaks + len(style.LEAKS):
        kind = style.LEAKS[tries % len(style.LEAKS)]
        tries += 1
        number = next((n for n in free if _has_room(places, free, n, kind)), None)
        if number is None:
            continue
        free.remove(number)
        places[number] = replace(places[number], leak=kind)
        if kind == "other-tenant":
            free.remove(number + 2)
            places[number + 2] = replace(places[number + 2], leak=OTHER_END)
        place = places[number]
        planted.append(multi_tenant.leak(place) if isinstance(place, Home) else microservices.leak(place))
    return iter(planted)


def _has_room(places: list[Place], free: list[int], number: int, kind: str) -> bool:
    other = number + 2
    if kind == "other-tenant" and not (other in free and places[other].may_leak(OTHER_END)):
        return False
    return places[number].may_leak(kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--style", choices=tuple(STYLES), default=MULTI_TENANT)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--policies", type=int, default=6_000)
    parser.add_argument("--namespaces", type=int, default=0, help="default: from the number of pods")
    parser.add_argument("--leaks", type=int, help="default: one of each kind; 0 plants none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--as", dest="form", choices=("yaml", "list"), default="yaml")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    leaks = len(STYLES[given.style].LEAKS) if given.leaks is None else given.leaks
    made = make(Order(given.style, given.pods, given.policies, given.namespaces, leaks, given.seed))
    made.write(given.out, given.form)
    size = sum(file.stat().st_size for file in (given.out / "manifests").iterdir())
    print(
        f"{len(made.places) + INFRASTRUCTURE_SIZE:,} namespaces, {size / 1e6:.1f} MB, {len(made.leaks)} leaks planted"
    )


if __name__ == "__main__":
    main()
