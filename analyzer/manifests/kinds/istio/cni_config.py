"""The ConfigMap of istio-cni: whose pods it leaves alone, and which it hands over to ztunnel (istio.md 2.2)."""

from __future__ import annotations

import re

from analyzer.manifests.text.nodes import Mapping, line_of
from analyzer.manifests.text.section import Log
from analyzer.manifests.text.texts import read_trees
from analyzer.model.labels import GO_TRUE
from analyzer.model.mesh import AMBIENT, DATAPLANE_MODE
from analyzer.model.mesh_cni import MeshCni
from analyzer.model.source import Source

_NAME = re.compile(r"istio-cni(-.*)?-config")
_LISTS = ("EXCLUDE_NAMESPACES", "EXCLUDED_NAMESPACES")
_SELECTOR, _ENABLED = "AMBIENT_ENABLEMENT_SELECTOR", "AMBIENT_ENABLED"
_IN_PLUGIN = re.compile(r'"exclude_namespaces"\s*:\s*\[([^\]]*)\]')
_ENABLED_IN_PLUGIN = re.compile(r'"ambient_enabled"\s*:\s*"?(\w+)')
_USUAL = [
    {"podSelector": {"matchLabels": {DATAPLANE_MODE: AMBIENT}}},
    {
        "namespaceSelector": {"matchLabels": {DATAPLANE_MODE: AMBIENT}},
        "podSelector": {"matchExpressions": [{"key": DATAPLANE_MODE, "operator": "NotIn", "values": ["none"]}]},
    },
]
"""The selectors of Istio's charts."""


def cni_config(data: Mapping, log: Log) -> MeshCni | None:
    """What it says; None for other ConfigMaps.  Older charts put it into the plugin's own configuration, as JSON."""
    metadata, content = data.get("metadata"), data.get("data")
    if not isinstance(metadata, Mapping) or not isinstance(content, Mapping):
        return None
    name = metadata.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    plugin = content.get("cni_network_config")
    plugin = plugin if isinstance(plugin, str) else ""
    found = _IN_PLUGIN.search(plugin)
    texts = [text for key in _LISTS if isinstance(text := content.get(key), str)] + ([found[1]] if found else [])
    names = (name.strip().strip('"') for text in texts for name in text.split(","))
    return MeshCni(
        passed_over=frozenset(filter(None, names)),
        enables_ambient=_enables(content.get(_ENABLED), plugin),
        is_usual=_is_usual(content.get(_SELECTOR)),
        source=Source(log.file, line_of(data.place)),
    )


def _enables(word: object, plugin: str) -> bool | None:
    """None: it does not say."""
    if isinstance(word, str):
        return word in GO_TRUE
    found = _ENABLED_IN_PLUGIN.search(plugin)
    return found[1] in GO_TRUE if found else None


def _is_usual(selectors: object) -> bool:
    """By them the labels decide that netproof goes by."""
    if selectors is None:
        return True
    trees = list(read_trees(selectors.encode())) if isinstance(selectors, str) else []
    is_read = len(trees) == 1 and not trees[0].faults and not trees[0].is_broken
    return is_read and trees[0].value == _USUAL
