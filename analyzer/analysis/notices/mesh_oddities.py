"""What is odd about the mesh's objects and yet no error: those that do nothing, or something else than they seem to
(istio.md 16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import TypeVar

from analyzer.analysis.notices.mesh_patterns import oddity
from analyzer.model.cluster import Cluster, Service, ServicePort, Workload
from analyzer.model.endpoints import pod_of
from analyzer.model.formulas import FALSE, Formula, Role
from analyzer.model.labels import NO_LABELS
from analyzer.model.memory import remembered
from analyzer.model.mesh import (
    Attachment,
    AuthorizationPolicy,
    Condition,
    Conditions,
    MeshRule,
    Mode,
    PeerAuthentication,
    RequestAuthentication,
    Verdict,
    Waypoint,
)
from analyzer.model.mesh_gateways import gateways
from analyzer.model.mesh_modes import Modes
from analyzer.model.mesh_pods import chain_of, has_sidecar, leads_to
from analyzer.model.mesh_rules import Chain, is_for_requests
from analyzer.model.mesh_tunnel import has_ztunnel
from analyzer.model.mesh_ztunnel import in_ztunnel
from analyzer.model.policies import Protocol
from analyzer.model.source import Notice, Source
from analyzer.semantics.formulas import Situation, is_true

_IDENTITIES = frozenset({"source.principal", "source.namespace", "source.serviceAccount", "source.trustDomain"})
_FIELDS = {
    "source.principal": "principals",
    "source.namespace": "namespaces",
    "source.serviceAccount": "serviceAccounts",
    "source.trustDomain": "trustDomains",
    "request.auth.principal": "requestPrincipals",
    "destination.port": "ports",
}
_NOWHERE = ip_address("0.0.0.0")
Told = Iterator[tuple[Source, str]]
P = TypeVar("P", AuthorizationPolicy, RequestAuthentication)


@remembered
def mesh_oddities(cluster: Cluster) -> tuple[Notice, ...]:
    """One notice for each, in the order of the objects."""
    return tuple(dict.fromkeys(Notice(source, text) for source, text in _Lint(cluster).all()))


class _Lint:
    def __init__(self, cluster: Cluster) -> None:
        self.mesh, self.config, self.nodes = cluster.mesh, cluster.mesh.config, cluster.nodes
        self.workloads, self.workloads_by_namespace = cluster.workloads, cluster.workloads_by_namespace
        self.namespaces, self.services = cluster.namespace_by_name, {(s.namespace, s.name) for s in cluster.services}
        self.policies = self.mesh.of(AuthorizationPolicy)
        self.tokens = self.mesh.of(RequestAuthentication)
        self.accepting: dict[str, set[str]] = {}
        self.sidecar, self.ztunnel = has_sidecar(self.mesh, cluster), has_ztunnel(self.mesh)
        self.gateway = gateways(self.mesh, cluster)
        self.strict = {"sidecar": Modes(self.mesh).is_in(Mode.STRICT)}
        self.strict["ztunnel"] = Modes(self.mesh, in_ambient=True).denies_in_ambient()
        self.wide = [it for it in self.policies if _lets_all_in(it)]
        self.askers = [it for it in self.policies if any(map(_mentions_tokens, it.rules))]
        self.proxies: dict[str, str] = {}
        self.ports_by_namespace: dict[str, list[tuple[Service, ServicePort]]] = {}
        for service in cluster.services:
            ports = [it for it in service.ports if it.protocol is Protocol.TCP and isinstance(it.target, int)]
            if service.selector is not None:
                self.ports_by_namespace.setdefault(service.namespace, []).extend((service, it) for it in ports)

    def all(self) -> Told:
        for policy in self.policies:
            for text in self.of_policy(policy):
                yield policy.source, f"AuthorizationPolicy {policy.namespace}/{policy.name} {text}"
            for rule in policy.rules:
                for text in self.of_rule(policy, rule):
                    name = f"rule {rule.index + 1} of AuthorizationPolicy {policy.namespace}/{policy.name}"
                    yield rule.source, f"{name} {text}"
        for peers in self.mesh.of(PeerAuthentication):
            for text in self.of_peers(peers):
                yield peers.source, f"PeerAuthentication {peers.namespace}/{peers.name} {text}"
        for tokens in self.tokens:
            for text in self.of_tokens(tokens):
                yield tokens.source, f"RequestAuthentication {tokens.namespace}/{tokens.name} {text}"

    # -------------------------------------------------------------------------------------------- who is meant
    def near(self, every: Sequence[P], attached: Attachment) -> list[P]:
        """Those that may be for the same workloads."""
        root = self.config.root
        return [it for it in every if attached.namespace == root or it.namespace in (attached.namespace, root)]

    def in_scope(self, attached: Attachment) -> Sequence[Workload]:
        if attached.namespace == self.config.root:
            return self.workloads
        return self.workloads_by_namespace.get(attached.namespace, ())

    def selected(self, attached: Attachment) -> Sequence[Workload]:
        """The declared workloads that a policy without targets is for."""
        wanted = tuple(attached.labels.items()) if attached.labels is not None else ()
        return [w for w in self.in_scope(attached) if all(w.labels.get(key) == value for key, value in wanted)]

    def proxy(self, workload: Workload) -> str:
        """What stands before its pods: `gateway`, `sidecar`, `ztunnel`, or nothing."""
        found = self.proxies.get(workload.id)
        if found is None:
            kinds = {"gateway": self.gateway, "sidecar": self.sidecar, "ztunnel": self.ztunnel}
            found = next((kind for kind, formula in kinds.items() if self.holds(formula, workload)), "")
            self.proxies[workload.id] = "" if workload.host_network else found
        return self.proxies[workload.id]

    def holds(self, formula: Formula, workload: Workload, port: int | None = None) -> bool:
        namespace = self.namespaces.get(workload.namespace)
        pod = pod_of(workload, namespace.labels if namespace is not None else NO_LABELS, _NOWHERE)
        return is_true(formula, Situation(Protocol.TCP, port, {Role.SELF: pod}, self.nodes))

    def inert(self, attached: Attachment) -> Iterator[str]:
        """Why it does nothing to any declared workload."""
        if attached.targets or not self.in_scope(attached):
            return
        selected = self.selected(attached)
        if not selected:
            yield "selects no declared workload"
        elif not any(map(self.proxy, selected)):
            yield f"does nothing: no proxy of the mesh stands before {_some(selected)}"

    # -------------------------------------------------------------------------------------------- whole objects
    def of_policy(self, policy: AuthorizationPolicy) -> Iterator[str]:
        yield from self.inert(policy.attached)
        if policy.verdict is Verdict.CUSTOM and policy.provider not in dict(self.config.providers):
            yield (
                f"asks the provider `{policy.provider}`, which the mesh's configuration does not have: what its rules "
                "match is denied"
            )
        yield from self.of_targets(policy)
        if policy.verdict is Verdict.ALLOW and policy.rules and not policy.is_dry_run:
            yield from self.undone(policy)

    def of_targets(self, policy: AuthorizationPolicy) -> Iterator[str]:
        for target in policy.attached.targets:
            if target.kind == "Service" and (policy.namespace, target.name) not in self.services:
                yield f"is for Service {policy.namespace}/{target.name}, which no manifest declares"
        if not policy.attached.targets or not (waypoints := self.mesh.of(Waypoint)):
            return
        own = {self.config.identity(each.namespace, each.name) for each in waypoints}
        if not any(policy.namespace == it.namespace and _names(it, own) for it in self.policies):
            yield (
                "is enforced by a waypoint, which clients go past that call the pods by their addresses, until an "
                f"ALLOW policy for the pods names its identity alone ({sorted(own)[0]})"
            )

    def undone(self, policy: AuthorizationPolicy) -> Iterator[str]:
        """Another policy lets in everything that this one restricts."""
        if any(_is_for_all(rule) for rule in policy.rules) or policy.attached.targets:
            return
        wide = [it for it in self.near(self.wide, policy.attached) if it is not policy]
        if not wide:
            return
        mine = {workload.id for workload in self.selected(policy.attached)}
        for other in wide:
            both = [workload for workload in self.selected(other.attached) if workload.id in mine]
            if both:
                yield (
                    f"restricts nothing for {_some(both)}: AuthorizationPolicy {other.namespace}/{other.name} "
                    f"({other.source}) lets everything in"
                )

    def of_peers(self, peers: PeerAuthentication) -> Iterator[str]:
        if peers.namespace == self.config.root and peers.attached.labels:
            yield "is ignored: one with a selector counts in its namespace, and not in the mesh's root"
            return
        yield from self.inert(peers.attached)
        selected = self.selected(peers.attached)
        for port, _ in peers.ports:
            yield from self.slip(port, selected)

    def of_tokens(self, tokens: RequestAuthentication) -> Iterator[str]:
        yield from self.inert(tokens.attached)
        selected = {workload.id for workload in self.selected(tokens.attached)}
        askers = self.near(self.askers, tokens.attached)
        if selected and not any(selected & {w.id for w in self.selected(it.attached)} for it in askers):
            yield "asks nobody for a token: requests without one pass, until an AuthorizationPolicy names them"

    # -------------------------------------------------------------------------------------------- rules
    def of_rule(self, policy: AuthorizationPolicy, rule: MeshRule) -> Iterator[str]:
        every = (rule.when, *rule.sources, *rule.operations)
        for condition in (each for conditions in every for each in conditions):
            for value in (*condition.values, *condition.excepted):
                if (odd := oddity(condition.attribute, value, self.config)) is not None:
                    yield f"names `{_field(condition)}: {value}`, but {odd}"
        selected = [] if policy.attached.targets else self.selected(policy.attached)
        yield from self.without_identity(policy, rule, selected)
        yield from self.without_token(policy, rule, selected)
        yield from self.over_tcp(policy, rule, selected)
        yield from self.at_ztunnel(policy, rule, selected)
        for port in sorted(_ports(rule)):
            yield from self.slip(port, selected)

    def without_identity(
        self, policy: AuthorizationPolicy, rule: MeshRule, selected: Sequence[Workload]
    ) -> Iterator[str]:
        found = next(filter(None, (_unsafe(policy, rule, source) for source in rule.sources or ((),))), None)
        if found is None:
            return
        taking = [w for w in selected if (kind := self.proxy(w)) in self.strict and not self.is_strict(w, kind)]
        if taking:
            yield found.format(_some(taking))

    def is_strict(self, workload: Workload, kind: str) -> bool:
        numbers = {port.number for port in workload.ports if port.protocol is Protocol.TCP} or {1}
        return all(self.holds(self.strict[kind], workload, number) for number in numbers)

    def without_token(self, policy: AuthorizationPolicy, rule: MeshRule, selected: Sequence[Workload]) -> Iterator[str]:
        if not _mentions_tokens(rule) or policy.attached.targets:
            return
        found = self.accepting.get(policy.namespace)
        if found is None:
            found = {w.id for each in self.near(self.tokens, policy.attached) for w in self.selected(each.attached)}
            self.accepting[policy.namespace] = found
        bare = [workload for workload in selected if workload.id not in found]
        if bare:
            yield f"speaks of tokens, but no RequestAuthentication is for {_some(bare)}: none is ever accepted there"

    def over_tcp(self, policy: AuthorizationPolicy, rule: MeshRule, selected: Sequence[Workload]) -> Iterator[str]:
        """What speaks of requests means something else where bytes are none (istio.md 5.8)."""
        if not any(map(is_for_requests, (rule.when, *rule.sources, *rule.operations))):
            return
        only = _ports(rule) if all(_ports_of(each) for each in rule.operations) else set()
        for workload in selected:
            if self.proxy(workload) != "sidecar":
                continue
            found = sorted(number for number in self.tcp_ports(workload) if not only or number in only)
            if found:
                where = f"TCP port {found[0]} of {workload.id}"
                yield {
                    Verdict.ALLOW: f"speaks of requests and so never applies at {where}",
                    Verdict.DENY: f"speaks of requests, of which {where} sees none: it denies whatever its other "
                    "fields match there",
                    Verdict.CUSTOM: f"speaks of requests, of which {where} sees none: an authorizer over HTTP is not "
                    "asked there, and one over gRPC is asked about all that its other fields match",
                    Verdict.AUDIT: f"speaks of requests, of which {where} sees none",
                }[policy.verdict]
                return

    def tcp_ports(self, workload: Workload) -> Iterator[int]:
        """The numbers that a Service declares to speak no HTTP."""
        for service, port in self.ports_by_namespace.get(workload.namespace, ()):
            assert isinstance(port.target, int)
            if chain_of(port) is Chain.TCP and self.holds(leads_to(service, port), workload, port.target):
                yield port.target

    def at_ztunnel(self, policy: AuthorizationPolicy, rule: MeshRule, selected: Sequence[Workload]) -> Iterator[str]:
        here = [workload for workload in selected if self.proxy(workload) == "ztunnel"]
        if not here:
            return
        if policy.verdict in (Verdict.CUSTOM, Verdict.AUDIT):
            yield f"does nothing at {_some(here)}: ztunnel knows no {policy.verdict.value}"
        elif in_ztunnel(rule, policy.namespace, policy.verdict) == FALSE:
            yield f"speaks of requests, which ztunnel does not see: it never applies to {_some(here)}"

    def slip(self, port: int, selected: Sequence[Workload]) -> Iterator[str]:
        """The Service's port, where the pod's is due."""
        if any(it.number == port for workload in selected for it in workload.ports):
            return
        for workload in selected:
            for service, its in self.ports_by_namespace.get(workload.namespace, ()):
                assert isinstance(its.target, int)
                if its.port == port != its.target and self.holds(leads_to(service, its), workload, its.target):
                    yield f"names port {port}, which is the port of {service.id}; {workload.owner} has {its.target}"
                    return


def _unsafe(policy: AuthorizationPolicy, rule: MeshRule, source: Conditions) -> str | None:
    """What plaintext, which has no identity, makes of what the source asks of identities."""
    named = [each for each in (*source, *rule.when) if each.attribute in _IDENTITIES]
    wanted = any(each.values for each in named)
    if policy.verdict is Verdict.ALLOW and named and not wanted:
        return (
            "lets plaintext in at {}, which has no identity and so is none of those excepted; add `namespaces: "
            '["*"]`, or mutual TLS that is STRICT'
        )
    if policy.verdict is Verdict.DENY and wanted:
        return (
            "is evaded at {} in plaintext, which has no identity; deny `notNamespaces: "
            '["*"]` too, or make mutual TLS STRICT'
        )
    return None


def _some(workloads: Sequence[Workload]) -> str:
    owners = sorted({workload.owner for workload in workloads})
    return owners[0] if len(owners) == 1 else f"{owners[0]} and {len(owners) - 1} more"


def _field(condition: Condition) -> str:
    if condition.key:
        return f"{condition.attribute}[{condition.key}]"
    return _FIELDS.get(condition.attribute, condition.attribute)


def _is_for_all(rule: MeshRule) -> bool:
    return not (rule.sources or rule.operations or rule.when)


def _lets_all_in(policy: AuthorizationPolicy) -> bool:
    is_allow = policy.verdict is Verdict.ALLOW and not policy.is_dry_run and not policy.attached.targets
    return is_allow and any(map(_is_for_all, policy.rules))


def _mentions_tokens(rule: MeshRule) -> bool:
    every: Iterable[Conditions] = (rule.when, *rule.sources)
    return any(each.attribute.startswith("request.auth.") for conditions in every for each in conditions)


def _names(policy: AuthorizationPolicy, identities: set[str]) -> bool:
    """An ALLOW policy for pods that names one of the identities."""
    sources = (each for rule in policy.rules for source in rule.sources for each in source)
    is_for_pods = policy.verdict is Verdict.ALLOW and not policy.attached.targets
    return is_for_pods and any(identities & set(each.values) for each in sources)


def _ports_of(operation: Conditions) -> set[int]:
    return {int(v) for each in operation if each.attribute == "destination.port" for v in each.values}


def _ports(rule: MeshRule) -> set[int]:
    return {number for operation in (*rule.operations, rule.when) for number in _ports_of(operation)} - {0}
