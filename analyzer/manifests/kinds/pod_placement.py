"""`spec.nodeSelector` and the required node affinity of a pod, to the nodes that it may be bound to."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.placement import NodeCondition, Placement, placement_of

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
