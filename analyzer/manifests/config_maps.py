"""What ConfigMaps say of engines and of the cluster's DNS; of all others the model knows nothing."""

from __future__ import annotations

from analyzer.manifests.assembly import Facts
from analyzer.manifests.kinds.dns_domains import dns_domains
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE
from analyzer.manifests.kinds.mesh import root_namespace
from analyzer.manifests.kinds.unread_objects import quiet_name, quiet_namespace
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section

_SYSTEM = "kube-system"
_LONG = 1_000
"""Where agents take their variables from, and what no variable holds."""


_OF_ENGINES = ("amazon-vpc-cni", "cilium-config")


def _check_texts(root: Section) -> None:
    """All that `data` holds is text: the API server takes nothing else, and `true` without quotes is none."""
    data = root.data.get("data")
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        if isinstance(value, bool | int | float):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            message = f"`data.{key}` is `{text}`, which is no text: the API server refuses the ConfigMap"
            root.log.problem(data.place_of(key), message, f'write it in quotes: `{key}: "{text}"`')


def read_config_map(root: Section, facts: Facts) -> None:
    """Adds to the facts what it tells."""
    facts.dns_domains |= dns_domains(root.data)
    name = quiet_name(root)
    where = quiet_namespace(root) or DEFAULT_NAMESPACE
    if where == _SYSTEM and isinstance(data := root.data.get("data"), Mapping):
        short = {key: text for key, text in data.items() if isinstance(text, str) and len(text) < _LONG}
        facts.config_maps[where, name] = {str(key): text for key, text in short.items()}
    if name in _OF_ENGINES:
        _check_texts(root)
    if name == "cilium-config":
        from analyzer.manifests.kinds.cilium.settings import cilium_settings

        if settings := cilium_settings(root.data, root.log):
            facts.cilium.append(settings)
    if name == "amazon-vpc-cni":
        from analyzer.manifests.kinds.aws.settings import of_config_map

        if said := of_config_map(root.data, root.log):
            facts.aws.append(said)
    if name.startswith("istio"):
        from analyzer.manifests.kinds.istio.mesh_config import mesh_config

        if mesh := root_namespace(root.data):
            facts.root_namespaces.add(mesh)
        if config := mesh_config(root.data, root.log):
            facts.mesh_configs.setdefault(*config)
        from analyzer.manifests.kinds.istio.cni_config import cni_config

        if told := cni_config(root.data, root.log):
            facts.mesh_cni.append(told)
