"""MeshConfig: the ConfigMap `istio`, or `istio-REVISION`, of the mesh's configuration (istio.md 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from analyzer.manifests.text.nodes import Mapping, line_of
from analyzer.manifests.text.section import Log
from analyzer.manifests.text.texts import read_trees
from analyzer.model.labels import GO_TRUE
from analyzer.model.mesh import DEFAULT_REVISION, ENABLE_HBONE, MeshConfig, Normalization
from analyzer.model.source import Source

_NAME = re.compile(r"istio(-(?P<revision>.*))?")
_AUTHORIZERS = {"envoyExtAuthzHttp": False, "envoyExtAuthzGrpc": True}
_NORMALIZATIONS = {it.value: it for it in Normalization if it is not Normalization.CALICO}


def mesh_config(data: Mapping, log: Log) -> tuple[str, MeshConfig] | None:
    """The revision that a ConfigMap of the mesh's configuration is of, and what it says; None for others."""
    metadata, content = data.get("metadata"), data.get("data")
    if not isinstance(metadata, Mapping) or not isinstance(content, Mapping):
        return None
    name, text = metadata.get("name"), content.get("mesh")
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    if found is None or not isinstance(text, str):
        return None
    trees = list(read_trees(text.encode()))
    values: Any = trees[0].value if trees else None
    if any(tree.faults or tree.is_broken for tree in trees) or not isinstance(values, Mapping | None):
        log.problem(content.place_of("mesh"), f"ConfigMap `{name}`: `data.mesh` is no mapping in YAML")
        return None
    source = Source(log.file, line_of(data.place))
    return found["revision"] or DEFAULT_REVISION, _read(values or Mapping(), source)


def _read(values: Mapping, source: Source) -> MeshConfig:
    usual = MeshConfig()
    word = _of(_of(values, "pathNormalization", Mapping, Mapping()), "normalization", str, "BASE")
    proxy = _of(values, "defaultConfig", Mapping, Mapping())
    topology = _of(proxy, "gatewayTopology", Mapping, Mapping())
    aliases = _of(values, "trustDomainAliases", list, [])
    return MeshConfig(
        root=_of(values, "rootNamespace", str, usual.root) or usual.root,
        trust_domain=_of(values, "trustDomain", str, usual.trust_domain) or usual.trust_domain,
        aliases=tuple(each for each in aliases if isinstance(each, str)),
        normalization=_NORMALIZATIONS.get(word, Normalization.BASE),
        providers=tuple(_providers(_of(values, "extensionProviders", list, []))),
        trusted_proxies=_of(topology, "numTrustedProxies", int, 0),
        captures=proxy.get("interceptionMode") != "NONE",
        is_everywhere=not values.get("discoverySelectors"),
        takes_tunnel=_takes_tunnel(_of(proxy, "proxyMetadata", Mapping, Mapping())),
        source=source,
    )


def _takes_tunnel(variables: Mapping) -> bool:
    value = variables.get(ENABLE_HBONE)
    return value is True or value in GO_TRUE if isinstance(value, str | bool) else False


def _of(values: Mapping, key: str, kind: type, otherwise: Any) -> Any:
    value = values.get(key)
    return value if isinstance(value, kind) else otherwise


def _providers(entries: Iterable[Any]) -> Iterable[tuple[str, bool]]:
    """Authorizers that name a service and a port; another is as good as none (istio.md 5.9)."""
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        for key, is_grpc in _AUTHORIZERS.items():
            inner = entry.get(key)
            if isinstance(inner, Mapping) and inner.get("service") and inner.get("port"):
                yield entry["name"], is_grpc
