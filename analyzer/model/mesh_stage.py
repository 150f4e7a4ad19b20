"""What Istio decides at the destination, as stages of the pipeline: the proxy of a gateway, a sidecar, or ztunnel.

Each asks, in this order: may these bytes come in at all (TLS mode, identity, what the port speaks), the external
authorizers, the token, DENY, ALLOW (istio.md 5.2, 6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.model.cluster import Cluster, Service
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    Formula,
    Name,
    Open,
    Role,
    Test,
    both,
    either,
    negated,
)
from analyzer.model.knobs import ExtAuthz
from analyzer.model.memory import remembered
from analyzer.model.mesh import (
    BYPASS,
    Attachment,
    AuthorizationPolicy,
    Mesh,
    Mode,
    RequestAuthentication,
    Verdict,
    Waypoint,
)
from analyzer.model.mesh_modes import Modes
from analyzer.model.mesh_patterns import of_request
from analyzer.model.mesh_places import mesh_at, places
from analyzer.model.mesh_pods import chain_of, selects
from analyzer.model.mesh_rules import (
    AT_SIDECAR,
    HAS_MTLS,
    IDENTITY,
    Chain,
    Reader,
)
from analyzer.model.mesh_tokens import Tokens
from analyzer.model.mesh_tunnel import goes_past_ztunnel
from analyzer.model.mesh_waypoints import is_at_waypoint
from analyzer.model.mesh_ztunnel import IN_THREE_PARTS, in_ztunnel
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Action, NamespaceNamed, PodPeer, Policy, Protocol, Rule
from analyzer.model.policies import Tier as TierName
from analyzer.model.requests import UNREADABLE
from analyzer.sets.strings import prefix

STAGE = "request"
_EVERY_POD = TRUE
_HAS_METHOD = Test(of_request(Name.METHOD))
_FAULT = Test(of_request(Name.FAULT))
_UNREADABLE = both([negated(HAS_MTLS), Test(of_request(Name.FAULT), frozenset({UNREADABLE}))])
"""Bytes that a proxy which finds out what comes takes for no HTTP; in mutual TLS the client says what it sends."""
_OWN_TLS = both([negated(HAS_MTLS), Test(of_request(Name.SNI))])


@remembered
def mesh_stages(cluster: Cluster, authorizers: ExtAuthz) -> tuple[Stage, ...]:
    """Of a destination one applies at most; none where nothing of a mesh is to be seen."""
    return tuple(_Builder(cluster, cluster.mesh, authorizers).stages())


@remembered
def stages_for(cluster: Cluster, authorizers: ExtAuthz, namespace: str) -> tuple[Stage, ...]:
    """The same for destinations in the namespace: without what binds pods of others alone."""
    return stages_among(cluster, authorizers, (namespace,))


def stages_among(
    cluster: Cluster, authorizers: ExtAuthz, names: Collection[str], looked_at: Collection[str] | None = None
) -> tuple[Stage, ...]:
    """The same for destinations in these namespaces.  `looked_at`: those whose AuthorizationPolicies are read; None:
    all."""
    return tuple(_Builder(cluster, mesh_at(cluster, names, looked_at), authorizers).stages())


@remembered
def waypoint_stage(cluster: Cluster, authorizers: ExtAuthz, waypoint: Waypoint, service: str, number: int) -> Stage:
    """What a waypoint says of who asks for that port of that Service; ports of policies are the Service's there."""
    found = next(each for each in cluster.services if each.id == service)

    def attaches(attached: Attachment) -> Formula:
        return TRUE if is_at_waypoint(attached, waypoint, found, cluster.mesh.config.root) else FALSE

    return _Builder(cluster, cluster.mesh, authorizers, attaches).waypoint(found, number)


def tunnelled(cluster: Cluster) -> Formula:
    """The request comes to SELF inside the mesh's own tunnel, whatever port it asks for (istio.md 9)."""
    return both([HAS_MTLS, places(cluster).ztunnel])


@remembered
def may_be_tunnelled(cluster: Cluster) -> Formula:
    """A request to SELF may come inside the tunnel instead, as the client likes: a sidecar takes it there, too.  Where
    it would not see the request that comes straight, or not who sends it, what it makes of that is not modelled."""
    to_sidecar = places(cluster).tunnel_to_sidecar
    if to_sidecar == FALSE:
        return FALSE
    text = (
        "what a sidecar makes of what comes in the mesh's tunnel for a port that it does not see, or not in mutual TLS"
    )
    fact = Open(OpenFact("mesh-tunnel", "port", f"{text}, is not modelled"))
    sees = both([places(cluster).sidecar, negated(Modes(cluster.mesh).is_in(Mode.DISABLE))])
    return both([HAS_MTLS, to_sidecar, either([sees, fact])])


class _Builder:
    def __init__(
        self,
        cluster: Cluster,
        mesh: Mesh,
        authorizers: ExtAuthz,
        attaches: Callable[[Attachment], Formula] | None = None,
    ) -> None:
        """`mesh`: the cluster's, or what of it is read.  `attaches`: which pods, of those that are SELF, a policy is
        for."""
        self.cluster, self.mesh, self.authorizers = cluster, mesh, authorizers
        self.config = self.mesh.config
        self.attaches = attaches or (lambda attached: selects(attached, self.config.root))
        self.policies = self.mesh.of(AuthorizationPolicy)
        self.tokens: dict[str | None, Tokens] = {}
        self.authenticating = self.mesh.of(RequestAuthentication)
        self.places = places(cluster)
        self.told = {id(policy): as_policy(policy) for policy in self.policies}

    def stages(self) -> Iterator[Stage]:
        if self.places.gateway != FALSE:
            yield self._gateway(self.places.gateway)
        yield self._sidecar(self.places.sidecar)
        yield self._ztunnel(self.places.ztunnel)

    # -------------------------------------------------------------------------------------------- Envoy
    def _sidecar(self, applies: Formula) -> Stage:
        modes = Modes(self.mesh)
        speaks = self.places.speaks
        disabled = modes.is_in(Mode.DISABLE)
        opaque = either([_OWN_TLS, both([HAS_MTLS, disabled])])
        is_http, is_tcp = speaks[Chain.HTTP], speaks[Chain.TCP]
        no_http = either([opaque, negated(_HAS_METHOD), _UNREADABLE])
        on_http = both([_HAS_METHOD, negated(opaque), negated(is_tcp), either([is_http, negated(_UNREADABLE)])])
        on_tcp = either([is_tcp, both([negated(is_http), no_http])])
        domains = either(Test(IDENTITY, prefix(f"{domain}/")) for domain in self.config.trust_domains)
        entry = _own(
            (both([negated(HAS_MTLS), modes.is_in(Mode.STRICT)]), "its proxy takes nothing but mutual TLS there"),
            (both([HAS_MTLS, negated(disabled), negated(domains)]), "its proxy knows no such identity"),
            (both([is_http, either([opaque, negated(_HAS_METHOD)])]), "its proxy takes nothing but HTTP there"),
            (both([on_http, _FAULT]), "its proxy refuses such a request before any policy"),
        )
        return self._of_envoy(applies, entry, on_http, on_tcp, both([HAS_MTLS, disabled]), AT_SIDECAR)

    def _gateway(self, applies: Formula) -> Stage:
        routes = self.places.routes
        entry = _own(
            (both([negated(routes.is_open), either([HAS_MTLS, negated(routes.takes)])]), "no server of its takes that"),
            (both([negated(routes.is_open), either([negated(_HAS_METHOD), _FAULT])]), "it refuses such a request"),
            (both([negated(routes.is_open), negated(routes.leads)]), "no route of the gateway is for it"),
        )
        doubtful = StagedRule(None, Action.DENY, FALSE, FALSE, routes.doubt)
        open_entry = Entry(None, _EVERY_POD, (doubtful,), why="what the gateway makes of it is not modelled")
        return self._of_envoy(applies, (*entry, open_entry), TRUE, FALSE, FALSE, self.places.proxies)

    def waypoint(self, service: Service, number: int) -> Stage:
        """Everyone there has shown an identity, and the bytes inside are plain."""
        chain = next((chain_of(p) for p in service.ports if (p.port, p.protocol) == (number, Protocol.TCP)), None)
        on_http = both([_HAS_METHOD, TRUE if chain is not Chain.TCP else FALSE])
        own = _own(
            (negated(_HAS_METHOD) if chain is Chain.HTTP else FALSE, "the waypoint takes nothing but HTTP there"),
            (both([on_http, _FAULT]), "the waypoint refuses such a request before any policy"),
        )
        return self._of_envoy(TRUE, own, on_http, negated(on_http), FALSE, AT_SIDECAR, sees_source=False)

    def _of_envoy(
        self,
        applies: Formula,
        own: Sequence[Entry],
        on_http: Formula,
        on_tcp: Formula,
        blind: Formula,
        client_ip: Sequence[tuple[Formula, str]],
        *,
        sees_source: bool = True,
    ) -> Stage:
        """`blind`: where mutual TLS is not unwrapped, so that nobody sees an identity."""
        tokens = self._tokens()
        here = [p for p in self.policies if self.attaches(p.attached) != FALSE]
        enforced = [p for p in here if not p.is_dry_run or p.verdict is Verdict.CUSTOM]

        def read(policy: AuthorizationPolicy) -> Iterator[tuple[int, Formula, Formula]]:
            own = self._tokens(policy.namespace)
            see = Reader(policy.namespace, policy.verdict, self.config, own, tuple(client_ip), sees_source=sees_source)
            unseeing = replace(see, sees_identity=False)
            for rule in policy.rules:
                over_tcp = see.rule(rule, Chain.TCP)
                if blind != FALSE:
                    blinded = unseeing.rule(rule, Chain.TCP)
                    over_tcp = either([both([negated(blind), over_tcp]), both([blind, blinded])])
                yield rule.index, both([on_http, see.rule(rule, Chain.HTTP)]), both([on_tcp, over_tcp])

        def entry(policy: AuthorizationPolicy, action: Action) -> Entry:
            rules = tuple(self._rule(policy, i, action, either([http, tcp])) for i, http, tcp in read(policy))
            subject = self.attaches(policy.attached)
            return Entry(self.told[id(policy)], subject, rules, closes=action is Action.ACCEPT)

        denying = [entry(p, Action.DENY) for p in enforced if p.verdict is Verdict.DENY]
        allowing = [entry(p, Action.ACCEPT) for p in enforced if p.verdict is Verdict.ALLOW]
        custom = [p for p in enforced if p.verdict is Verdict.CUSTOM]
        asked = [self._asked(policy, custom, list(read(policy))) for policy in custom]
        broken = _own((both([on_http, tokens.is_broken()]), "its proxy refuses the token"))
        tiers = (*_tiers(own, asked, broken, denying), _closing(allowing))
        return Stage(STAGE, Role.DST, applies, tiers=tiers, doubts=self.places.doubts)

    def _asked(
        self,
        policy: AuthorizationPolicy,
        every: Sequence[AuthorizationPolicy],
        read: list[tuple[int, Formula, Formula]],
    ) -> Entry:
        """An external authorizer.  One that is not known, or is not the only one of the pod, denies (istio.md 5.9)."""
        known = dict(self.config.providers)
        others = either(self.attaches(p.attached) for p in every if p.provider != policy.provider)
        is_grpc = known.get(policy.provider)
        rules: list[StagedRule] = []
        for index, http, tcp in read:
            badly = TRUE if is_grpc is None else others
            answered = both([http if not is_grpc else either([http, tcp]), self._says_no(policy)])
            when = either([both([badly, either([http, tcp])]), both([negated(badly), answered])])
            if policy.is_dry_run:  # what a release makes of it is not specified
                text = f"whether {self.told[id(policy)].id} ({policy.source}), a dry run, is enforced is not known"
                when = both([when, Open(OpenFact("mesh-dry-run", f"{policy.namespace}/{policy.name}", text))])
            rules.append(self._rule(policy, index, Action.DENY, when))
        return Entry(self.told[id(policy)], self.attaches(policy.attached), tuple(rules))

    def _says_no(self, policy: AuthorizationPolicy) -> Formula:
        if self.authorizers is not ExtAuthz.OPEN:
            return TRUE if self.authorizers is ExtAuthz.DENY else FALSE
        text = f"what the external authorizer `{policy.provider}` answers is not known"
        return Open(OpenFact("ext-authz", policy.provider, text))

    def _tokens(self, namespace: str | None = None) -> Tokens:
        """The rules for tokens that may be in force where a policy of the namespace is; None: anywhere."""
        known = self.tokens.get(namespace)
        if known is None:
            found = self.authenticating
            if namespace not in (None, self.config.root):
                found = [each for each in found if each.namespace in (namespace, self.config.root)]
            known = Tokens([(self.attaches(each.attached), rule) for each in found for rule in each.rules])
            self.tokens[namespace] = known
        return known

    def _rule(self, policy: AuthorizationPolicy, index: int, action: Action, when: Formula) -> StagedRule:
        rules = self.told[id(policy)].ingress or ()
        return StagedRule(next(rule for rule in rules if rule.index == index), action, FALSE, FALSE, when)

    # -------------------------------------------------------------------------------------------- ztunnel
    def _ztunnel(self, applies: Formula) -> Stage:
        is_unknown = either([negated(HAS_MTLS), negated(IN_THREE_PARTS)])
        strict = both([is_unknown, Modes(self.mesh, in_ambient=True).denies_in_ambient()])
        own = _own((strict, "ztunnel takes nothing but mutual TLS there"))
        passing = both([negated(HAS_MTLS), goes_past_ztunnel(self.cluster)])
        past = Entry(None, _EVERY_POD, (StagedRule(None, Action.ACCEPT, FALSE, FALSE, passing),), why=_PAST_ZTUNNEL)

        def entries(verdict: Verdict, action: Action) -> list[Entry]:
            return [
                Entry(
                    self.told[id(policy)],
                    selects(policy.attached, self.config.root, in_ambient=True),
                    tuple(
                        self._rule(policy, rule.index, action, in_ztunnel(rule, policy.namespace, verdict))
                        for rule in policy.rules
                    ),
                    closes=action is Action.ACCEPT,
                )
                for policy in self.policies
                if policy.verdict is verdict and not policy.is_dry_run and not policy.attached.targets
            ]

        allowing = _closing(entries(Verdict.ALLOW, Action.ACCEPT))
        first = [] if passing == FALSE else [past]
        tiers = (*_tiers(first, own, entries(Verdict.DENY, Action.DENY)), allowing)
        return Stage(STAGE, Role.DST, applies, tiers=tiers, doubts=self.places.doubts)


_PAST_ZTUNNEL = f"annotation {BYPASS}: what comes in plaintext goes past ztunnel"


def _own(*denials: tuple[Formula, str]) -> tuple[Entry, ...]:
    """What a proxy does by itself."""
    return tuple(
        Entry(None, _EVERY_POD, (StagedRule(None, Action.DENY, FALSE, FALSE, when),), why=why)
        for when, why in denials
        if when != FALSE
    )


def _tiers(*groups: Sequence[Entry]) -> Iterable[Tier]:
    """Tiers that do nothing but deny, or but accept: the order within one makes no difference."""
    return (Tier(None, ((tuple(group),),)) for group in groups if group)


def _closing(allowing: Sequence[Entry]) -> Tier:
    """What no ALLOW matches is denied where there is one."""
    return Tier(None, ((tuple(allowing),),) if allowing else (), Unmatched.DENY, is_union=True)


def as_policy(policy: AuthorizationPolicy) -> Policy:
    """The policy as reports name it and its rules."""
    action = Action.ACCEPT if policy.verdict is Verdict.ALLOW else Action.DENY
    rules = tuple(Rule(action, None, None, rule.index, rule.source, word=policy.verdict.value) for rule in policy.rules)
    return Policy(
        kind="AuthorizationPolicy",
        namespace=policy.namespace,
        name=policy.name,
        tier=TierName.NETWORK_POLICY,
        subject=PodPeer(NamespaceNamed(policy.namespace)),
        ingress=rules,
        egress=None,
        source=policy.source,
    )
