"""Counterexamples as manifests: the namespaces and pods that show them, ready to apply beside the policies.

Written by hand rather than by a YAML library so that every object keeps the comment that says what it shows.  All
values are JSON strings, which YAML reads as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from analyzer.model.claims import Query
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort
from analyzer.model.endpoints import End, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.reports import words
from analyzer.reports.visible import visible
from analyzer.verdicts.regions import EndRegion
from analyzer.verdicts.verdict import Answer, Counterexample

IMAGE = "registry.k8s.io/pause:3.10"


def witness_yaml(answer: Answer, cluster: Cluster) -> bytes:
    """UTF-8 YAML, comments only when nothing is refuted or all witnesses are there already.

    A namespace that the manifests declare is not repeated; neither is a workload of theirs: a comment names it.
    """
    writer = _Writer(cluster)
    for verdict in answer.verdicts:
        for number, example in enumerate(verdict.counterexamples, 1):
            writer.add(verdict.query, example, number)
    return writer.text().encode("utf-8")


class _Writer:
    """Collects documents; equal pods are written once, equal namespaces too."""

    def __init__(self, cluster: Cluster) -> None:
        self._declared = {n.name for n in cluster.namespaces if n.is_declared}
        self._flows: list[str] = []
        self._namespaces: dict[str, Labels] = {}
        self._pods: dict[Pod, str] = {}
        self._shows: dict[Pod, list[str]] = {}

    def add(self, query: Query, example: Counterexample, number: int) -> None:
        name = f"{query.id} {number}"
        if example.connection is not None:
            flow = words.flow(example.connection, example.new_namespaces)
            ends: tuple[End, ...] = (example.connection.src, example.connection.dst)
        elif example.subject is not None:
            flow = f"{words.end(example.subject, example.new_namespaces)} is not isolated"
            ends = (example.subject,)
        else:
            return
        self._flows.append(f"{name}: {flow}")
        regions = (example.region.src, example.region.dst)
        for role, end, region in zip(("source", "destination"), ends, regions, strict=False):
            if isinstance(end, Pod) and end.workload is None:
                self._add_pod(end, query.id, f"{role} of {name}", region)

    def _add_pod(self, pod: Pod, query_id: str, shows: str, region: EndRegion | None) -> None:
        if region is not None and region.addresses is not None:
            shows += f"; it shows only while the pod has an address in {words.addresses(region.addresses)}"
        if pod.namespace not in self._declared:
            self._namespaces.setdefault(pod.namespace, pod.namespace_labels)
        if pod not in self._pods:
            self._pods[pod] = _dns_name(f"netproof-{query_id}", len(self._pods) + 1)
        self._shows.setdefault(pod, []).append(shows)

    def text(self) -> str:
        lines = ["# Witnesses found by netproof.  Apply them beside the policies to see each connection for yourself."]
        if not self._flows:
            lines.append("# Nothing was refuted by a counterexample: there is nothing to apply.")
        elif not self._pods:
            lines.append("# Every witness is a workload that the manifests hold already: there is nothing to apply.")
        lines += [f"#   {visible(flow)}" for flow in self._flows]
        documents = [self._namespace(name, own) for name, own in sorted(self._namespaces.items())]
        documents += [self._pod(pod, name) for pod, name in self._pods.items()]
        return "".join(f"{line}\n" for document in (lines, *documents) for line in document)

    def _namespace(self, name: str, own: Labels) -> list[str]:
        lines = ["---", "apiVersion: v1", "kind: Namespace", "metadata:", f"  name: {_quoted(name)}"]
        return lines + _label_lines({k: v for k, v in own.items() if k != NAMESPACE_NAME_LABEL})

    def _pod(self, pod: Pod, name: str) -> list[str]:
        lines = ["---", *(f"# {visible(shows)}" for shows in self._shows[pod]), "apiVersion: v1", "kind: Pod"]
        lines += ["metadata:", f"  name: {_quoted(name)}", f"  namespace: {_quoted(pod.namespace)}"]
        lines += _label_lines(dict(pod.labels))
        lines.append("spec:")
        if pod.service_account != "default":
            lines.append(f"  serviceAccountName: {_quoted(pod.service_account)}")
        if pod.host_network:
            lines.append("  hostNetwork: true")
        ports: dict[ContainerKind, list[ContainerPort]] = {ContainerKind.CONTAINER: []}
        for port in pod.ports:
            ports.setdefault(port.container, []).append(port)
        lines += ["  containers:", *_container("main", ports.pop(ContainerKind.CONTAINER))]
        if ports:
            lines.append("  initContainers:")
        for kind, own in ports.items():
            lines += _container(kind.value, own, is_sidecar=kind is ContainerKind.SIDECAR)
        return lines


def _container(name: str, ports: list[ContainerPort], *, is_sidecar: bool = False) -> Iterator[str]:
    yield f"    - name: {name}"
    yield f"      image: {IMAGE}"
    if is_sidecar:
        yield "      restartPolicy: Always"
    if ports:
        yield "      ports:"
    for port in ports:
        yield f"        - containerPort: {port.number}"
        if port.name:
            yield f"          name: {_quoted(port.name)}"
        if port.protocol is not Protocol.TCP:
            yield f"          protocol: {port.protocol.value}"


def _label_lines(labels: dict[str, str]) -> list[str]:
    if not labels:
        return []
    return ["  labels:", *(f"    {_quoted(key)}: {_quoted(value)}" for key, value in sorted(labels.items()))]


def _quoted(text: str) -> str:
    return json.dumps(text)


def _dns_name(text: str, number: int) -> str:
    """A DNS-1123 label of at most 63 characters, made unique by its number."""
    tail = f"-{number}"
    safe = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return safe[: 63 - len(tail)].rstrip("-") + tail
