"""Custom resources that make pods from a template in the usual place, `spec.template`: Argo's Rollout, CloneSet, …

What their controllers add to labels is known of Rollouts: a hash, and what the strategy gives the pods of a role.  Of
other controllers nobody knows it: any label that the template does not write may be there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.manifests.kinds.added_labels import CONTROLLER_KEYS
from analyzer.manifests.kinds.pod_template import PodSource, read_owner, read_shape
from analyzer.manifests.text.nodes import Mapping, Sequence
from analyzer.manifests.text.section import Log, Section
from analyzer.model.added_labels import Added, Form, Varying
from analyzer.model.cluster import Workload
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
        return (_ROLLOUT_HASH, *_any_value(of_roles))
    return _any_value(key for key in CONTROLLER_KEYS if key not in labels)


def _any_value(keys: Iterable[str]) -> tuple[Added, ...]:
    return tuple(Varying(((key, ""),), Form.ANY, is_open=True) for key in sorted(keys))


def with_open_labels(workload: Workload, mentioned: Iterable[str]) -> Workload:
    """The workload with every label open that something mentions and its template does not write, where nobody knows
    what its controller adds."""
    known = {key for added in workload.added for key in added.all_keys}
    if not any(
        isinstance(a, Varying) and a.values is Form.ANY and a.all_keys[0] in CONTROLLER_KEYS for a in workload.added
    ):
        return workload
    more = _any_value(key for key in mentioned if key not in known and key not in workload.labels)
    return replace(workload, added=(*workload.added, *more)) if more else workload
