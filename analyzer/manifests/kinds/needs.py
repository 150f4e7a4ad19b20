"""What objects that decide no connection tell of who needs which: bindings of roles, webhooks, cloud identities.

Read as far as it can be: what is missing or wrong here is no problem of the manifests, only nothing to tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE
from analyzer.model.needs import Need, NeedKind
from analyzer.model.source import Source

_CLOUD_IDENTITY = "iam.gke.io/gcp-service-account"  # GKE Workload Identity hands out its tokens at the metadata address
_HTTPS = 443  # of a webhook's Service that names no port

_Called = Iterator[Mapping[str, Any]]


def needs_of(kind: str, group: str, name: str, namespace: str, data: Mapping[str, Any], source: Source) -> list[Need]:
    """What the object tells; nothing of most kinds."""
    by = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
    namespace = namespace or DEFAULT_NAMESPACE
    if group == "rbac.authorization.k8s.io" and kind in ("RoleBinding", "ClusterRoleBinding"):
        return [
            Need(str(subject.get("namespace") or namespace), str(subject.get("name")), by, source, NeedKind.API_SERVER)
            for subject in _mappings(data.get("subjects"))
            if subject.get("kind") == "ServiceAccount"
        ]
    if kind == "ServiceAccount" and not group:
        annotations = _inner(_inner(data, "metadata"), "annotations")
        return [Need(namespace, name, by, source, NeedKind.METADATA)] if annotations.get(_CLOUD_IDENTITY) else []
    found = _CALLED.get((kind, group))
    return [] if found is None else [need for service in found(data) for need in _webhook(service, by, source)]


def _webhook(service: Mapping[str, Any], by: str, source: Source) -> Iterator[Need]:
    port, name, namespace = service.get("port", _HTTPS), service.get("name"), service.get("namespace")
    if isinstance(name, str) and isinstance(namespace, str) and isinstance(port, int):
        yield Need(namespace, name, by, source, NeedKind.WEBHOOK, port)


def _of_webhooks(data: Mapping[str, Any]) -> _Called:
    for webhook in _mappings(data.get("webhooks")):
        yield _inner(_inner(webhook, "clientConfig"), "service")


def _of_conversion(data: Mapping[str, Any]) -> _Called:
    conversion = _inner(_inner(data, "spec"), "conversion")
    yield _inner(_inner(_inner(conversion, "webhook"), "clientConfig"), "service")


def _of_api_service(data: Mapping[str, Any]) -> _Called:
    yield _inner(_inner(data, "spec"), "service")


_CALLED: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], _Called]] = {
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io"): _of_webhooks,
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io"): _of_webhooks,
    ("CustomResourceDefinition", "apiextensions.k8s.io"): _of_conversion,
    ("APIService", "apiregistration.k8s.io"): _of_api_service,
}


def _inner(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (item for item in value if isinstance(item, Mapping))
