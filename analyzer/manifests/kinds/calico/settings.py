"""Settings of Calico that change an answer (calico-cilium.md 1.9).  Their other fields are not checked."""

from __future__ import annotations

import re

from analyzer.manifests.kinds.calico.fields import PROTOCOLS, kinds, read_network
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.text.section import Section
from analyzer.model.calico import IPPool
from analyzer.model.calico_settings import (
    ControllerSettings,
    FelixSettings,
    HostPorts,
    Installation,
    ToHost,
)
from analyzer.sets import AddressSet

OPERATOR = "operator.tigera.io"
_VERSION = re.compile(r"v?(\d+\.\d+)")


def _felix(manifest: Manifest) -> FelixSettings | None:
    """The one called `default` is for every node, `node.NAME` for one of them; another is for none."""
    spec = manifest.root.section("spec")
    node = manifest.name.removeprefix("node.")
    if manifest.name != "default" and node == manifest.name:
        manifest.log.notice(manifest.metadata.place("name"), f"no node reads FelixConfiguration {manifest.name}")
        return None
    if spec is None:
        return FelixSettings("" if manifest.name == "default" else node, source=manifest.source)
    word = (spec.text("defaultEndpointToHostAction") or "").title()
    return FelixSettings(
        "" if manifest.name == "default" else node,
        ToHost(word) if word in {it.value for it in ToHost} else None,
        _failsafes(spec, "failsafeInboundHostPorts"),
        _failsafes(spec, "failsafeOutboundHostPorts"),
        manifest.source,
    )


def _failsafes(spec: Section, key: str) -> tuple[HostPorts, ...] | None:
    """Older releases write protocols in lower case here; none is TCP."""
    if not spec.has(key):
        return None
    found = []
    for section in spec.sections(key):
        protocol = PROTOCOLS.get((section.text("protocol") or "TCP").upper())
        number = section.integer("port", 0, 65535)
        net = read_network(section, "net") if section.has("net") else AddressSet.FULL
        if protocol is None:
            section.problem("protocol", "must be TCP, UDP or SCTP")
        elif number is not None and net is not None:
            found.append(HostPorts(protocol, number, net))
    return tuple(found)


def _controllers(manifest: Manifest) -> ControllerSettings:
    found: Section | None = manifest.root.section("spec")
    for key in ("controllers", "node", "hostEndpoint"):
        found = None if found is None else found.section(key)
    return ControllerSettings(found is not None and found.text("autoCreate") == "Enabled", manifest.source)


def _pool(manifest: Manifest) -> IPPool | None:
    """Addresses are for pods unless it says that they are for others."""
    spec = manifest.root.section("spec")
    if spec is None or (
        spec.sequence("allowedUses") and "Workload" not in [text for text, _ in spec.texts("allowedUses")]
    ):
        return None
    nets = read_network(spec, "cidr")
    return None if nets is None else IPPool(manifest.name, nets, manifest.source)


def _installation(manifest: Manifest) -> Installation:
    status = manifest.root.section("status")
    found = _VERSION.match("" if status is None else status.text("calicoVersion") or "")
    return Installation(manifest.name, found[1] if found else "", manifest.source)


KINDS = (
    *kinds("FelixConfiguration", _felix, is_namespaced=False),
    *kinds("KubeControllersConfiguration", _controllers, is_namespaced=False),
    *kinds("IPPool", _pool, is_namespaced=False),
    ObjectKind(
        "Installation",
        OPERATOR,
        ("v1",),
        _installation,
        is_namespaced=False,
        identity_group=OPERATOR,
        identity_name=str,
    ),
)
