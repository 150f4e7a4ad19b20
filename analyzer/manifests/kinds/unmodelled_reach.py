"""How far one object reaches that the model does not read: what of its own text says so, cheaply and for certain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from analyzer.manifests.kinds.manifest import kind_dot_group
from analyzer.manifests.kinds.unmodelled_kinds import NO_EFFECT, Effect
from analyzer.manifests.text.nodes import Mapping
from analyzer.model.cilium import ON_POLICIES
from analyzer.model.policies import Direction, Protocol
from analyzer.sets import PortSet

_HIGHEST_PORT = 65535
_EGRESS, _INGRESS = (Direction.EGRESS,), (Direction.INGRESS,)
_HOST_NETWORK = "hostNetwork"


def narrowed(effect: Effect, kind: str, group: str, data: Mapping) -> Effect:
    """The effect of this object, no wider than that of its kind."""
    narrow = _NARROWERS.get(kind_dot_group(kind, group))
    return narrow(effect, data) if narrow is not None else effect


def _spec(data: Mapping) -> Mapping:
    return _mapping(data.get("spec"))


def _mapping(value: Any) -> Mapping:
    return value if isinstance(value, Mapping) else Mapping()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


# ------------------------------------------------------------------------------------------------ policies
def _of_sections(effect: Effect, data: Mapping) -> Effect:
    """Cilium: a rule says something of the directions of which it has a section (calico-cilium.md 2.4)."""
    rules = [_spec(data), *map(_mapping, _list(data.get("specs")))]
    keys = {str(key) for rule in rules for key in rule}
    words = {Direction.EGRESS: ("egress", "egressDeny"), Direction.INGRESS: ("ingress", "ingressDeny")}
    found = tuple(d for d, sections in words.items() if keys & set(sections))
    return replace(effect, directions=found) if found else effect


def _of_redirection(effect: Effect, data: Mapping) -> Effect:
    """CiliumLocalRedirectPolicy: clients of every namespace are led elsewhere, and policies see where they are led to:
    between two pods it changes nothing, but its address, or its Service, may lead to none of those it led to."""
    return replace(effect, is_namespaced=False, directions=_EGRESS, protocols=(Protocol.TCP, Protocol.UDP))


def _of_envoy(effect: Effect, data: Mapping) -> Effect:
    """CiliumEnvoyConfig: TCP to its Services goes by Envoy, whoever the client is, past what its own policies say of
    egress.  One without Services is only for listeners that policies name, which let in no more than these do; what
    Cilium writes for an Ingress or a Gateway is between clients and the proxy, two hops."""
    owners = _list(_mapping(data.get("metadata")).get("ownerReferences"))
    if owners and all(_mapping(owner).get("kind") in ("Gateway", "Ingress") for owner in owners):
        return NO_EFFECT
    is_serving = bool(_list(_spec(data).get("services")))
    return replace(effect, is_namespaced=False, protocols=(Protocol.TCP,), may_allow=is_serving)


def _of_node_config(effect: Effect, data: Mapping) -> Effect:
    """CiliumNodeConfig: some nodes' agents are set up in another way, which matters if it bears on policies."""
    said = {str(key) for key in _mapping(_spec(data).get("defaults"))}
    return replace(effect, why=_NODES, is_namespaced=False) if said & ON_POLICIES else NO_EFFECT


_NODES = "on some nodes Cilium is set up so that it takes policies otherwise"


# ------------------------------------------------------------------------------------------------ the mesh
def _of_target(effect: Effect, data: Mapping) -> Effect:
    """A policy that names targets is enforced where these are: at a gateway or a waypoint on the way (istio.md 5.1)."""
    spec = _spec(data)
    if "targetRefs" in spec or "targetRef" in spec:
        return replace(effect, is_namespaced=False, directions=tuple(Direction))
    return effect


def _exported(effect: Effect, data: Mapping) -> Effect:
    """A ServiceEntry bears on what clients send to its ports; one that is exported to its own namespace only is unknown
    to clients of others."""
    is_private = [str(it) for it in _list(_spec(data).get("exportTo"))] == ["."]
    effect = replace(effect, is_namespaced=True) if is_private else effect
    numbers = [_mapping(port).get("number") for port in _list(_spec(data).get("ports"))]
    told = [it for it in numbers if isinstance(it, int) and not isinstance(it, bool) and 1 <= it <= _HIGHEST_PORT]
    return replace(effect, ports=PortSet.of(*told)) if told and len(told) == len(numbers) else effect


def _of_listeners(effect: Effect, data: Mapping) -> Effect:
    """A Sidecar that says nothing of what comes in limits what its pods forward, and nothing else."""
    spec = _spec(data)
    comes_in = any(spec.get(key) for key in ("ingress", "inboundConnectionPool"))
    return effect if comes_in else replace(effect, directions=_EGRESS)


def _of_hosts(effect: Effect, data: Mapping) -> Effect:
    """Requests to the hosts that it names may be refused, whoever sends them: at pods of its own namespace where all
    of these are Services there, else anywhere.  What is for gateways only bears on where it leads (istio.md 8)."""
    spec = _spec(data)
    gateways = {str(it) for it in _list(spec.get("gateways"))}
    hosts = [] if gateways and "mesh" not in gateways else [*_list(spec.get("hosts")), spec.get("host")]
    hosts = [str(host) for host in hosts if host is not None] + list(_destinations(spec))
    own = _mapping(data.get("metadata")).get("namespace", "default")
    if hosts and all(_namespace_of(host, own) == own for host in hosts):
        return replace(effect, directions=_INGRESS)
    return replace(effect, is_namespaced=False)


def _destinations(value: Any) -> Iterator[str]:
    """The hosts that routes lead to, mirrors included."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in ("destination", "mirror") and isinstance(part, Mapping):
                yield str(part.get("host"))
            yield from _destinations(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _destinations(part)


def _namespace_of(host: str, own: object) -> object:
    """The namespace of the Service that a host names: its own where it is one word; None for a name of another kind."""
    labels = host.rstrip(".").split(".")
    if "*" in host:
        return None
    if len(labels) == 1:
        return own
    return labels[1] if labels[2:3] == ["svc"] or (len(labels) == 2 and labels[1] == own) else None


# ------------------------------------------------------------------------------------------------ networks
def _of_network(effect: Effect, data: Mapping) -> Effect:
    """One more interface is a way in and out that policies do not see; it closes nothing (reference A12.5).  A network
    in the place of the cluster's own, as OVN-Kubernetes has it, parts its pods from all others."""
    config = _spec(data).get("config")
    try:
        found = json.loads(config) if isinstance(config, str) and config else {}
    except (ValueError, RecursionError):
        return replace(effect, may_deny=True)
    is_primary = isinstance(found, dict) and found.get("role") not in (None, "secondary")
    return replace(effect, may_deny=is_primary)


# ------------------------------------------------------------------------------------------------ mutations
_OF_PODS = frozenset({"pods", "replicationcontrollers", "podtemplates"})
_OF_APPS = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets"})
_OF_BATCH = frozenset({"jobs", "cronjobs"})


def _of_webhooks(effect: Effect, data: Mapping) -> Effect:
    """A webhook changes pods if it is asked about pods, or what makes them, when these are written."""
    rules = [_mapping(rule) for hook in _list(data.get("webhooks")) for rule in _list(_mapping(hook).get("rules"))]
    return effect if any(map(_asks_for_pods, rules)) else NO_EFFECT


def _of_constraints(effect: Effect, data: Mapping) -> Effect:
    """The same for a MutatingAdmissionPolicy; one without constraints is for everything."""
    rules = _list(_mapping(_spec(data).get("matchConstraints")).get("resourceRules"))
    return effect if not rules or any(_asks_for_pods(_mapping(rule)) for rule in rules) else NO_EFFECT


def _asks_for_pods(rule: Mapping) -> bool:
    groups = {str(it) for it in _list(rule.get("apiGroups"))}
    resources = {str(it).partition("/")[0] for it in _list(rule.get("resources"))}
    operations = {str(it) for it in _list(rule.get("operations"))}
    if operations and not operations & {"*", "CREATE", "UPDATE"}:
        return False
    of_groups = {"": _OF_PODS, "apps": _OF_APPS, "batch": _OF_BATCH}
    wanted = frozenset().union(*(names for group, names in of_groups.items() if groups & {group, "*"}))
    return bool(wanted) and ("*" in resources or bool(resources & wanted))


def _of_location(effect: Effect, data: Mapping) -> Effect:
    """Gatekeeper: what lies at `location` changes, and nothing else; policies see labels, ports, hostNetwork."""
    location = _spec(data).get("location")
    if not isinstance(location, str):
        return effect
    if _HOST_NETWORK in location:
        return replace(effect, sets_host_network=True)
    seen = ("labels", "ports", "serviceAccount", "initContainers")
    return effect if any(word in location for word in seen) or location.count(".") < 2 else NO_EFFECT


def _of_rules(effect: Effect, data: Mapping) -> Effect:
    """Kyverno: a policy generates, mutates or only verifies, rule by rule."""
    rules = [_mapping(rule) for rule in _list(_spec(data).get("rules"))]
    if not rules or any("generate" in rule for rule in rules):
        return effect
    mutating = [rule for rule in rules if "mutate" in rule]
    if not mutating:
        return NO_EFFECT
    return _mutates(effect, any(_names_host_network(rule.get("mutate")) for rule in mutating))


def _of_mutating_policy(effect: Effect, data: Mapping) -> Effect:
    return _mutates(effect, _names_host_network(_spec(data).get("mutations")))


def _mutates(effect: Effect, sets_host_network: bool) -> Effect:
    return replace(
        NO_EFFECT,
        changes_pods=True,
        sets_host_network=sets_host_network,
        why=effect.why,
        is_namespaced=effect.is_namespaced,
    )


def _names_host_network(value: Any) -> bool:
    """Whether the word stands anywhere in it, as a key or in a text."""
    if isinstance(value, Mapping):
        return any(_HOST_NETWORK in str(key) or _names_host_network(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return any(map(_names_host_network, value))
    return isinstance(value, str) and _HOST_NETWORK in value


_NARROWERS: dict[str, Callable[[Effect, Mapping], Effect]] = {
    "CiliumNetworkPolicy.cilium.io": _of_sections,
    "CiliumClusterwideNetworkPolicy.cilium.io": _of_sections,
    "CiliumLocalRedirectPolicy.cilium.io": _of_redirection,
    "CiliumEnvoyConfig.cilium.io": _of_envoy,
    "CiliumClusterwideEnvoyConfig.cilium.io": _of_envoy,
    "CiliumNodeConfig.cilium.io": _of_node_config,
    "AuthorizationPolicy.security.istio.io": _of_target,
    "RequestAuthentication.security.istio.io": _of_target,
    "Sidecar.networking.istio.io": _of_listeners,
    "ServiceEntry.networking.istio.io": _exported,
    "VirtualService.networking.istio.io": _of_hosts,
    "DestinationRule.networking.istio.io": _of_hosts,
    "NetworkAttachmentDefinition.k8s.cni.cncf.io": _of_network,
    "MutatingWebhookConfiguration.admissionregistration.k8s.io": _of_webhooks,
    "MutatingAdmissionPolicy.admissionregistration.k8s.io": _of_constraints,
    "Assign.mutations.gatekeeper.sh": _of_location,
    "AssignMetadata.mutations.gatekeeper.sh": _of_location,
    "ModifySet.mutations.gatekeeper.sh": _of_location,
    "Policy.kyverno.io": _of_rules,
    "ClusterPolicy.kyverno.io": _of_rules,
    "MutatingPolicy.policies.kyverno.io": _of_mutating_policy,
    "NamespacedMutatingPolicy.policies.kyverno.io": _of_mutating_policy,
}
