"""What each controller adds to the labels of its pods (reference 0.2, F19).

| controller | code that adds them (kubernetes/kubernetes) | a label of the template under the same key |
|---|---|---|
| Deployment | pkg/controller/deployment/sync.go, getNewReplicaSet | is overwritten |
| StatefulSet | pkg/controller/statefulset/stateful_set_utils.go, updateIdentity, setPodRevision | is overwritten |
| DaemonSet | pkg/controller/daemon/util/daemonset_util.go, CreatePodTemplate | is overwritten |
| Job | pkg/registry/batch/job/strategy.go, generateSelector | is kept; refused where it is another name |
| Job, Indexed | pkg/controller/job/indexed_job_utils.go, addCompletionIndexLabel | is overwritten |
| any, when bound | plugin/pkg/admission/podtopologylabels | is overwritten by what the node has |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.text.section import Section
from analyzer.model.added_labels import Added, Form, Listed, Numbers, Varying, Words
from analyzer.model.cluster import Node
from analyzer.model.labels import Labels
from analyzer.model.placement import ADMITTED, Placement, host_of_node, names_of

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
REVISION_HASH = "controller-revision-hash"
TEMPLATE_HASH = "pod-template-hash"
_NAMES = ("job-name", "batch.kubernetes.io/job-name")
_UIDS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_POD_NAME, _POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
_GENERATION, _JOB_INDEX = "pod-template-generation", "batch.kubernetes.io/job-completion-index"
_MOST = 2**31 - 1


def with_added(labels: Labels, manifest: Manifest, spec: Section) -> tuple[Labels, tuple[Added, ...]]:
    """The labels that all pods of the template have, and those that the controller gives to each."""
    match manifest.kind:
        case "Deployment":
            added: tuple[Varying, ...] = (_hash(TEMPLATE_HASH),)
        case "StatefulSet":
            added = _stateful_set(manifest, spec)
        case "DaemonSet":
            generation = Varying(((_GENERATION, ""),), Numbers(1), is_open=True)
            added = (_hash(REVISION_HASH), generation)
        case "Job":
            return _job(labels, manifest, spec)
        case "CronJob":
            added = _cron_job(manifest, spec)
        case "DeploymentConfig":  # openshift/library-go, pkg/apps/appsutil: called after the config and its version
            labels = Labels({**labels, "deploymentconfig": manifest.name})
            added = (Varying((("deployment", f"{manifest.name}-"),), Numbers(1), is_open=True),)
        case _:
            added = ()
    return labels, added


@lru_cache(maxsize=1024)
def _hash(key: str, before: str = "") -> Varying:
    return Varying(((key, before),), Form.HASH, is_open=True)


def _stateful_set(manifest: Manifest, spec: Section) -> tuple[Varying, ...]:
    ordinals = spec.section("ordinals")
    start = (ordinals.integer("start", 0, _MOST) if ordinals else None) or 0
    keys = ((_POD_NAME, f"{manifest.name}-"), (_POD_INDEX, ""))
    return Varying(keys, Numbers(start), is_unique=True), _hash(REVISION_HASH, f"{manifest.name}-")


def _job(labels: Labels, manifest: Manifest, spec: Section) -> tuple[Labels, tuple[Added, ...]]:
    """Names and UIDs that the template writes are the Job's own, or the server refuses it."""
    index = _index(spec, is_unique=True)
    if spec.boolean("manualSelector"):
        return labels, index
    name = next((labels[key] for key in _NAMES if key in labels), None)
    uid = next((labels[key] for key in _UIDS if key in labels), None)
    added: list[Added] = []
    known: dict[str, str] = dict(labels)
    if name is None and manifest.is_generated:
        added.append(Varying(tuple((key, manifest.name) for key in _NAMES), Form.GENERATED, is_open=True))
    else:
        known |= dict.fromkeys(_NAMES, name or manifest.name)
    if uid is None:
        added.append(Varying(tuple((key, "") for key in _UIDS), Form.UID, is_open=True))
    else:
        known |= dict.fromkeys(_UIDS, uid)
    return Labels(known), (*added, *index)


def _cron_job(manifest: Manifest, spec: Section) -> tuple[Varying, ...]:
    """A CronJob's Jobs are called after it and the minute that they were due."""
    index = _index(spec, is_unique=False)
    named = Varying(tuple((key, f"{manifest.name}-") for key in _NAMES), Numbers())
    return named, Varying(tuple((key, "") for key in _UIDS), Form.UID, is_guess=True), *index


def _index(spec: Section, *, is_unique: bool) -> tuple[Varying, ...]:
    if spec.text("completionMode") != "Indexed":
        return ()
    completions = spec.integer("completions", 0, _MOST)
    last = None if completions is None else completions - 1
    return (Varying(((_JOB_INDEX, ""),), Numbers(0, last), is_unique=is_unique),)


# ------------------------------------------------------------------------------------------------ nodes
class Places:
    """What a pod has from the node that it is bound to, once it is."""

    def __init__(self, nodes: Iterable[Node], groups: Mapping[str, str] | None = None) -> None:
        """`groups`: the security groups of each node, where they differ."""
        self._nodes = {node.name: node for node in nodes}
        self._groups = groups or {}
        self._windows = {name for name, node in self._nodes.items() if host_of_node(node.labels).windows}

    def are_windows(self, placement: Placement | None) -> bool | None:
        """Whether all nodes that the pod may be bound to are Windows'; None: some are, or none is declared."""
        if not self._windows:
            return False if self._nodes else None
        fitting = {node.name in self._windows for node in self._fitting(placement)}
        return fitting.pop() if len(fitting) == 1 else None

    def groups(self, node: str, placement: Placement | None = None) -> str | None:
        """The security groups of the node of that name; where it is empty, those of all nodes that the pod may be
        bound to."""
        if node or not self._groups:
            return self._groups.get(node)
        fitting = {self._groups.get(node.name) for node in self._fitting(placement)}
        only = fitting.pop() if len(fitting) == 1 else None
        return None if only is None else f"{ADMITTED}{only}"

    def on(self, node: str, placement: Placement | None) -> tuple[Added, ...]:
        """On the node of that name; on some node that the pod may be bound to where it is empty."""
        own = self._nodes.get(node)
        if own is not None:
            found = _of_node(own)
            return (Listed((found,)),) if found else ()
        if node or not self._nodes:
            return _anywhere(placement)
        fitting = self._fitting(placement)
        if not fitting:  # it waits for a node
            return _anywhere(placement)
        choices = tuple(dict.fromkeys(map(_of_node, fitting)))
        return (Listed(choices, _anywhere(placement)),)

    def admitted(self, placement: Placement | None) -> str | None:
        """The names of the declared nodes that the pod may be bound to, where these are not all."""
        return f"{ADMITTED}{names_of(names)}" if (names := self.room(placement)) else None

    def room(self, placement: Placement | None) -> tuple[str, ...]:
        """The names of the nodes that the pod may be bound to; empty where these are all, or none."""
        names = tuple(node.name for node in self._fitting(placement))
        return names if len(names) < len(self._nodes) else ()

    def _fitting(self, placement: Placement | None) -> list[Node]:
        named = (self._nodes[name] for name in sorted(self._nodes))
        return [node for node in named if placement is None or placement.admits(node.name, node.labels)]


def _of_node(node: Node) -> Labels:
    return Labels({key: node.labels[key] for key in (ZONE, REGION) if key in node.labels})


def _anywhere(placement: Placement | None) -> tuple[Varying, ...]:
    """On a node that nobody has declared."""
    return _WHEREVER if placement is None else _by_placement(placement)


def _by_placement(placement: Placement | None) -> tuple[Varying, ...]:
    return tuple(_under(key, placement) for key in (ZONE, REGION))


def _under(key: str, placement: Placement | None) -> Varying:
    """What such a node may have under the key; where that is several, nobody knows which of them are there."""
    values = Form.ANY if placement is None else _values(key, placement)
    is_certain = isinstance(values, Words) and values.is_one
    return Varying(((key, ""),), values, is_guess=not is_certain)


def _values(key: str, placement: Placement) -> Form | Words:
    known, without = placement.mentioned(key), placement.may_have(key, None)
    fresh = next(value for value in Form.ANY.samples() if value not in known)
    admitted = frozenset(value for value in known if placement.may_have(key, value))
    if placement.may_have(key, fresh):
        return Words(known - admitted, is_excluded=True, may_be_absent=without)
    return Words(admitted, may_be_absent=without) if admitted or without else Form.ANY  # else no node will ever do


_WHEREVER = _by_placement(None)  # one for all pods that choose no node, of which there are many
