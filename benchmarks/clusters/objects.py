"""Kubernetes objects as plain data, as large as real ones: what is read past must be there to be read past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

CLUSTER_WIDE = "policy.networking.k8s.io/v1alpha1"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
METADATA_SERVICE = "169.254.0.0/16"


@dataclass(frozen=True)
class Leak:
    """One mistake made on purpose: `who` can reach `whom`, both sets of the query language, on `ports` if only there.

    `policy` is where the mistake stands.
    """

    kind: str
    who: str
    whom: str
    policy: str
    ports: str = ""

    @property
    def query(self) -> str:
        """What holds without the mistake, and is refuted with it."""
        return f"no {self.who} can reach {self.whom}" + (f" on {self.ports}" if self.ports else "")


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def deployment(where: str, name: str, labels: Mapping[str, str], ports: Mapping[str, int]) -> Object:
    """A Deployment of one container; `ports` are its TCP ports by name."""
    first = next(iter(ports.values()))
    container = {
        "name": "main",
        "image": f"registry.example.com/{where}/{name}:1.{len(name)}.3",
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "HTTP_PORT", "value": str(first)},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": f"{name}-secret", "key": "password"}}},
        ],
        "ports": [{"name": port, "containerPort": number, "protocol": "TCP"} for port, number in ports.items()],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": first}, "periodSeconds": 10, "failureThreshold": 3},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": where,
            "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "Helm"},
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": labels["app"]}},
            "template": {
                "metadata": {"labels": dict(labels), "annotations": {"checksum/config": f"{hash_of(where + name)}"}},
                "spec": {"serviceAccountName": "default", "containers": [container]},
            },
        },
    }


def hash_of(text: str) -> str:
    """Sixteen hexadecimal digits, the same in every run."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def service(where: str, name: str, app: str, port: int, target: int | str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": where},
        "spec": {"selector": {"app": app}, "ports": [{"name": "main", "port": port, "targetPort": target}]},
    }


def settings(where: str) -> list[Object]:
    """What every namespace holds besides, and what no policy sees."""
    text = "server:\n  address: 0.0.0.0\n  timeout: 30s\nlogging:\n  format: json\n"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer", "namespace": where}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": where},
            "data": {"app.yaml": text, "FEATURE": "true"},
        },
    ]


def policy(
    where: str,
    name: str,
    pods: Object,
    ingress: Sequence[Object] | None = None,
    egress: Sequence[Object] | None = None,
) -> Object:
    """A NetworkPolicy; a direction that is None is not its business."""
    spec: Object = {"podSelector": pods, "policyTypes": []}
    for word, rules in (("Ingress", ingress), ("Egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(word)
            if rules:
                spec[word.lower()] = list(rules)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": where},
        "spec": spec,
    }


def where(key: str, operator: str, *values: str) -> Object:
    """One expression of a selector."""
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


def having(**labels: str) -> Object:
    """A selector by labels; an underscore in a name stands for `-`."""
    return {"matchLabels": {key.replace("_", "-"): value for key, value in labels.items()}}


def those(*expressions: Object) -> Object:
    """A selector by expressions."""
    return {"matchExpressions": list(expressions)}


def named(name: str) -> Object:
    """The selector of one namespace by its name."""
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def tcp(port: int | str, end: int | None = None) -> Object:
    return {"protocol": "TCP", "port": port} | ({"endPort": end} if end else {})


DNS: Object = {
    "to": [{"namespaceSelector": named("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
    "ports": [{"protocol": "UDP", "port": 53}, tcp(53)],
}


def infrastructure() -> list[list[Object]]:
    """The four namespaces that every cluster has, each with its one workload; `sandbox` is nobody's."""
    return [
        [
            namespace("kube-system"),
            deployment("kube-system", "coredns", {"app": "coredns", "k8s-app": "kube-dns"}, {"dns-tcp": 53}),
        ],
        [
            namespace("ingress-nginx"),
            deployment("ingress-nginx", "controller", {"app": "ingress"}, {"http": 8080, "https": 8443}),
        ],
        [
            namespace("monitoring", purpose="monitoring"),
            deployment("monitoring", "prometheus", {"app": "prometheus"}, {"web": 9090}),
        ],
        [
            namespace("sandbox", purpose="trials"),
            deployment("sandbox", "shell", {"app": "shell", "tier": "trial"}, {"http": 8080}),
        ],
    ]


INFRASTRUCTURE_SIZE = 4  # namespaces, and workloads too
