"""Decisions to compare: a question in its setting, a concrete connection or pod, and what each of the two says of it.

Asked           a claim over a cluster (or over two revisions of one) in a universe, under a profile
by_oracle       the truth values that "this breaks the claim" can take there; empty if it cannot exist
Encoded         the same by the encoding: made once for a question, asked for many connections
scenes()        random questions about one random cluster with a pool of connections, drawn by hypothesis
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from random import Random

from clusters import (
    DECLARED,
    MENTIONED,
    MESSAGES,
    SERVICE_IPS,
    VALUES,
    claims,
    clusters,
    conditions,
    is_pair,
    isolation_claims,
    namespaces_matching,
    opened,
    other_ends,
    pods,
    profiles,
    selectors,
)
from evaluators import EVERYTHING, embedded_pod
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from points import OUTSIDE_THE_UNIVERSE, Points
from revisions import revisions, seen_by

from analyzer.encoding import Question, align, embed, encode, encode_pair
from analyzer.model.added_labels import Added, Varying
from analyzer.model.claims import Assumption, Claim, Kind, Universe, asked_by
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Host, Pod, Through
from analyzer.model.ends import ANYTHING, Behind, led_ports_in, meant, pods_in
from analyzer.model.formulas import Formula, Role
from analyzer.model.knobs import ServiceEval
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.leading import behind, led_ports, members_of
from analyzer.model.mentioned_labels import labels_in, mentioned_labels
from analyzer.model.policies import PORT_PROTOCOLS, Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics import (
    holds,
    is_in_scope,
    is_member,
    isolation_outcomes,
    known,
    known_pods,
    outcomes,
    ties,
    with_compared,
)
from analyzer.semantics.ways import leads_to
from analyzer.sets import AddressSet

Subject = Connection | Pod
Answer = frozenset[bool]
NUMBERS = (1, 79, 80, 81, 82, 83, 65535)


@dataclass(frozen=True)
class Asked:
    """`before`: the older revision, for a claim of kind NO_NEW; `cluster` is then the newer one."""

    cluster: Cluster
    profile: Profile
    claim: Claim
    universe: Universe = Universe.ANY
    assumptions: tuple[Assumption, ...] = ()
    is_sliced: bool = False
    before: Cluster | None = None

    @property
    def question(self) -> Question:
        """Any address may be a pod's, so that every drawn pod's is one."""
        whole = AddressSet.FULL
        return Question(
            self.claim, self.assumptions, self.universe, self.profile, whole, False, slice_first=self.is_sliced
        )

    @cached_property
    def mentioned(self) -> dict[str, set[str]]:
        """The values of pods' labels that something here mentions, by key."""
        sides = (self.cluster, *([self.before] if self.before else []))
        found: dict[str, set[str]] = {}
        for key, values in (
            *(item for side in sides for item in mentioned_labels(self.profile, side).items()),
            *labels_in(asked_by(self.claim, self.assumptions)),
        ):
            found.setdefault(key, set()).update(values)
        return found

    def told(self, *ends: End) -> Mapping[str, Collection[str]]:
        """The same, with what these ends have that a label is compared with."""
        return with_compared(self.mentioned, asked_by(self.claim, self.assumptions), ends)

    @cached_property
    def sides(self) -> tuple[Cluster, Cluster]:
        """Both revisions over one set of namespaces; the same cluster twice where there is one."""
        return (self.cluster, self.cluster) if self.before is None else align(self.before, self.cluster)

    @cached_property
    def _seen_in(self) -> Cluster:
        cluster = self.sides[1]
        if self.universe is Universe.INVENTORY:
            cluster = replace(cluster, namespaces=tuple(replace(n, is_declared=True) for n in cluster.namespaces))
        return cluster

    def seen(self, subject: Subject) -> Subject:
        """The subject with the labels that its namespaces have here; labels nobody knows stay as they are."""
        cluster = self._seen_in
        if isinstance(subject, Connection):
            return seen_by(subject, cluster)
        there = cluster.namespace_by_name.get(subject.namespace)
        return replace(subject, namespace_labels=there.labels) if there and there.is_declared else subject


# ------------------------------------------------------------------------------------------------ the oracle
def by_oracle(asked: Asked, subject: Subject, memory: dict[Connection, Answer] | None = None) -> Answer | None:
    """None where facts are left open that two revisions may share.  `memory` keeps what is allowed in the cluster."""
    ends = (subject.src, subject.dst) if isinstance(subject, Connection) else (subject,)
    if not all(_can_exist(end, asked) for end in ends):
        return OUTSIDE_THE_UNIVERSE
    claim, cluster, profile = asked.claim, asked.cluster, asked.profile
    if isinstance(subject, Pod):
        return frozenset(
            found
            for pod in known_pods(subject, asked.told(subject))
            if _is_assumed(pod, asked)
            for found in isolation_outcomes(claim, pod, cluster, profile)
        )
    if asked.before is not None:
        return _newly_allowed(asked, subject)
    found: set[bool] = set()
    for one in known(subject, asked.told(subject.src, subject.dst)):
        if _is_assumed(one.src, asked) and _is_assumed(one.dst, asked):
            found |= _said(asked, one, {} if memory is None else memory)
    return frozenset(found)


def _said(asked: Asked, connection: Connection, memory: dict[Connection, Answer]) -> Answer:
    """Of one between ends of which all labels are known."""
    claim, cluster, profile = asked.claim, asked.cluster, asked.profile
    if claim.kind is Kind.NEVER_TIE:
        return frozenset({is_in_scope(claim, connection, profile) and bool(ties(cluster, profile, connection))})
    if not is_in_scope(claim, connection, profile):
        return frozenset({False})
    if connection not in memory:
        memory[connection] = _allowed(cluster, profile, connection)
    return frozenset(allowed is not (claim.kind is Kind.EVERY) for allowed in memory[connection])


def _allowed(cluster: Cluster, profile: Profile, connection: Connection) -> Answer:
    return frozenset(decision.allowed for decision in outcomes(cluster, profile, connection))


def _newly_allowed(asked: Asked, connection: Connection) -> Answer | None:
    assumed = [
        one
        for one in known(connection, asked.told(connection.src, connection.dst))
        if _is_assumed(one.src, asked) and _is_assumed(one.dst, asked)
    ]
    if not assumed:
        return OUTSIDE_THE_UNIVERSE
    was, now = (_allowed(side, asked.profile, seen_by(connection, side)) for side in asked.sides)
    scopes = {is_in_scope(asked.claim, one, asked.profile) for one in assumed}
    if True not in scopes or True not in now or False not in was:
        return frozenset({False})
    return frozenset({True}) if was == {False} and now == {True} and scopes == {True} else None


def _can_exist(end: End, asked: Asked) -> bool:
    """What the universes leave out (design 1)."""
    if isinstance(end, Host):
        are_known = bool(asked.cluster.nodes) and asked.profile.nodes_complete
        return end.name is not None or not (asked.universe is Universe.INVENTORY or are_known)
    if not isinstance(end, Pod):
        return True
    if asked.universe is Universe.INVENTORY and end.workload is None:
        return False
    namespaces = asked.cluster.namespace_by_name.keys() | (asked.before.namespace_by_name if asked.before else {})
    return asked.universe is Universe.ANY or end.namespace in namespaces


def _is_assumed(end: End, asked: Asked) -> bool:
    given = asked.assumptions if isinstance(end, Pod) else ()
    return all(holds(a.condition, subject=end) for a in given if is_member(a.members, end))


# ------------------------------------------------------------------------------------------------ the encoding
class Encoded:
    """The encoding's answers to one question."""

    def __init__(self, asked: Asked) -> None:
        question, before = asked.question, asked.before
        self.asked = asked
        self.obligation = (
            encode(asked.cluster, question) if before is None else encode_pair(before, asked.cluster, question)
        )
        self._points = Points(self.obligation) if self.obligation is not None else None

    def answer(self, subject: Subject) -> Answer | None:
        """None where the slice leaves the subject out."""
        if self.obligation is None or self._points is None:
            return None
        subject = self._as_sampled(subject)
        found = embedded_pod(self.obligation, subject) if isinstance(subject, Pod) else embed(self.obligation, subject)
        return None if found is None else self._points.truth(found)

    def _as_sampled(self, subject: Subject) -> Subject:
        """With values of added labels that the encoding knows where compared: of those that nothing mentions it takes
        two, and any two differ as these do."""
        assert self.obligation is not None
        ends = (subject.src, subject.dst) if isinstance(subject, Connection) else (subject,)
        pods = [end for end in ends if isinstance(end, Pod) and end.workload is not None]
        domains = {a.key: d for a, d in self.obligation.scope.domains.items() if a.kind == "pod" and d.is_compared}
        renamed: dict[tuple[str, str], str] = {}
        for key in {key for pod in pods for key in pod.labels.keys() & domains.keys()}:
            known, mentioned = domains[key].codes, self.asked.mentioned.get(key, set())
            here = dict.fromkeys(pod.labels[key] for pod in pods if key in pod.labels)
            free = [value for value in known if value not in {*mentioned, *here, *self._written}]
            added = [a for side in self.asked.sides for w in side.workloads for a in w.added if isinstance(a, Varying)]
            alike = [pair for a in added if (key, "") in a.keys for pair in a.keys]  # labels of the same value
            bound = {text.removeprefix(before) for one, before in alike for text in self.asked.mentioned.get(one, ())}
            for value in here:
                takes = [a.values for a in added if (key, "") in a.keys and value in a.values]
                fits = [other for other in free if any(other in values for values in takes)]
                if value not in known and value not in bound and fits:
                    renamed[key, value] = fits[0]
                    free.remove(fits[0])
        if not renamed:
            return subject

        by_value = {value: other for (_, value), other in renamed.items()}
        declared = {
            namespace.name for side in self.asked.sides for namespace in side.namespaces if namespace.is_declared
        }

        def sampled(pod: Pod) -> Pod:
            """With its namespace's labels alike where these may be anything: the two may be compared."""
            labels = Labels({k: renamed.get((k, v), v) for k, v in pod.labels.items()})
            if pod.namespace in declared:
                return replace(pod, labels=labels)
            around = Labels(
                {k: v if k == NAMESPACE_NAME_LABEL else by_value.get(v, v) for k, v in pod.namespace_labels.items()}
            )
            return replace(pod, labels=labels, namespace_labels=around)

        def renaming(end: End) -> End:
            return sampled(end) if isinstance(end, Pod) and end in pods else end

        if isinstance(subject, Pod):
            return sampled(subject)
        return replace(subject, src=renaming(subject.src), dst=renaming(subject.dst))

    @cached_property
    def _written(self) -> frozenset[str]:
        """What other attributes than added labels may be."""
        found = {"default"}
        for side in self.asked.sides:
            for workload in side.workloads:
                found |= {workload.service_account, *workload.labels.values()}
            for namespace in side.namespaces:
                found |= {namespace.name, *namespace.labels.values()}
        return frozenset(found)

    def by_way_of_services(self, subject: Subject) -> Iterator[Subject]:
        """The connection as it is asked for by each of the Services' addresses that the claim names and that lead to
        it; but for those that several of the encoding's ways stand for."""
        if self.obligation is None or isinstance(subject, Pod):
            return
        scope = self.obligation.scope
        named = [scope.ways[number - 1] for number in scope.through]
        found = Counter((w.port.service, w.address, w.port.number, w.port.protocol) for w in named)
        for way in named:
            through = Through(way.port.service, way.address, way.port.number)
            is_one = found[through.service, through.address, through.number, way.port.protocol] == 1
            if is_one and way.address.version == subject.src.ip.version and leads_to(way.port, subject):
                yield replace(subject, through=through)

    def _has_stand_in(self, subject: Subject) -> bool:
        """Outside the inventory a pod that is not there yet, of which all labels are known, may stand for one with
        labels that nobody knows: with one of the values that they may have."""
        assert self.obligation is not None
        ends = (subject.src, subject.dst) if isinstance(subject, Connection) else (subject,)
        hidden = [end for end in ends if isinstance(end, Pod) and end.unknown]
        return any(end.workload not in self.obligation.class_codes for end in hidden)

    def agrees(self, subject: Subject, expected: Answer) -> bool:
        """Whether the encoding says what the oracle says.

        Of what a slice leaves out, and of what no value of the symbols stands for, nothing may break the claim.
        """
        found = self.answer(subject)
        if found is None:
            is_left_out = self.asked.is_sliced or self.asked.before is not None or isinstance(subject, Pod)
            return True not in expected if is_left_out else expected == OUTSIDE_THE_UNIVERSE
        if self._has_stand_in(subject):  # which an assumption may rule out
            return found <= expected or (self.asked.claim.kind is Kind.NEVER_TIE and True in expected)
        if self.asked.claim.kind is Kind.NEVER_TIE:  # a tie that hangs on an open fact is one that is met
            return (True in found, bool(found)) == (True in expected, bool(expected))
        return found == expected


# ------------------------------------------------------------------------------------------------ random questions
@dataclass(frozen=True)
class Scene:
    """Questions, and what to ask them about; `pods` are for claims about isolation."""

    questions: tuple[Asked, ...]
    connections: tuple[Connection, ...]
    pods: tuple[Pod, ...]
    seed: int = field(default=0, compare=False)

    def trials(self, most: int) -> Iterator[tuple[Asked, list[Subject]]]:
        """For each question, up to so many subjects, chosen by the scene's seed."""
        random = Random(self.seed)
        for asked in self.questions:
            pool: tuple[Subject, ...] = self.pods if asked.claim.kind is Kind.ISOLATED else self.connections
            chosen = pool if len(pool) <= most else random.sample(pool, most)
            fronts = list(led_ports_in(asked.claim.destinations or ANYTHING))
            if fronts:  # few connections lead there
                leading = [one for one in self.connections if any(leads_to(port, one) for port in fronts)]
                chosen = [*chosen, *random.sample(leading, min(most // 2, len(leading)))]
            yield asked, list(dict.fromkeys(asked.seen(subject) for subject in chosen))


@st.composite
def scenes(draw: DrawFn) -> Scene:
    if draw(st.sampled_from((False, False, True))):
        return draw(_before_a_service())
    profile = draw(profiles())
    if draw(st.sampled_from((False, False, True))):
        before, cluster = draw(revisions(adds_labels=True))
        aligned = align(before, cluster)[1]
        asked = [Asked(cluster, profile, replace(EVERYTHING, kind=Kind.NO_NEW), is_sliced=True, before=before)]
        claim = replace(draw(claims(aligned)), kind=Kind.NO_NEW)
        asked.append(Asked(cluster, profile, claim, is_sliced=draw(st.booleans()), before=before))
    else:
        cluster = aligned = draw(_with_ordinals(draw(clusters(adds_labels=True))))
        asked = []
    asked += [draw(_questions(cluster, profile)) for _ in range(3)]
    for service in cluster.services:
        front = behind(service.id, led_ports(cluster, service))
        claim = replace(EVERYTHING, kind=draw(st.sampled_from((Kind.EVERY, Kind.SOME))), destinations=meant(front))
        seeing = draw(st.sampled_from((ServiceEval.UNKNOWN, ServiceEval.PRE_DNAT)))
        near = replace(profile, name="custom", enforces=True, service_eval=seeing)
        asked.append(Asked(cluster, near, claim, draw(st.sampled_from(Universe)), is_sliced=draw(st.booleans())))
    for kind, universe in ((Kind.NO, Universe.ANY), (draw(_SAYING_ALL), draw(st.sampled_from(Universe)))):
        asked.append(Asked(cluster, profile, replace(EVERYTHING, kind=kind), universe, is_sliced=draw(st.booleans())))
    asked.append(Asked(cluster, profile, Claim(Kind.NEVER_TIE, ANYTHING, ANYTHING, EVERYTHING.ports)))
    universe, isolation = draw(st.sampled_from(Universe)), draw(isolation_claims(cluster))
    asked.append(Asked(cluster, profile, isolation, universe, is_sliced=draw(st.booleans())))
    ends = [draw(pods(aligned, version)) for version in (4, 4, 4, 4, 6, 6)]
    others = [draw(other_ends(aligned, version)) for version in (4, 4, 4, 6)]
    connections = tuple(_connections(cluster, ends, others))
    return Scene(tuple(asked), connections, tuple(ends), draw(st.integers(0, 2**32)))


@st.composite
def _before_a_service(draw: DrawFn) -> Scene:
    """A Service with addresses of its own, where most of the pods are, asked for by them: on the ports that lead to its
    backends."""
    cluster = draw(_with_ordinals(draw(clusters(adds_labels=True).filter(lambda found: bool(found.services)))))
    service = cluster.services[0]
    on_unknown = draw(_on_unknown_labels(cluster))
    selector = draw(st.sampled_from((service.selector, *[Selector.EVERYTHING] * 3)))
    addresses = tuple(SERVICE_IPS[version] + more for version in (4, 6) for more in range(3))
    ports = (replace(service.ports[0], target=draw(st.sampled_from((80, 81, 82)))), *service.ports[1:])
    service = replace(service, addresses=addresses, ports=ports, is_headless=False)
    cluster = replace(cluster, services=(service,))
    ends = [draw(pods(cluster, version)) for version in (4,) * 8 + (6, 6, 6)]
    others = [draw(other_ends(cluster, version)) for version in (4, 6)]
    homes = Counter(end.namespace for end in ends if end.namespace in (*DECLARED, MENTIONED))
    home = homes.most_common(1)[0][0] if homes else service.namespace
    if on_unknown is not None:
        home, selector = on_unknown
    written = tuple(replace(entry, namespace=home) for entry in cluster.endpoints)
    cluster = replace(cluster, services=(replace(service, namespace=home, selector=selector),), endpoints=written)
    service = cluster.services[0]
    front = behind(service.id, led_ports(cluster, service))
    asked = []
    for kind, seeing, _ in product((Kind.EVERY, Kind.SOME), (ServiceEval.UNKNOWN, ServiceEval.PRE_DNAT), range(2)):
        near = replace(draw(profiles()), name="custom", enforces=True, service_eval=seeing)
        claim = replace(EVERYTHING, kind=kind, destinations=meant(front))
        if draw(st.booleans()):
            narrow = draw(claims(cluster))
            claim = replace(claim, sources=narrow.sources, excuses=narrow.excuses)
        asked.append(Asked(cluster, near, claim, draw(st.sampled_from(Universe)), is_sliced=draw(st.booleans())))
    other = draw(claims(cluster))
    about = _about_backends(front, other.sources, other.destinations or ANYTHING) if front.ports else ()
    for claim in about:
        asked.append(Asked(cluster, near, claim, draw(st.sampled_from(Universe)), is_sliced=draw(st.booleans())))
    every = list(_connections(cluster, ends, others))
    leading = [one for one in every if any(leads_to(port, one) for port in front.ports)]
    random = Random(draw(st.integers(0, 2**32)))
    beside = random.sample(every, min(len(every), 40))
    return Scene(tuple(asked), tuple(dict.fromkeys((*leading, *beside))), tuple(ends))


@st.composite
def _on_unknown_labels(draw: DrawFn, cluster: Cluster) -> tuple[str, Selector] | None:
    """Mostly, where labels of some workload's pods are not known: its namespace and a selector that asks for one."""
    asked = [
        (workload.namespace, Selector((Requirement(key, Operator.IN, frozenset({value})),)))
        for workload in cluster.workloads
        for varying in workload.unknown_labels
        if isinstance(varying, Varying)
        for key in varying.all_keys
        for value in VALUES
    ]
    return draw(st.none() | st.sampled_from(asked) | st.sampled_from(asked)) if asked else None


def _about_backends(front: Behind, sources: Formula, destinations: Formula) -> Iterator[Claim]:
    """Claims of every kind about what stands behind a Service, as the one end and as the other; `sources` and
    `destinations` are others, for the claims that need some."""
    backends = members_of(front)
    for kind in (Kind.NO, Kind.REACHES_ONLY):
        yield replace(EVERYTHING, kind=kind, destinations=meant(front))
    yield replace(EVERYTHING, kind=Kind.ONLY, sources=sources, destinations=meant(front))
    for kind in (Kind.NO, Kind.EVERY, Kind.SOME, Kind.ONLY):
        yield replace(EVERYTHING, kind=kind, sources=backends)
    yield replace(EVERYTHING, kind=Kind.REACHES_ONLY, sources=backends, destinations=destinations)
    yield Claim(Kind.ISOLATED, backends, None, (), directions=tuple(Direction))


@st.composite
def _with_ordinals(draw: DrawFn, cluster: Cluster) -> Cluster:
    """The cluster with some of the labels that controllers add being those of one pod each."""

    def counted(added: Added) -> Added:
        can_be = isinstance(added, Varying) and not added.is_open
        return replace(added, is_unique=True) if can_be and draw(st.booleans()) else added

    workloads = tuple(replace(w, added=tuple(map(counted, w.added))) for w in cluster.workloads)
    return replace(cluster, workloads=workloads)


def _are_one(cluster: Cluster, a: End, b: End) -> bool:
    """The two are one pod of a StatefulSet, say: no other bears its ordinal."""
    if not (isinstance(a, Pod) and isinstance(b, Pod)) or a.workload is None or a.workload != b.workload:
        return False
    unique = (added for w in cluster.workloads if w.owner == a.workload for added in w.added if added.is_unique)
    return any(all(a.labels.get(key) == b.labels.get(key) for key in one.all_keys) for one in unique)


_SAYING_ALL = st.sampled_from((Kind.NO, Kind.EVERY, Kind.SOME))


@st.composite
def _questions(draw: DrawFn, cluster: Cluster, profile: Profile) -> Asked:
    """Half of them speak of everything on one side, so that more connections are spoken of."""
    assumptions: tuple[Assumption, ...] = ()
    if draw(st.sampled_from((False, False, True))):
        members = st.builds(pods_in, namespaces_matching(), selectors())
        assumptions = (Assumption("given", "", draw(members), draw(conditions((Role.SELF,)))),)
    claim = draw(claims(cluster))
    wide = draw(st.sampled_from(({}, {}, {"sources": ANYTHING}, {"destinations": ANYTHING})))
    universe = draw(st.sampled_from((Universe.ANY, *Universe)))
    return Asked(cluster, profile, replace(claim, **wide), universe, assumptions, draw(st.booleans()))


def _connections(cluster: Cluster, ends: list[Pod], others: list[End]) -> Iterator[Connection]:
    """Every connection between these ends, on every port."""
    sockets = [*product(PORT_PROTOCOLS, NUMBERS), *product((Protocol.OTHER,), MESSAGES)]
    pairs = [(a, b) for a in ends for b in (*ends, *others) if a.ip.version == b.ip.version and is_pair((a, b))]
    pairs = [pair for pair in pairs if not _are_one(cluster, *pair)]
    for pair in dict.fromkeys([*pairs, *((b, a) for a, b in pairs)]):
        for protocol, port in sockets:
            yield opened(*pair, protocol, port)
