"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (calico-cilium.md 2.2, 2.3), and CiliumCIDRGroup (2.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from analyzer.manifests.kinds.cilium.fields import API, RefusalError, networks, read_selector
from analyzer.manifests.kinds.cilium.rules import read_rules
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.kinds.selectors import written_labels
from analyzer.manifests.text.section import Section
from analyzer.model.cilium import (
    NAMESPACE,
    BehindServices,
    CidrGroup,
    CiliumPolicy,
    CiliumSpec,
    Endpoints,
    InGroups,
    Refusal,
    is_positive,
    with_requirement,
)
from analyzer.model.labels import Labels, Selector
from analyzer.model.policies import Action, Direction
from analyzer.sets import AddressSet

_TOP = frozenset({"apiVersion", "kind", "metadata", "spec", "specs", "status"})
_LISTS = ("ingress", "ingressDeny", "egress", "egressDeny")
_SPEC = frozenset({*_LISTS, "endpointSelector", "nodeSelector", "enableDefaultDeny", "labels", "description", "log"})


def _read(manifest: Manifest) -> CiliumPolicy | None:
    """What the agent refuses has no effect, which a notice says."""
    root, is_whole = manifest.root, manifest.kind == "CiliumClusterwideNetworkPolicy"
    root.only(_TOP)
    check_metadata(manifest)
    namespace = None if is_whole else manifest.namespace or DEFAULT_NAMESPACE
    if not root.has("spec") and not root.has("specs"):
        root.problem("", "must set `spec` or `specs`") if root.path else root.required("spec")
    one = root.section("spec")
    specs, refusals = [], []
    for section in (*([one] if one is not None else []), *root.sections("specs")):
        try:
            specs.append(_spec(section, namespace))
        except RefusalError as refusal:
            refusals.append((section, str(refusal)))
    if manifest.log.problems:
        return None
    policy = CiliumPolicy(manifest.kind, namespace, manifest.name, tuple(specs), manifest.source)
    if refusals:
        section, why = refusals[0]
        manifest.log.notice(section.place(), f"{policy.id} has no effect, for Cilium's agent refuses it: {why}")
        meant = tuple(found for section in root.sections("specs") if (found := _meant(section, namespace)))
        meant += tuple(found for section in (one,) if section is not None and (found := _meant(section, namespace)))
        return replace(policy, specs=(), refusal=Refusal(why, meant))
    _note(manifest, policy)
    return policy


def _meant(section: Section, namespace: str | None) -> tuple[Selector, frozenset[Direction]] | None:
    """Which endpoints the spec would select if the agent took it, and for which directions."""
    chosen = section.section("endpointSelector")
    ways = zip(_LISTS, (Direction.INGRESS, Direction.INGRESS, Direction.EGRESS, Direction.EGRESS), strict=True)
    try:
        subject = None if chosen is None else _subject(chosen, namespace)
    except RefusalError:
        return None
    return None if subject is None else (subject, frozenset(way for key, way in ways if section.sequence(key)))


# ------------------------------------------------------------------------------------------------ one spec
def _spec(section: Section, namespace: str | None) -> CiliumSpec:
    section.only(_SPEC)
    if not any(section.has(key) for key in _LISTS):
        section.problem("", f"must set one of {', '.join(f'`{key}`' for key in _LISTS)}")
    endpoint, node = section.section("endpointSelector"), section.section("nodeSelector")
    if (endpoint is None) is (node is None) and section.has("endpointSelector") is section.has("nodeSelector"):
        section.problem("", "must set one of `endpointSelector` and `nodeSelector`")
    chosen = endpoint if endpoint is not None else node
    posture = section.section("enableDefaultDeny")
    if posture is not None:
        posture.only(frozenset({"ingress", "egress"}))
    ingress_closes, egress_closes = (
        posture.boolean(key) if posture is not None and posture.has(key) else None for key in _LISTS[::2]
    )
    if not any(section.sequence(key) for key in _LISTS):
        raise RefusalError(f"`{section.path}` has no rule")
    subject = _subject(chosen, namespace) if chosen is not None else Selector()
    if node is not None and namespace is not None:
        raise RefusalError(f"`{node.path}` chooses nodes, which belong to no namespace")
    found = {key: read_rules(section, key, on_nodes=node is not None) for key in _LISTS}
    ingress, egress = ((*found[f"{key}Deny"], *found[key]) for key in _LISTS[::2])
    return CiliumSpec(subject, node is not None, ingress, egress, ingress_closes, egress_closes)


def _subject(section: Section, namespace: str | None) -> Selector:
    """Of the policy's own namespace, whatever namespace matchLabels name (2.3)."""
    selector = read_selector(section)
    if namespace is None:
        return selector
    own = f"k8s:{NAMESPACE}"
    inner = section.section("matchLabels")
    written = None if inner is None else inner.data.get(own)
    kept = selector.requirements
    if isinstance(written, str):
        kept = tuple(r for r in kept if not (r.key == own and r.values == {written}))
        if written != namespace and inner is not None:
            inner.notice(own, f"is `{written}`, but Cilium puts the policy's own namespace there: `{namespace}`")
    return with_requirement(Selector(kept), own, namespace)


# ------------------------------------------------------------------------------------------------ notices
def _note(manifest: Manifest, policy: CiliumPolicy) -> None:
    for message in dict.fromkeys(_messages(policy)):
        manifest.log.notice(manifest.root.place("spec"), message)


def _messages(policy: CiliumPolicy) -> Iterator[str]:
    """What in it does something else than it seems to, or hangs on how Cilium is set up."""
    if policy.names_nodes:
        yield f"{policy.id} has no effect unless Cilium runs with enable-node-selector-labels: it names nodes"
    if any(spec.on_nodes for spec in policy.specs):
        yield f"{policy.id} has no effect on nodes unless Cilium runs with enable-host-firewall"
    for rule in (rule for spec in policy.specs for rule in spec.all_rules):
        where = f"rule {rule.index + 1} of `{rule.word}` in {policy.id}"
        for peer in rule.peers or ():
            if isinstance(peer, Endpoints) and _is_taken_as_written(peer.selector) and not is_positive(peer.selector):
                yield f"{where} says only what an end is not: Cilium 1.20 takes it for everybody"
            if isinstance(peer, InGroups) and peer.is_everybody:
                yield f"{where} chooses CiliumCIDRGroups by no label: Cilium 1.20 takes it for everybody, pods too"
            if isinstance(peer, BehindServices) and rule.action is Action.DENY:
                yield f"{where} names Services, which Cilium looks up in `egress` only"
        if rule.named_range is not None:
            yield f"{where} names a port beside an endPort: Cilium takes it for a range from the pod's port up"


def _is_taken_as_written(selector: Selector) -> bool:
    """Cilium adds no namespace or no cluster to it (2.6)."""
    return any(
        r.key.startswith("reserved:") or r.key.endswith(":io.cilium.k8s.policy.cluster") for r in selector.requirements
    )


# ------------------------------------------------------------------------------------------------ CIDR groups
def _group(manifest: Manifest) -> CidrGroup:
    manifest.root.only(frozenset({"apiVersion", "kind", "metadata", "spec"}))
    check_metadata(manifest)
    spec = manifest.root.section("spec")
    addresses = AddressSet.EMPTY
    if spec is None:
        manifest.root.required("spec")
    else:
        spec.only(frozenset({"externalCIDRs"}))
        spec.required("externalCIDRs")
        for found, _, _ in networks(spec, "externalCIDRs"):
            addresses |= found
    own = {k: v for k, v in written_labels(manifest.metadata).items() if not k.startswith("io.cilium.k8s")}
    return CidrGroup(manifest.name, Labels(own), addresses, manifest.source)


def _kind(
    name: str, read: Callable[[Manifest], Any], *versions: str, is_namespaced: bool = False, decides: bool = True
) -> ObjectKind:
    return ObjectKind(
        name,
        API,
        versions,
        read,
        is_namespaced,
        may_allow=decides,
        may_deny=decides,
        has_rules=decides,
        identity_group=API,
        is_named_in_problems=True,
    )


KINDS = (
    _kind("CiliumNetworkPolicy", _read, "v2", is_namespaced=True),
    _kind("CiliumClusterwideNetworkPolicy", _read, "v2"),
    _kind("CiliumCIDRGroup", _group, "v2", "v2alpha1", decides=False),
)
