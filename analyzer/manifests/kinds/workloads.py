"""The controllers that make pods from a template: Deployment, StatefulSet, DaemonSet, ReplicaSet,
ReplicationController, Job, CronJob, and OpenShift's DeploymentConfig."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.manifests.kinds.added_labels import with_added
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.pod_placement import read_host, read_placement
from analyzer.manifests.kinds.pod_template import Option, PodSource, read_owner, read_shape
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section

_MOST_REPLICAS = 2**31 - 1
_REVISION = "deployment.kubernetes.io/revision"


def _read(manifest: Manifest) -> PodSource | None:
    return _source(manifest, manifest.root.section("spec"))


def _read_cron_job(manifest: Manifest) -> PodSource | None:
    spec = manifest.root.section("spec")
    template = spec.section("jobTemplate") if spec else None
    job = template.section("spec") if template else None
    if job is not None:
        _check_selector(job)
    return _source(manifest, job)


def _check_selector(job: Section) -> None:
    """The Jobs of a CronJob never choose their pods themselves (pkg/apis/batch/validation, ValidateJobTemplateSpec)."""
    hint = "leave it out: each Job gets a selector of its own"
    if job.has("selector"):
        job.problem("selector", "is not for the Jobs of a CronJob", hint)
    if job.boolean("manualSelector"):
        job.problem("manualSelector", "is `true`, which the Jobs of a CronJob cannot have", hint)


def _source(manifest: Manifest, spec: Section | None) -> PodSource | None:
    template = spec.section("template") if spec else None
    owner = read_owner(manifest.metadata)
    if spec is None or template is None:
        where = "spec.jobTemplate.spec.template" if manifest.kind == "CronJob" else "spec.template"
        if not manifest.log.problems:
            message = f"`{where}` is missing: this {manifest.kind} makes no pods"
            manifest.log.problem(manifest.root.place(), message, "the API requires it")
        return None
    shape = read_shape(template.section("metadata"), template.section("spec"))
    labels, added = with_added(shape.labels, manifest, spec)
    annotations = manifest.metadata.section("annotations")
    return PodSource(
        kind=manifest.kind,
        group=manifest.group,
        namespace=manifest.namespace or DEFAULT_NAMESPACE,
        name=manifest.name,
        shape=replace(shape, labels=labels),
        owner=owner,
        source=manifest.source,
        replicas=0 if _is_finished(manifest) else _replicas(spec),
        added=added,
        revision=(annotations.text(_REVISION) if annotations else None) or "",
        node=_node_of(template),
        placement=read_placement(template.section("spec")),
        host=read_host(template.section("spec"), labels, manifest.kind),
        images=_images(template) if manifest.kind == "DaemonSet" else (),
        options=tuple(_options(template)) if manifest.name in _TELLING and manifest.kind == "DaemonSet" else (),
    )


def _node_of(template: Section) -> str:
    """The node to which its pods are bound from the start."""
    spec = template.section("spec")
    return (spec.text("nodeName") if spec is not None else None) or ""


def _images(template: Section) -> tuple[str, ...]:
    spec = template.section("spec")
    containers = spec.sections("containers") if spec is not None else []
    return tuple(image for image in (container.text("image") for container in containers) if image)


_TELLING = ("aws-node", "kindnet", "kube-router")
"""Agents whose settings change answers."""


def _options(template: Section) -> Iterator[Option]:
    """In the order in which they count, the last of one name most: what is taken whole goes before variables."""
    spec = template.section("spec")
    for container in spec.sections("containers") if spec is not None else ():
        name = container.text("name") or ""
        yield Option(name, "")
        for source in container.sections("envFrom"):
            yield _taken(Option(name, "", key=source.text("prefix") or ""), source, "configMapRef", "secretRef")
        for variable in container.sections("env"):
            own, value, origin = variable.text("name"), variable.data.get("value"), variable.section("valueFrom")
            if own and origin is not None:
                yield _taken(Option(name, own), origin, "configMapKeyRef", "")
            elif own and (isinstance(value, str) or value is None):
                yield Option(name, own, value or "")
        for flag, _ in (*container.texts("command"), *container.texts("args")):
            own, _, value = flag.partition("=")
            yield Option(name, own, value)


def _taken(option: Option, source: Section, key: str, other: str) -> Option:
    """The option with what it is taken from."""
    found = source.section(key)
    if found is None:
        kind = next((each for each in source.data if each not in ("prefix", key)), other or key)
        where = source.section(kind) if isinstance(source.data.get(kind), Mapping) else None
        named = where.text("name") if where is not None else None
        return replace(option, other=f"{kind} {named}" if named else kind)
    name, inner = found.text("name") or "", found.text("key")
    return replace(option, config_map=name, key=inner or option.key, is_optional=found.boolean("optional"))


def _replicas(spec: Section) -> int | None:
    return spec.integer("replicas", 0, _MOST_REPLICAS) if spec.has("replicas") else None


def _is_finished(manifest: Manifest) -> bool:
    """A Job that is done makes no more pods."""
    status = manifest.root.section("status") if manifest.kind == "Job" else None
    conditions = status.sections("conditions") if status else []
    return any(c.text("type") in ("Complete", "Failed") and c.text("status") == "True" for c in conditions)


KINDS = (
    ObjectKind("Deployment", "apps", ("v1",), _read, adds_pods=True),
    ObjectKind("StatefulSet", "apps", ("v1",), _read, adds_pods=True),
    ObjectKind("DaemonSet", "apps", ("v1",), _read, adds_pods=True),
    ObjectKind("ReplicaSet", "apps", ("v1",), _read, adds_pods=True),
    ObjectKind("ReplicationController", "", ("v1",), _read, adds_pods=True),
    ObjectKind("Job", "batch", ("v1",), _read, adds_pods=True),
    ObjectKind("CronJob", "batch", ("v1",), _read_cron_job, adds_pods=True),
    ObjectKind("DeploymentConfig", "apps.openshift.io", ("v1",), _read, adds_pods=True),
)
