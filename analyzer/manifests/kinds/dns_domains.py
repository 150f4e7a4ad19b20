"""Which domains the cluster's DNS answers for, as the configuration of CoreDNS, kubelets and kubeadm says."""

from __future__ import annotations

import re

from analyzer.manifests.text.nodes import Mapping
from analyzer.model.domains import DOMAIN_NAME

_PLUGIN = re.compile(r"^[ \t]*kubernetes[ \t]+([^{}\n#]+)", re.MULTILINE)
# Of kubelet.config.k8s.io and of kubeadm.k8s.io, as YAML or JSON in a ConfigMap.
_KINDS = re.compile(r"\b(?:KubeletConfiguration|ClusterConfiguration)\b")
_SETTING = re.compile(
    r"^[^#\n]*?[\"']?\b(?:clusterDomain|dnsDomain)[\"']?[ \t]*:[ \t]*[\"']?([^\s\"',}#]+)", re.MULTILINE
)
_FLAG = re.compile(r"--cluster-domain[=\s]+\"?([^\s\"',]+)")
_REVERSE = ("arpa", "in-addr.arpa", "ip6.arpa")


def dns_domains(data: Mapping) -> frozenset[str]:
    """What a ConfigMap tells: the zones of CoreDNS' `kubernetes` plugin, but for those of addresses; `clusterDomain` of
    a KubeletConfiguration; `networking.dnsDomain` of kubeadm's ClusterConfiguration; a kubelet's `--cluster-domain`."""
    content = data.get("data")
    texts = [text for text in content.values() if isinstance(text, str)] if isinstance(content, Mapping) else []
    corefile = content.get("Corefile") if isinstance(content, Mapping) else None
    words = [word for zones in _PLUGIN.findall(corefile) for word in zones.split()] if isinstance(corefile, str) else []
    for text in texts:
        words += (*_FLAG.findall(text), *(_SETTING.findall(text) if _KINDS.search(text) else ()))
    names = (word.removesuffix(".").lower() for word in words)
    return frozenset(name for name in names if _is_domain(name))


def _is_domain(name: str) -> bool:
    return DOMAIN_NAME.fullmatch(name) is not None and not any(name == r or name.endswith(f".{r}") for r in _REVERSE)
