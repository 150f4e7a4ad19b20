"""How a kind of networking.k8s.aws/v1alpha1 is registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.model.aws import API


def own_kind(name: str, read: Callable[[Manifest], Any], *, is_namespaced: bool) -> ObjectKind:
    return ObjectKind(
        name,
        API,
        ("v1alpha1",),
        read,
        is_namespaced,
        may_allow=True,
        may_deny=True,
        has_rules=True,
        identity_group=API,
        is_named_in_problems=True,
    )
