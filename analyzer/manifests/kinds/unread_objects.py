"""Objects that the model does not hold: what little is read of them, and what stands in their place."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, ObjectKind
from analyzer.manifests.kinds.names import label_name_fault
from analyzer.manifests.kinds.services import quiet_addresses
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, Effect, effect_of
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section, printable
from analyzer.model.cluster import MayBe, Unmodelled
from analyzer.model.policies import Direction
from analyzer.model.source import Source

UNREAD = "it could not be read"
ANYTHING = Effect(True, True, True, UNREAD, True, may_isolate=True)
_EVERY_TIER = {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}
_ROUTES = {"Gateway", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute", "Ingress", "ReferenceGrant"}


def parts_of(known: ObjectKind, *, has_status: bool) -> frozenset[MayBe]:
    """What an object of a kind may be of which no more is known; with `has_status` addresses of its own too."""
    in_a_namespace = {MayBe.NAMESPACED} if known.is_namespaced else set()
    match known.kind:
        case "NetworkPolicy":
            parts = {MayBe.POLICY}
        case kind if kind in _EVERY_TIER:
            parts = {MayBe.ADMIN_POLICY}
        case "Namespace":
            parts = {MayBe.NAMESPACE, MayBe.NAMESPACED}
        case "Node":
            parts = {MayBe.ADDRESS}
        case "Service" | "Endpoints" | "EndpointSlice":
            parts = {MayBe.SERVICE}
        case "Pod":
            parts = {MayBe.POD, MayBe.ADDRESS} if has_status else {MayBe.POD}
        case kind if kind in _ROUTES:
            parts = set()
        case _ if known.adds_pods:
            parts = {MayBe.POD}
        case _:
            parts = {MayBe.ANYTHING}
    return frozenset(parts | in_a_namespace)


def effect_of_unread(known: ObjectKind, why: str, is_namespaced: bool | None) -> Effect:
    """What an object of a modelled kind may do to connections of pods that it reaches.  Of a Namespace the labels are
    unknown facts, or chosen; a Service or where it leads may replace who comes."""
    may = known.may_allow or known.may_deny or known.kind == "Service"
    if known.kind == "Namespace":
        may = False
    found = Effect(may, may, known.adds_pods, why, is_namespaced, may_isolate=known.kind == "NetworkPolicy")
    return replace(found, directions=(Direction.INGRESS,)) if known.kind == "Service" else found


def quiet_metadata(root: Section) -> Mapping:
    """The metadata of an object that the model does not read: nothing about it is checked."""
    found = root.data.get("metadata")
    return found if isinstance(found, Mapping) else Mapping()


def quiet_namespace(root: Section) -> str:
    """The namespace it names; empty if it names none that could be."""
    found = quiet_metadata(root).get("namespace")
    return found if isinstance(found, str) and label_name_fault(found) is None else ""


def quiet_name(root: Section) -> str:
    """Its name; empty if it has none."""
    found = quiet_metadata(root).get("name")
    return printable(found) if isinstance(found, str) else ""


_WRITTEN_METADATA = ("name", "namespace", "labels", "annotations")


def digest(data: Mapping) -> str:
    """The same for the same content, whatever the server has added to it."""
    import hashlib  # which takes its time to load, and most clusters hold no such object

    metadata = data.get("metadata")
    written = {key: value for key, value in data.items() if key not in ("metadata", "status")}
    if isinstance(metadata, Mapping):
        written["metadata"] = {key: metadata[key] for key in _WRITTEN_METADATA if key in metadata}
    text = json.dumps(written, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def templates_of(kind: str, source: Source) -> list[Unmodelled]:
    """What may stand in a template that has a line `kind: KIND`, if that kind can matter."""
    from analyzer.manifests.kinds.registry import MODELLED

    text = "it is a template that was not rendered"
    found = [unread_of(MODELLED[name], source, text) for name in MODELLED if name[0] == kind]
    effects = [replace(effect, why=text) for name, effect in EFFECTS.items() if name.partition(".")[0] == kind]
    found += [replace(unmodelled(kind, "", None, "", source, it), may_be=_parts_of_effect(it)) for it in effects]
    return found


def _parts_of_effect(effect: Effect) -> frozenset[MayBe]:
    """What an object of a kind that the model does not read may be."""
    parts = {MayBe.NAMESPACED} if effect.is_namespaced else set()
    if effect.adds_pods:
        parts.add(MayBe.POD)
    if effect.may_allow or effect.may_deny:
        parts |= {MayBe.POLICY, MayBe.ADMIN_POLICY}
    return frozenset(parts)


def unread_of(known: ObjectKind, source: Source, why: str) -> Unmodelled:
    """What stands in the model for objects of a kind of which nothing was read."""
    found = unmodelled(known.kind, "", None, "", source, effect_of_unread(known, why, None))
    return replace(found, may_be=parts_of(known, has_status=True))


THE_CLUSTER = Source("the cluster")


def unread_kind(kind: str, group: str) -> Unmodelled:
    """What stands in the model for all objects of a kind that was not asked for of a live cluster."""
    from analyzer.manifests.kinds.registry import MODELLED

    why = "it was not read (--without)"
    known = MODELLED.get((kind, group))
    if known is not None:
        return replace(unread_of(known, THE_CLUSTER, why), name="objects")
    effect = replace(effect_of(kind, group), why=why)
    found = unmodelled(kind, group, None, "objects", THE_CLUSTER, effect)
    return replace(found, may_be=_parts_of_effect(effect))


def elsewhere_than(namespace: str) -> Unmodelled:
    """What stands in the model for all that other namespaces of a live cluster may hold."""
    why = f"only namespace {namespace} was read (--namespace)"
    found = unmodelled("objects", "", None, "of other namespaces", THE_CLUSTER, replace(ANYTHING, why=why))
    parts = frozenset({MayBe.POLICY, MayBe.POD, MayBe.SERVICE})
    return replace(found, may_be=parts, elsewhere_than=namespace)


def beyond_its_namespace(kind: str, group: str) -> Unmodelled:
    """What stands in the model for objects of a kind in other namespaces of a live cluster, which may reach any pod."""
    why = "only one namespace was read (--namespace), and one of another may reach pods of every namespace"
    effect = replace(effect_of(kind, group), why=why, asks_requests=False)
    return unmodelled(kind, group, None, "of other namespaces", THE_CLUSTER, effect)


def unread_document(source: Source) -> Unmodelled:
    """What stands in the model for a document that may hold anything."""
    return replace(unmodelled("document", "", None, "", source, ANYTHING), may_be=frozenset({MayBe.ANYTHING}))


def unmodelled(
    kind: str, api_version: str, namespace: str | None, name: str, source: Source, effect: Effect
) -> Unmodelled:
    """What stands in the model for an object of a kind with this effect."""
    return Unmodelled(
        kind,
        api_version,
        namespace,
        name,
        effect.may_allow,
        effect.may_deny,
        effect.adds_pods,
        source,
        effect.why,
        directions=effect.directions,
        protocols=effect.protocols,
        may_isolate=effect.may_isolate,
        changes_pods=effect.changes_pods,
        sets_host_network=effect.sets_host_network,
        asks_requests=effect.asks_requests,
        ports=effect.ports,
    )


def broken(root: Section, kind: str, api_version: str, known: ObjectKind | None) -> Unmodelled:
    """What stands in the model for an object that has problems."""
    if known is None:
        found = unmodelled(kind, api_version, None, quiet_name(root), root.source, ANYTHING)
        return replace(found, may_be=frozenset({MayBe.ANYTHING}))
    effect = effect_of_unread(known, UNREAD, known.is_namespaced)
    namespace = _place_of(root) if known.is_namespaced else None
    if known.kind == "Namespace" and label_name_fault(quiet_name(root)) is None:
        namespace = quiet_name(root)
    found = unmodelled(kind, api_version, namespace, quiet_name(root), root.source, effect)
    addresses = quiet_addresses(root) if known.kind == "Service" else None
    return replace(found, may_be=parts_of(known, has_status=root.data.get("status") is not None), addresses=addresses)


def _place_of(root: Section) -> str | None:
    """The namespace of an object; None where what is written is none."""
    metadata = root.data.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        return None
    written = quiet_metadata(root).get("namespace")
    return DEFAULT_NAMESPACE if written is None or written == "" else quiet_namespace(root) or None
