"""Two objects of one identity: whether they say the same, so that there is but one (design 1).

The same after defaulting, without status and what servers write into metadata, whatever the served version: what the
model reads of them is compared, which is after defaulting.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from analyzer.manifests.kinds.pod_template import PodShape
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.labels import Labels, Selector
from analyzer.model.source import Source
from analyzer.records import dataclass

# What a server fills in: status, and what it allocates.  An object from a file need not have it.
_FILLED_IN = frozenset(
    {
        ("PodSource", "ips"),
        ("PodSource", "host_ips"),
        ("PodSource", "node"),
        ("PodSource", "is_bound"),
        ("PodSource", "is_finished"),
        ("PodSource", "revision"),
        ("Node", "ips"),
        ("Node", "pod_addresses"),
        ("Service", "addresses"),
        ("Service", "created"),
        ("PeerAuthentication", "created"),
        ("PodShape", "annotations"),
        ("ServicePort", "node_port"),
    }
)
_WRITTEN_BY_SERVERS = frozenset({"apiVersion", "kind", "metadata", "status"})
_WRITTEN_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
_GIVEN_WHEN_BOUND = frozenset({"topology.kubernetes.io/zone", "topology.kubernetes.io/region"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
FROM_FILE = -1


class Filled(Enum):
    """How far two objects must agree in what servers fill in: in all, the first in what it has, or in nothing."""

    ALIKE = "alike"
    WHERE_WRITTEN = "where written"
    ANYHOW = "anyhow"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the object of an identity stands, and what it says: a fact, or a key of its text for unmodelled kinds.

    `rank`: FROM_FILE, else how late a server stored it.
    """

    source: Source
    said: Any
    rank: int


def rank_of(root: Section) -> int:
    """How late a server has stored the object; FROM_FILE if none has."""
    if not root.log.is_stored:
        return FROM_FILE
    metadata = root.data.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, Mapping) else None
    return int(version) if isinstance(version, str) and version.isascii() and version.isdigit() else 0


def text_key(data: Mapping) -> tuple[int, int]:
    """The same for the same content, of an object whose kind the model does not read."""
    written: dict[str, Any] = {key: value for key, value in data.items() if key not in _WRITTEN_BY_SERVERS}
    metadata = data.get("metadata")
    if isinstance(metadata, Mapping):
        for key in _WRITTEN_METADATA:
            value = metadata.get(key)
            if isinstance(value, dict):
                value = {name: text for name, text in value.items() if name != _LAST_APPLIED}
            if value:
                written[f"metadata.{key}"] = value
    text = json.dumps(written, sort_keys=True, default=str)
    return len(text), hash(text)


def is_the_same(one: Standing, other: Standing) -> bool:
    """Whether both say the same."""
    if one.rank == other.rank == FROM_FILE:
        return _agree(one.said, other.said, Filled.ALIKE)
    if FROM_FILE not in (one.rank, other.rank):
        return _agree(one.said, other.said, Filled.ANYHOW)
    written, stored = (one, other) if one.rank == FROM_FILE else (other, one)
    return _agree(written.said, stored.said, Filled.WHERE_WRITTEN)


def _agree(one: Any, other: Any, filled: Filled) -> bool:
    """Whether two facts, or parts of them, are the same wherever they stand; None is one without effect."""
    if one is None or other is None:
        return filled is not Filled.ALIKE or one is other
    if type(one) is not type(other):
        return False
    if isinstance(one, Selector):
        return set(one.requirements) == set(other.requirements)
    if isinstance(one, PodShape) and filled is not Filled.ALIKE:
        one, other = _unbound(one), _unbound(other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(_agree(a, b, filled) for a, b in zip(one, other, strict=True))
    if not is_dataclass(one):
        return bool(one == other)
    kind = type(one).__name__
    for field in fields(one):
        mine, others = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, Source) or (
            field.name == "added" and filled is not Filled.ALIKE and getattr(one, "is_pod", False)
        ):
            continue  # what a pod may still get from its node, it has once it is bound
        if (kind, field.name) in _FILLED_IN and filled is not Filled.ALIKE:
            if filled is Filled.WHERE_WRITTEN and not _is_part(mine, others):
                return False
        elif not _agree(mine, others, filled):
            return False
    return True


def _unbound(shape: PodShape) -> PodShape:
    """The shape without the labels that a pod gets from its node."""
    kept = {key: value for key, value in shape.labels.items() if key not in _GIVEN_WHEN_BOUND}
    return replace(shape, labels=Labels(kept))


def _is_part(mine: Any, others: Any) -> bool:
    return not mine or mine == others or (isinstance(mine, tuple) and set(mine) <= set(others))
