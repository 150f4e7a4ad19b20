"""The controllers that make pods from a template: Deployment, StatefulSet, DaemonSet, ReplicaSet,
ReplicationController, Job, CronJob, and OpenShift's DeploymentConfig."""

from __future__ import annotations

from analyzer.manifests.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.pod_template import PodSource, read_owner, read_shape
from analyzer.manifests.section import Section

_MOST_REPLICAS = 2**31 - 1


def _read(manifest: Manifest) -> PodSource | None:
    return _source(manifest, manifest.root.section("spec"))


def _read_cron_job(manifest: Manifest) -> PodSource | None:
    spec = manifest.root.section("spec")
    job = spec.section("jobTemplate") if spec else None
    return _source(manifest, job.section("spec") if job else None)


def _source(manifest: Manifest, spec: Section | None) -> PodSource | None:
    template = spec.section("template") if spec else None
    owner = read_owner(manifest.metadata)
    if spec is None or template is None:
        where = "spec.jobTemplate.spec.template" if manifest.kind == "CronJob" else "spec.template"
        if not manifest.log.problems:
            message = f"`{where}` is missing: this {manifest.kind} makes no pods"
            manifest.log.problem(manifest.root.place(), message, "the API requires it")
        return None
    return PodSource(
        kind=manifest.kind,
        group=manifest.group,
        namespace=manifest.namespace or DEFAULT_NAMESPACE,
        name=manifest.name,
        shape=read_shape(template.section("metadata"), template.section("spec")),
        owner=owner,
        source=manifest.source,
        replicas=spec.integer("replicas", 0, _MOST_REPLICAS) if spec.has("replicas") else None,
    )


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
