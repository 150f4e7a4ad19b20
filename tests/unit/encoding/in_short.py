"""Model objects in few words, for the tests of the encoding."""

from __future__ import annotations

from analyzer.model.cluster import Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels


def namespace(name: str, *, is_declared: bool = True, **labels: str) -> Namespace:
    return Namespace(name, Labels({**labels, NAMESPACE_NAME_LABEL: name}), is_declared)
