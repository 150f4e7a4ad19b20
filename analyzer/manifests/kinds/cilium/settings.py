"""The ConfigMap `cilium-config`: how Cilium's agents are set up (calico-cilium.md 2.4, 2.8, 2.17)."""

from __future__ import annotations

from analyzer.manifests.text.nodes import Mapping, line_of
from analyzer.manifests.text.section import Log
from analyzer.model.cilium import USUAL_OPTIONS, CiliumSettings
from analyzer.model.source import Source

_NAME = "cilium-config"


def cilium_settings(data: Mapping, log: Log) -> CiliumSettings | None:
    """What the ConfigMap says; None of any other one."""
    metadata, content = data.get("metadata"), data.get("data")
    if not isinstance(metadata, Mapping) or metadata.get("name") != _NAME or not isinstance(content, Mapping):
        return None
    said = {key: value.strip() for key, value in content.items() if isinstance(value, str)}
    odd = [f"{key}={said[key]}" for key, usual in USUAL_OPTIONS.items() if said.get(key, usual).lower() != usual]
    namespace = metadata.get("namespace")
    return CiliumSettings(
        namespace if isinstance(namespace, str) else "default",
        tuple(sorted(said.items())),
        tuple(odd),
        Source(log.file, line_of(data.place)),
    )
