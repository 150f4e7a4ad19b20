"""`netproof serve` as a process of its own beside a large cluster: `python -m benchmarks.gate_scale [--pods 10000]`.

An API server (of the tests) holds the cluster and its pods, one for each workload, as a cluster that runs has them;
Services have addresses.  Then policies are proposed, one after the other, one that changes nothing and one that opens a
tenant, then workloads, pods and namespaces.  Of each kind the median answer in milliseconds of the clock, with its
least and its most, and the memory of the process: when it is ready, and when it has judged 200 changes.

`--in-process` leaves out the program and HTTP and tells processor time instead: of reading what a change makes of the
cluster, and of the verdicts.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from analyzer import inputs
from analyzer.analysis import CheckSession
from analyzer.judging import Setting
from analyzer.manifests.changing import Rules
from analyzer.manifests.live import Key, LiveObjects, texts_of
from analyzer.model.claims import Universe
from analyzer.packs import find
from analyzer.serve.memory import settle
from benchmarks.generate import Order, make
from benchmarks.measuring import Row, print_rows
from tests.serve.conftest import deployment, namespace, policy, review
from tests.serve.fake_api_server import KINDS, FakeApiServer, Thing

_TIMES = 5
_ADMISSIONS = 200
_SETTLING = 12  # seconds: what is free is given back every ten


def stored(pods: int, *, with_pods: bool) -> Iterator[Thing]:
    """The objects of the cluster, as a server gives them."""
    addresses = ipaddress.ip_network("10.96.0.0/12").hosts()
    homes = ipaddress.ip_network("10.0.0.0/9").hosts()
    known = {kind for kinds in KINDS.values() for kind, _ in kinds}
    for thing in make(Order(pods=pods, policies=3 * pods // 10, namespaces=pods // 20)).objects():
        made = json.loads(json.dumps(thing))
        if made["kind"] not in known:
            continue
        if made["kind"] == "Service" and made["spec"].get("clusterIP") != "None":
            made["spec"]["clusterIP"] = str(next(addresses))
            made["spec"]["clusterIPs"] = [made["spec"]["clusterIP"]]
        yield made
        if with_pods and made["kind"] == "Deployment":
            yield _pod_of(made, str(next(homes)))


def _pod_of(workload: Thing, address: str) -> Thing:
    """Its pod, with what a server and a kubelet write into it."""
    template, metadata = workload["spec"]["template"], workload["metadata"]
    labels = {**template["metadata"]["labels"], "pod-template-hash": "5d4f8c7b9"}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "controller": True}
    named = {"name": f"{metadata['name']}-5d4f8c7b9-abcde", "namespace": metadata["namespace"], "labels": labels}
    conditions = [{"type": kind, "status": "True"} for kind in ("Initialized", "Ready", "ContainersReady")]
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
    spec = {**template["spec"], "nodeName": "n1", "tolerations": [{"operator": "Exists"}]}
    whole = {**named, "ownerReferences": [owner], "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:a": {}}}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": whole, "spec": spec, "status": status}


def measure(pods: int = 10_000, *, with_pods: bool = True) -> list[Row]:
    """How long the answers take, and the memory that the process holds and held at most."""
    server = FakeApiServer()
    server.put(*stored(pods, with_pods=with_pods))
    server.forget_events()
    subject = next(key[1] for key in server.stored if key[0] == "networkpolicies" and key[1].startswith("t"))
    with tempfile.TemporaryDirectory() as folder:
        port, process = _started(server, Path(folder))
        try:
            started = time.monotonic()
            _until_ready(port, process)
            ready = time.monotonic() - started
            first = _answer(port, review(policy(subject, "first")))
            time.sleep(_SETTLING)
            at_first = _memory(process)
            asked: dict[str, Callable[[int], Thing]] = {
                "a policy that changes nothing": lambda n: review(policy(subject, f"same-{n}")),
                "a policy that opens a tenant": lambda n: review(policy(subject, f"open-{n}", {})),
                "a workload": lambda n: review(deployment(subject, f"new-{n}")),
                "a pod": lambda n: review(_pod_of(deployment(subject, f"pod-{n}"), "10.127.0.1")),
                "a namespace": lambda n: review(namespace(f"tools-{n}")),
                "a tenant without policies": lambda n: review(namespace(f"tenant-{n}", tenant="new")),
            }
            shape = f"{pods:,} workloads{' with their pods' if with_pods else ''}, {len(server.stored):,} objects"
            rows = [
                Row("serve: seconds until it is ready, and for the first answer", f"{ready:.0f}, {first:.0f}", shape)
            ]
            for what, change in asked.items():
                each = [1000 * _answer(port, change(number)) for number in range(_TIMES)]
                told = f"from {min(each):.0f} to {max(each):.0f}"
                rows.append(Row(f"serve: {what} proposed: ms", f"{statistics.median(each):.0f}", told))
            changes = list(asked.values())
            for number in range(_ADMISSIONS - _TIMES * len(asked)):
                _answer(port, changes[number % 2](number))
            time.sleep(_SETTLING)
            held, most = _memory(process), _memory(process, "VmHWM")
            told = f"{at_first} when it was ready, at most {most}"
            rows.append(Row(f"serve: memory after {_ADMISSIONS} changes, MiB", str(held), told))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    server.shutdown()
    server.server_close()
    return rows


def judged(pods: int = 10_000, *, with_pods: bool = True) -> list[Row]:
    """The processor time of what the gate does with a change, in one process."""
    objects = LiveObjects(Rules(keep_going=True))
    objects.change_texts(texts_of(stored(pods, with_pods=with_pods)))
    cluster = objects.load().cluster
    subject = next(it.name for it in cluster.namespaces if it.name.startswith("t"))
    setting = Setting(Universe.ANY, inputs.profile_for(None, (), cluster), max_counterexamples=1)
    started = time.process_time()
    session = CheckSession(cluster, [find("tenant-isolation", {})], setting=setting)
    first = time.process_time() - started
    settle()  # as the program does
    rows = [Row("gate: seconds for the first answer", f"{first:.1f}", f"{pods:,} workloads")]
    gone = Key("NetworkPolicy", "networking.k8s.io", subject, "default-deny")
    asked: dict[str, tuple[list[Thing], list[Key]]] = {
        "a policy that changes nothing": ([policy(subject, "same")], []),
        "a policy that opens a tenant": ([policy(subject, "open", {})], []),
        "a policy gone": ([], [gone]),
        "a workload": ([deployment(subject, "new")], []),
        "a namespace": ([namespace("tools")], []),
        "a tenant without policies": ([namespace("tenant-new", tenant="new")], []),
        "a namespace that becomes another tenant's": ([namespace(subject, tenant="t9", env="dev")], []),
    }
    for what, (put, removed) in asked.items():
        times = []
        for _ in range(_TIMES):
            started = time.process_time()
            proposed = objects.proposed(put, removed).cluster
            read = time.process_time()
            session.weighed(proposed)
            times.append((1000 * (time.process_time() - started), 1000 * (read - started)))
        whole, of_reading = sorted(times)[_TIMES // 2]
        rows.append(Row(f"gate: {what} proposed: ms", f"{whole:.0f}", f"of it reading {of_reading:.0f}"))
    return rows


def _memory(process: subprocess.Popen[bytes], what: str = "VmRSS") -> int:
    """MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith(what))


def _started(server: FakeApiServer, folder: Path) -> tuple[int, subprocess.Popen[bytes]]:
    config = folder / "kubeconfig"
    config.write_text(
        f"apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        f"clusters: [{{name: c, cluster: {{server: '{server.url}'}}}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: t}}]\n",
        encoding="utf-8",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "analyzer", "serve", "-p", "tenant-isolation", "--kubeconfig", str(config)]
    return port, subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL, env=os.environ
    )


def _until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("netproof serve ended")


def _answer(port: int, change: Thing) -> float:
    """Seconds until there is one."""
    data = json.dumps(change).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/validate", data, {"Content-Type": "application/json"})
    started = time.monotonic()
    while True:
        with urllib.request.urlopen(request, timeout=120) as found:
            outcome = json.loads(found.read())["response"]["auditAnnotations"]["outcome"]
        if outcome not in ("stale", "failed"):
            return time.monotonic() - started
        if time.monotonic() - started > 300:
            raise SystemExit(f"no answer: {outcome}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--without-pods", action="store_true", help="workloads alone")
    parser.add_argument("--in-process", action="store_true", help="processor time, without the program")
    given = parser.parse_args()
    what = judged if given.in_process else measure
    print_rows(what(given.pods, with_pods=not given.without_pods))


if __name__ == "__main__":
    main()
