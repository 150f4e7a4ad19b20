"""Custom resources that make pods from a template in the usual place, `spec.template`: Argo's Rollout, CloneSet, …

What their controllers add to labels is known of Rollouts; of others it may be whatever controllers add.
"""

from __future__ import annotations

from analyzer.manifests.kinds.added_labels import CONTROLLER_KEYS
from analyzer.manifests.kinds.pod_template import PodSource, read_owner, read_shape
from analyzer.manifests.text.nodes import Mapping, Sequence
from analyzer.manifests.text.section import Log, Section
from analyzer.model.added_labels import Added, Form, Varying
from analyzer.model.labels import Labels

_ROLLOUT_HASH = Varying((("rollouts-pod-template-hash", ""),), Form.HASH, is_open=True)


def custom_pods(root: Section, kind: str, group: str, namespace: str, name: str) -> PodSource | None:
    """The pods that the resource's template makes; None if it has none, or none that can be read."""
    template = _template(root)
    if template is None:
        return None
    log = Log(root.log.file)  # of resources that the model does not read nothing is an error
    section = Section(template, "spec.template", log)
    shape = read_shape(section.section("metadata"), section.section("spec"))
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
        added=_added(kind, group, shape.labels),
    )


def _template(root: Section) -> Mapping | None:
    spec = root.data.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    inner = template.get("spec") if isinstance(template, Mapping) else None
    containers = inner.get("containers") if isinstance(inner, Mapping) else None
    return template if isinstance(template, Mapping) and isinstance(containers, Sequence) and containers else None


def _added(kind: str, group: str, labels: Labels) -> tuple[Added, ...]:
    if (kind, group) == ("Rollout", "argoproj.io"):
        return (_ROLLOUT_HASH,)
    return tuple(Varying(((key, ""),), Form.ANY, is_open=True) for key in CONTROLLER_KEYS if key not in labels)
