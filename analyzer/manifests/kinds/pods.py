"""Pod, v1.  Finished pods reach nothing (reference A12.4)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.manifests.kinds.cidrs import parse_address
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.pod_placement import read_host, read_placement
from analyzer.manifests.kinds.pod_template import PodSource, read_owner, read_shape
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.labels import Labels
from analyzer.model.mesh import REDIRECTED, REDIRECTION, STATUS, UNINJECTED, UNREDIRECTED
from analyzer.sets.addresses import IPAddress

_ENI = "vpc.amazonaws.com/pod-eni"
_FINISHED = ("Succeeded", "Failed")


def _read(manifest: Manifest) -> PodSource:
    spec = manifest.root.section("spec")
    status = manifest.root.section("status")
    shape = read_shape(manifest.metadata, spec)
    is_bound = status is not None and (status.text("phase") == "Running" or any(map(status.has, ("podIP", "podIPs"))))
    shape = replace(shape, annotations=_of_mesh(manifest, shape.annotations, is_bound=is_bound))
    owner = read_owner(manifest.metadata)
    return PodSource(
        kind=manifest.kind,
        group=manifest.group,
        namespace=manifest.namespace or DEFAULT_NAMESPACE,
        name=manifest.name,
        shape=shape,
        owner=owner,
        source=manifest.source,
        ips=_addresses(status, "podIP", "podIPs") if status else (),
        host_ips=_addresses(status, "hostIP", "hostIPs") if status else (),
        node=(spec.text("nodeName") if spec else None) or "",
        is_pod=True,
        placement=read_placement(spec),
        host=replace(read_host(spec, shape.labels, manifest.kind), eni=_interface(manifest, status)),
        is_finished=status is not None and status.text("phase") in _FINISHED,
        is_bound=is_bound,
    )


def _of_mesh(manifest: Manifest, annotations: Labels, *, is_bound: bool) -> Labels:
    """With what the server shows of a pod without a sidecar: one that is past the injector never gets one, and of one
    that runs without istio-cni's word nobody knows whether ztunnel stands before it."""
    if STATUS in annotations:
        return annotations
    found, is_stored = dict(annotations), manifest.log.is_stored
    if is_stored:
        found[UNINJECTED] = ""
    written = manifest.metadata.data.get("annotations")
    if is_bound and isinstance(written, Mapping) and written.get(REDIRECTION) == REDIRECTED:
        found[REDIRECTION] = REDIRECTED
    elif is_bound and is_stored:
        found[UNREDIRECTED] = ""
    return Labels(found) if found else annotations


def _interface(manifest: Manifest, status: Section | None) -> bool | None:
    """Whether Amazon's controller has given the pod an interface of its own, as far as a live one tells (aws.md S1)."""
    if not manifest.log.is_stored or status is None or not status.has("podIP"):
        return None
    annotations = manifest.metadata.data.get("annotations")
    return isinstance(annotations, Mapping) and _ENI in annotations


def _addresses(status: Section, single: str, several: str) -> tuple[IPAddress, ...]:
    """The addresses of both families, each once."""
    written = [(status, single)] if status.has(single) else []
    written += [(item, "ip") for item in status.sections(several) if item.has("ip")]
    found: dict[IPAddress, None] = {}
    for section, key in written:
        text = section.text(key)
        if not text:
            continue
        try:
            found[parse_address(text)] = None
        except ValueError:
            section.problem(key, f"is `{text}`, which is no address")
    return tuple(found)


KIND = ObjectKind("Pod", "", ("v1",), _read, adds_pods=True)
