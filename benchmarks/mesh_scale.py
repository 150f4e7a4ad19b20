"""What questions about requests cost beside reading the files: `python -m benchmarks.mesh_scale`.

    python -m benchmarks.mesh_scale [--namespaces 1000]

Namespaces of a mesh with three AuthorizationPolicies each, and ten queries, some of one namespace, some of all.
Processor time, held against PyYAML's C loader on the same files; what reading leaves is not looked through for garbage
while questions are answered.  Modules are loaded beforehand, by the same questions about a few namespaces.  In the end
the whole command, which seeks the causes of what is refuted and tries an edit for each.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from benchmarks.measuring import Row, cost_of, print_rows

_NETPROOF = ("-m", "analyzer")
_WARM = 4  # namespaces

_POLICY = """apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
"""
_ONE = {
    "plaintext to one namespace": "no anything can reach namespace {a} where request.tls == plaintext",
    "a path in one namespace": 'no anything can reach namespace {a} where request.path like "/admin*"',
    "one namespace to another": "no namespace {b} can reach namespace {a}",
    "an identity in one namespace": (
        'no anything can reach pods(app=api) in namespace {a} where request.identity == "cluster.local/ns/{b}/sa/x"'
    ),
    "a health check in one namespace": (
        'some namespace {a} can reach pods(app=web) in namespace {a} on tcp/8080 where request.path == "/health"'
    ),
}
_MANY = {
    "the Internet to a fiftieth": "no internet can reach pods in namespaces(team=t3)",
    "a method in a fiftieth": (
        'no anything can reach pods(app=api) in namespaces(team=t1) where request.method == "DELETE"'
    ),
    "between two fiftieths": (
        'no pods in namespaces(team=t2) can reach pods in namespaces(team=t3) where request.method == "PUT"'
    ),
    "plaintext to every namespace": "no anything can reach pods in namespaces() where request.tls == plaintext",
    "a path in every namespace": 'no anything can reach pods in namespaces(team) where request.path like "/admin*"',
}


def files(namespaces: int) -> Iterator[tuple[str, str]]:
    """(name, text) of each file: a namespace with its policies."""
    for number in range(namespaces):
        name, other = f"tenant-{number:04d}", f"tenant-{(number + 1) % namespaces:04d}"
        specs = {
            "own": f'{{rules: [{{from: [{{source: {{namespaces: ["{name}"]}}}}], '
            f'to: [{{operation: {{methods: [GET, POST], paths: ["/v1/{number % 20}/*", /health]}}}}]}}]}}',
            "api": f"{{selector: {{matchLabels: {{app: api}}}}, rules: [{{from: [{{source: {{principals: "
            f'["cluster.local/ns/{other}/sa/front"]}}}}], to: [{{operation: {{paths: ["/api/*"]}}}}]}}]}}',
            "no-admin": '{action: DENY, rules: [{to: [{operation: {paths: ["/admin*"]}}]}]}',
        }
        labels = f"{{istio-injection: enabled, team: t{number % 50}}}"
        space = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n"
        policies = (_POLICY.format(name=its, namespace=name, spec=spec) for its, spec in specs.items())
        yield f"{name}.yaml", "---\n".join([space, *policies])


def measure(namespaces: int = 1000) -> list[Row]:
    """Reading, each query, and all of them together."""
    setting = Setting(Universe.ANY, PROFILES["generic"])
    claims = {name: claim.format(a="tenant-0007", b="tenant-0009") for name, claim in {**_ONE, **_MANY}.items()}
    _answers(_WARM, claims, setting)
    with tempfile.TemporaryDirectory() as folder:
        texts = _write(Path(folder), namespaces)
        started = time.process_time()
        for text in texts:
            list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        parsed = time.process_time() - started
        started = time.process_time()
        cluster = load([folder]).cluster
        read = time.process_time() - started
        asked = [part for claim in claims.values() for part in ("-q", claim)]
        whole = cost_of([*_NETPROOF, "check", folder, *asked, "--jobs", "1"]).seconds
    gc.set_threshold(200_000)  # as the program's start does
    gc.freeze()
    rows = [Row("reading", f"{read / parsed:.2f}", f"{read:.2f} s, PyYAML's C loader {parsed:.2f} s")]
    total = 0.0
    for name, claim in claims.items():
        cost, status = _answered(cluster, claim, setting)
        total += cost
        rows.append(Row(name, f"{cost / parsed:.2f}", f"{cost:.2f} s, {status}"))
    rows.append(Row("all ten", f"{total / parsed:.2f}", f"{total:.2f} s, {3 * namespaces:,} policies"))
    rows.append(Row("the whole command, with findings", f"{whole / parsed:.0f}", f"{whole:.1f} s"))
    return rows


def _write(folder: Path, namespaces: int) -> list[str]:
    """Writes the files; their texts."""
    texts = dict(files(namespaces))
    for name, text in texts.items():
        (folder / name).write_text(text)
    return list(texts.values())


def _answered(cluster: Cluster, claim: str, setting: Setting) -> tuple[float, str]:
    """What the answer costs, and what it is."""
    query = parse_query(claim, "q")
    started = time.process_time()
    status = judge(cluster, query, (), setting).status.value
    return time.process_time() - started, status


def _answers(namespaces: int, claims: dict[str, str], setting: Setting) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), namespaces)
        cluster = load([folder]).cluster
    for claim in claims.values():
        _answered(cluster, claim, setting)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=1000)
    print_rows(measure(parser.parse_args().namespaces))


if __name__ == "__main__":
    main()
