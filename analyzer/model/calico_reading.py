"""Calico's policies as tiers of the pipeline, those of Kubernetes among them (calico-cilium.md 1.4 to 1.11, 0.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf

from analyzer.model.calico import (
    BUILT_IN_TIERS,
    DEFAULT_ALLOW,
    DEFAULT_TIER,
    FOR_KUBERNETES,
    CalicoPolicy,
    CalicoTier,
    HostEndpoint,
)
from analyzer.model.calico_labels import CalicoLabels
from analyzer.model.calico_rules import CalicoRules, on_port, staged
from analyzer.model.calico_settings import (
    HostPorts,
    ToHost,
)
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    PODS,
    TRUE,
    AtAddress,
    Formula,
    Member,
    Open,
    Role,
    both,
    either,
    is_a,
)
from analyzer.model.labels import Labels
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, StagedRule, Tier, Unmatched, one_by_one
from analyzer.model.policies import Action, Direction, Policy
from analyzer.model.policies import Tier as TierName
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet

_NAMES_BEFORE_NAMESPACES = (3, 32)
_FAILSAFE_BOTH = tuple(HostPorts(6, number) for number in (179, 2379, 2380, 5473, 6443, 6666, 6667))
_FAILSAFE = {
    Direction.INGRESS: (HostPorts(6, 22), HostPorts(17, 68), *_FAILSAFE_BOTH),
    Direction.EGRESS: (HostPorts(17, 53), HostPorts(17, 67), *_FAILSAFE_BOTH),
}
_TIER_OF_KUBERNETES = {
    "NetworkPolicy": DEFAULT_TIER,
    "AdminNetworkPolicy": "adminnetworkpolicy",
    "BaselineAdminNetworkPolicy": "baselineadminnetworkpolicy",
}
_KIND_OF_KUBERNETES = {
    "NetworkPolicy": "KubernetesNetworkPolicy",
    "ClusterNetworkPolicy": "KubernetesClusterNetworkPolicy",
    "AdminNetworkPolicy": "KubernetesAdminNetworkPolicy",
    "BaselineAdminNetworkPolicy": "KubernetesBaselineAdminNetworkPolicy",
}


class CalicoReader:
    """What Calico's objects say in one direction; `entry_of` reads a policy of Kubernetes' own."""

    def __init__(
        self, profile: Profile, cluster: Cluster, direction: Direction, entry_of: Callable[[Policy], Entry]
    ) -> None:
        self.profile, self.cluster, self.direction, self.entry_of = profile, cluster, direction, entry_of
        self.calico = cluster.calico
        self.labels = CalicoLabels(cluster)
        self.near = Role.SRC if direction is Direction.EGRESS else Role.DST
        self.far = Role.DST if direction is Direction.EGRESS else Role.SRC
        self.hosts = tuple(_with_addresses(cluster))
        self.rules = CalicoRules(profile, cluster, self.labels, tuple(endpoint for endpoint, _ in self.hosts), self.far)

    @property
    def applies(self) -> Formula:
        """Pods on the pod network, and nodes at their host endpoints."""
        return either([is_a(Role.SELF, PODS), _at_hosts(Role.SELF, (its for _, its in self.hosts))])

    def tiers(self) -> Iterator[Tier]:
        """What may be denied whatever policies allow goes first: an Allow of theirs is final."""
        yield from self._to_own_node()
        yield from self._forwarded()
        if self.hosts:
            yield from self._before_policies()
        yield from self._of_policies()
        if self.hosts:
            yield self._of_profiles()

    # -------------------------------------------------------------------------------------------- tiers
    def _of_policies(self) -> Iterator[Tier]:
        placed: dict[str, list[tuple[tuple[float, str], Entry]]] = {}
        for policy in self.calico.policies:
            is_normal = not (policy.is_untracked or policy.is_before_dnat)
            if is_normal and policy.rules(self.direction) is not None:
                place = inf if policy.order is None else policy.order, self._tie_key(policy)
                placed.setdefault(policy.tier, []).append((place, self._entry(policy)))
        for own in self.cluster.policies:
            if own.rules(self.direction) is not None:
                where, order = _place_of(own)
                read = self.entry_of(own)
                entry = Entry(read.policy, read.subject, read.rules, closes=True)
                placed.setdefault(where, []).append(((order, self._tie_key(own)), entry))
        for tier in self._in_order(placed):
            entries = [entry for _, entry in sorted(placed[tier.name], key=lambda one: one[0])]
            unmatched = Unmatched.NEXT if tier.passes else Unmatched.DENY
            if all(rule.action is Action.ACCEPT for entry in entries for rule in entry.rules):
                yield Tier(tier.name, ((tuple(entries),),), unmatched, is_union=True)
            else:
                yield Tier(tier.name, one_by_one(entries), unmatched)

    def _in_order(self, placed: Iterable[str]) -> list[CalicoTier]:
        known = {tier.name: tier for tier in (*BUILT_IN_TIERS.values(), *self.calico.tiers)}
        found = [known.get(name, CalicoTier(name, None, False)) for name in placed]
        return sorted(found, key=lambda t: (t.name not in known, inf if t.order is None else t.order, t.name))

    def _tie_key(self, policy: Policy | CalicoPolicy) -> str:
        """What puts policies of one order in order: `name/namespace/kind`, or up to 3.31 what they are stored under."""
        namespace = policy.namespace or ""
        if tuple(map(int, self.profile.calico_version.value.split("."))) >= _NAMES_BEFORE_NAMESPACES:
            kind = policy.kind if isinstance(policy, CalicoPolicy) else _KIND_OF_KUBERNETES[policy.kind]
            return f"{policy.name}/{namespace}/{kind}"
        if isinstance(policy, CalicoPolicy):
            is_whole = policy.name.startswith(f"{policy.tier}.")
            name = policy.name if is_whole else f"{policy.tier}.{policy.name}"
        else:
            name = f"knp.default.{policy.name}" if policy.tier is TierName.NETWORK_POLICY else policy.name
        return f"{namespace}/{name}" if namespace else name

    def _entry(self, policy: CalicoPolicy) -> Entry:
        rules = policy.rules(self.direction) or ()
        return Entry(policy, self._subject(policy.subject), tuple(self.rules.read(rules)), closes=True)

    def _subject(self, subject: Formula) -> Formula:
        return either([self.labels.of_pod(subject, Role.SELF, self.near), self._hosts_meeting(subject)])

    # -------------------------------------------------------------------------------------------- host endpoints
    def _before_policies(self) -> Iterator[Tier]:
        """Failsafe ports, and what is decided before connections are tracked or translated, with no end of tier."""
        entries = [
            Entry(None, _at_hosts(Role.SELF, [its]), self._failsafes(endpoint.node), why="a failsafe port of the node")
            for endpoint, its in self.hosts
        ]
        yield Tier("failsafe ports", one_by_one(entries))
        early = [p for p in self.calico.policies if p.is_untracked or p.is_before_dnat]
        early.sort(key=lambda p: (not p.is_untracked, inf if p.order is None else p.order, self._tie_key(p)))
        spoken = (policy for policy in early if policy.rules(self.direction) is not None)
        found = [
            Entry(
                p,
                self._hosts_meeting(p.subject, is_untracked=p.is_untracked),
                tuple(self.rules.read(p.rules(self.direction) or ())),
            )
            for p in spoken
        ]
        if found:
            yield Tier("before tracking", one_by_one(found))

    def _hosts_meeting(self, subject: Formula, *, is_untracked: bool = False) -> Formula:
        """What is untracked works at single interfaces only (1.9)."""
        hosts = [each for each in self.hosts if not (is_untracked and each[0].interface == "*")]
        return _at_hosts(Role.SELF, [its for endpoint, its in hosts if self.labels.of_host(subject, endpoint)])

    def _failsafes(self, node: str) -> tuple[StagedRule, ...]:
        ports = self._felix(node, "failsafe_in" if self.direction is Direction.INGRESS else "failsafe_out")
        return tuple(
            staged(
                None, Action.ACCEPT, both([on_port(it.protocol, it.number), Member(self.far, AtAddress(it.addresses))])
            )
            for it in (_FAILSAFE[self.direction] if ports is None else ports)
        )

    def _felix(self, node: str, key: str) -> tuple[HostPorts, ...] | None:
        """What a node's own FelixConfiguration says of it, else the one for all."""
        known = {settings.node: getattr(settings, key) for settings in self.calico.felix}
        found: tuple[HostPorts, ...] | None = known.get(node)
        return known.get("") if found is None else found

    def _of_profiles(self) -> Tier:
        """What no tier decides: the profiles of a host endpoint in their order; where there is none that does, it is
        denied (1.8).  A Pass denies too, as the checker has it (calico-cilium.md 0.5)."""
        known = {profile.name: profile for profile in self.calico.profiles}
        entries = []
        for endpoint, addresses in self.hosts:
            rules: list[StagedRule] = []
            for name in endpoint.profiles:
                if name == DEFAULT_ALLOW:
                    rules.append(staged(None, Action.ACCEPT, TRUE))
                elif name in known:
                    its = known[name].ingress if self.direction is Direction.INGRESS else known[name].egress
                    rules += [_without_source(rule) for rule in self.rules.read(its)]
            why = f"no profile of HostEndpoint {endpoint.name} allows it"
            entries.append(Entry(None, _at_hosts(Role.SELF, [addresses]), tuple(rules), closes=True, why=why))
        return Tier("profiles", one_by_one(entries), Unmatched.DENY)

    def _to_own_node(self) -> Iterator[Tier]:
        """Where pods' traffic to their own node is dropped, some of that to nodes is (1.9)."""
        dropping = [it for it in self.calico.felix if it.to_host is ToHost.DROP]
        if self.direction is Direction.INGRESS or not dropping:
            return
        text = f"a node drops what its own pods send to it (defaultEndpointToHostAction, {dropping[0].source})"
        fact = OpenFact("own-node", "own-node dropped", text)
        drop = staged(None, Action.DENY, both([is_a(self.far, ON_NODES), Open(fact)]))
        yield Tier("own node", one_by_one([Entry(None, is_a(Role.SELF, PODS), (drop,), why=text)]))

    def _forwarded(self) -> Iterator[Tier]:
        """What a policy with applyOnForward denies where a node forwards it to its pods, or from them: which pods those
        are is not known of pods that are not there yet."""
        found = [
            policy
            for policy in self.calico.policies
            if policy.is_on_forward
            and policy.rules(self.direction) is not None
            and any(self.labels.of_host(policy.subject, endpoint) for endpoint, _ in self.hosts)
        ]
        if found:
            text = f"{found[0].id} ({found[0].source}) may deny what a node forwards, at its host endpoint"
            fact = OpenFact("forwarded", f"forwarded {self.direction.value}", text)
            drop = staged(None, Action.DENY, Open(fact))
            yield Tier("forwarded", one_by_one([Entry(None, is_a(Role.SELF, PODS), (drop,), why=text)]))


def _place_of(policy: Policy) -> tuple[str, float]:
    """The tier of a policy of Kubernetes' own, and its order there (1.11)."""
    if policy.kind == "ClusterNetworkPolicy":
        return ("kube-admin" if policy.tier is TierName.ADMIN else "kube-baseline"), float(policy.priority)
    is_ordered = policy.kind == "AdminNetworkPolicy"
    return _TIER_OF_KUBERNETES[policy.kind], float(policy.priority) if is_ordered else FOR_KUBERNETES


def _without_source(rule: StagedRule) -> StagedRule:
    """A rule of a profile, which is no policy's; a Pass denies."""
    action = Action.DENY if rule.action is Action.PASS else rule.action
    return StagedRule(None, action, FALSE, rule.when, rule.when)


# ------------------------------------------------------------------------------------------------ host endpoints
def _at_hosts(role: Role, addresses: Iterable[AddressSet]) -> Formula:
    """Nodes, and what is on their network, at the addresses of host endpoints."""
    every = AddressSet.EMPTY
    for its in addresses:
        every |= its
    return both([is_a(role, ON_NODES), Member(role, AtAddress(every))]) if every else FALSE


def _with_addresses(cluster: Cluster) -> Iterator[tuple[HostEndpoint, AddressSet]]:
    """Each host endpoint, with the addresses at which it is met: those that it expects, or else the node's that no
    other expects."""
    written = cluster.calico.host_endpoints
    made = tuple(_automatic(cluster)) if any(it.makes_host_endpoints for it in cluster.calico.controllers) else ()
    expected = AddressSet.singles(ip for endpoint in written for ip in endpoint.expected)
    for endpoint in (*written, *made):
        own = AddressSet.singles(endpoint.expected)
        node = cluster.node_by_name.get(endpoint.node)
        if node is not None and (not endpoint.expected or endpoint.interface == "*"):
            own |= AddressSet.singles(node.ips) - (expected - own)
        if own:
            yield endpoint, own


def _automatic(cluster: Cluster) -> Iterator[HostEndpoint]:
    """The host endpoints that a controller makes of nodes (1.8, 1.9)."""
    for node in cluster.nodes:
        own = Labels({**node.labels, "projectcalico.org/created-by": "calico-kube-controllers"})
        yield HostEndpoint(f"{node.name}-auto-hep", own, node.name, "*", node.ips, (DEFAULT_ALLOW,), (), node.source)
