"""Two revisions of growing size, compared by netproof and by NCA, whole commands side by side.

    python -m benchmarks.diff_peer --nca COMMAND [--sizes 4,8,16,32]

NCA is `network-config-analyzer` on PyPI; install it into an environment of its own and give its command.  Each size is
a number of namespaces, each with three Deployments and four NetworkPolicies, of which one in the whole cluster differs
between the revisions.  Printed per size: processor time of `netproof diff` (every pod that could be created), of
`netproof diff --universe inventory` (the pods there are, as NCA asks), of `nca --semantic_diff` and of `nca --equiv`,
and the ratio of NCA's to netproof's on the same question.  Ratios within one run are what counts.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from benchmarks.measuring import cost_within

TIERS = ("web", "api", "db")


def objects(namespaces: int, changed_port: int) -> Iterator[dict[str, object]]:
    """The cluster; `changed_port` is what the last namespace's first rule opens."""
    for n in range(namespaces):
        name = f"team-{n}"
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": str(n)}}}
        yield policy(name, "closed", {"podSelector": {}, "policyTypes": ["Ingress"]})
        for before, tier in zip(("front", *TIERS), TIERS, strict=False):
            port = changed_port if n == namespaces - 1 and tier == TIERS[0] else 8080
            labels = {"tier": tier}
            container = {"name": "main", "image": "registry.example/app:1"}
            yield {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": tier, "namespace": name},
                "spec": {
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
                },
            }
            peer = {"podSelector": {"matchLabels": {"tier": before}}} if tier != "web" else {"namespaceSelector": {}}
            rule = {"from": [peer], "ports": [{"port": port}]}
            yield policy(name, tier, {"podSelector": {"matchLabels": labels}, "ingress": [rule]})


def policy(namespace: str, name: str, spec: dict[str, object]) -> dict[str, object]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def seconds(command: Sequence[str], limit: float) -> float | None:
    """Processor time of the whole command; None if it has no answer after `limit` seconds."""
    cost = cost_within(limit, command)
    return cost and cost.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nca", required=True, help="the command of NCA")
    parser.add_argument("--netproof", default=f"{sys.executable} -m analyzer", help="the command of netproof")
    parser.add_argument("--sizes", default="4,8,16,32")
    parser.add_argument("--limit", type=float, default=300, help="seconds a command may take")
    given = parser.parse_args()
    ours, theirs = shlex.split(given.netproof), shlex.split(given.nca)
    print("namespaces  policies   any  inventory  nca semantic_diff  nca equiv   nca/inventory")
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            sides = []
            for word, port in (("old", 8080), ("new", 8081)):
                side = Path(folder, word)
                side.mkdir()
                (side / "all.yaml").write_text(yaml.safe_dump_all(objects(size, port)), encoding="utf-8")
                sides.append(str(side))
            old, new = sides
            base = ["--base_resource_list", old, "--resource_list", new]
            found = [
                seconds([*ours, "diff", old, new], given.limit),
                seconds([*ours, "diff", old, new, "--universe", "inventory"], given.limit),
                seconds([*theirs, "--semantic_diff", *base], given.limit),
                seconds([*theirs, "--equiv", *base], given.limit),
            ]
        shown = ["-" if s is None else f"{s:.2f}" for s in found]
        ratio = "-" if found[1] is None or found[2] is None else f"{found[2] / found[1]:.1f}"
        print(
            f"{size:10}  {size * 4:8}  {shown[0]:>5} {shown[1]:>9} {shown[2]:>18} {shown[3]:>10} {ratio:>15}",
            flush=True,
        )


if __name__ == "__main__":
    main()
