"""Custom resources that make pods from a template in the usual place, `spec.template`: Argo's Rollout, CloneSet, …

What their controllers add to labels is known of Rollouts: a hash, and what the strategy gives the pods of a role.  Of
other controllers nobody knows it: any label that the template does not write may be there.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.manifests.kinds.added_labels import REGION, ZONE
from analyzer.manifests.kinds.pod_placement import read_placement
from analyzer.manifests.kinds.pod_template import PodSource, read_owner, read_shape
from analyzer.manifests.text.nodes import Mapping, Sequence
from analyzer.manifests.text.section import Log, Section
from analyzer.model.added_labels import Added, Form, Unwritten, Varying
from analyzer.model.labels import Labels

_ROLLOUT = ("Rollout", "argoproj.io")
_ROLLOUT_HASH = Varying((("rollouts-pod-template-hash", ""),), Form.HASH, is_open=True)


def custom_pods(root: Section, kind: str, group: str, namespace: str, name: str) -> PodSource | None:
    """The pods that the resource's template makes; None if it has none, or none that can be read."""
    template = _template(root)
    if template is None:
        return None
    log = Log(root.log.file)  # of resources that the model does not read nothing is an error
    section = Section(template, "spec.template", log)
    shape = read_shape(section.section("metadata"), section.section("spec"))
    of_roles = _labels_of_roles(root) if (kind, group) == _ROLLOUT else frozenset()
    shape = replace(shape, labels=Labels({k: v for k, v in shape.labels.items() if k not in of_roles}))
    owner = read_owner(root.section("metadata") or Section(Mapping(), "metadata", log))
    if log.problems:
        return None
    return PodSource(
        kind=kind,
        group=group,
        namespace=namespace,
        name=name,
        shape=shape,
        owner=owner,
        source=root.source,
        added=_added(kind, group, shape.labels, of_roles),
        placement=read_placement(section.section("spec")),
    )


def _template(root: Section) -> Mapping | None:
    spec = root.data.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    inner = template.get("spec") if isinstance(template, Mapping) else None
    containers = inner.get("containers") if isinstance(inner, Mapping) else None
    return template if isinstance(template, Mapping) and isinstance(containers, Sequence) and containers else None


def _labels_of_roles(root: Section) -> frozenset[str]:
    """The label keys that a Rollout's strategy sets on canary, stable, preview or active pods."""
    found: set[str] = set()
    for strategy, roles in (("canary", ("canary", "stable")), ("blueGreen", ("preview", "active"))):
        for role in roles:
            labels: object = root.data
            for key in ("spec", "strategy", strategy, f"{role}Metadata", "labels"):
                labels = labels.get(key) if isinstance(labels, Mapping) else None
            found.update(map(str, labels) if isinstance(labels, Mapping) else ())
    return frozenset(found)


def _added(kind: str, group: str, labels: Labels, of_roles: frozenset[str]) -> tuple[Added, ...]:
    if (kind, group) == _ROLLOUT:
        roles = (Varying(((key, ""),), Form.ANY, is_open=True, is_per_pod=True) for key in sorted(of_roles))
        return (_ROLLOUT_HASH, *roles)
    return (Unwritten(frozenset({*labels, ZONE, REGION})),)
