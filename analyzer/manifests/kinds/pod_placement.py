"""`spec.nodeSelector` and the required node affinity of a pod, to the nodes that it may be bound to."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping

from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.placement import FARGATE_PROFILE, Host, NodeCondition, Placement, host_of_placement, placement_of

_REQUIRED = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")


def read_placement(spec: Section | None) -> Placement | None:
    """What the pod asks of its node; None where any will do.  It bears on labels alone, so that nothing in it is an
    error here."""
    if spec is None:
        return None
    written = spec.data.get("nodeSelector")
    pairs = written.items() if isinstance(written, Mapping) else ()
    selector = {key: value for key, value in pairs if isinstance(value, str)}
    required: object = spec.data
    for key in _REQUIRED:
        required = required.get(key) if isinstance(required, Mapping) else None
    if not isinstance(required, Mapping):
        return placement_of(selector, None)
    return placement_of(selector, [tuple(_conditions(term)) for term in _mappings(required.get("nodeSelectorTerms"))])


def _conditions(term: Mapping) -> Iterator[NodeCondition]:
    for field in ("matchExpressions", "matchFields"):
        for each in _mappings(term.get(field)):
            values = each.get("values")
            yield NodeCondition(
                str(each.get("key")),
                str(each.get("operator")),
                frozenset(map(str, values if isinstance(values, list) else ())),
                is_name=field == "matchFields",
            )


def _mappings(value: object) -> list[Mapping]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def read_host(spec: Section | None, labels: AbstractMapping[str, str], kind: str) -> Host:
    """Whether the pod asks for Windows or for Fargate (aws.md N8): by `os`, by what it asks of its node, and by what
    Fargate's webhook has written.  Fargate runs no pods of DaemonSets."""
    if spec is None:
        return Host()
    told = host_of_placement(read_placement(spec))
    on = spec.data.get("os")
    name = on.get("name") if isinstance(on, Mapping) else None
    windows = told.windows if name is None else name == "windows"
    node = spec.data.get("nodeName")
    is_taken = FARGATE_PROFILE in labels or spec.data.get("schedulerName") == "fargate-scheduler"
    is_taken = is_taken or (isinstance(node, str) and node.startswith("fargate-"))
    fargate = True if is_taken else False if kind == "DaemonSet" or windows else told.fargate
    return Host(windows=False if is_taken else windows, fargate=fargate)
