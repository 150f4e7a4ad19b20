"""What mends a cause, by what sort of cause it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from analyzer.analysis.findings.asking import Asker
from analyzer.analysis.findings.causes import MESH, Cause
from analyzer.analysis.findings.changes import mendings
from analyzer.analysis.findings.closing import closed_by_policy, closed_by_type
from analyzer.analysis.findings.closing_new import closed_for_all_to_come
from analyzer.analysis.findings.dns import needs_dns
from analyzer.analysis.findings.engine_closing import closed
from analyzer.analysis.findings.engine_edits import advice, global_only, narrowed
from analyzer.analysis.findings.group_rules import NO_FILE, beside, is_of_group, revoking, without, wrong_with_group
from analyzer.analysis.findings.joining import joined_by
from analyzer.analysis.findings.keeping import Effect
from analyzer.analysis.findings.matter import Change, Matter, matter_of
from analyzer.analysis.findings.mesh_edits import closed_by_mesh
from analyzer.analysis.findings.opening import opened, respelt_subject
from analyzer.analysis.findings.ordering import reordered
from analyzer.analysis.findings.permitting import Around, listed
from analyzer.analysis.findings.refused import told_of_refused
from analyzer.analysis.findings.spots import guilty_path, wrong_with
from analyzer.analysis.findings.text_edits import edit_of, edit_to
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.ways import Way
from analyzer.encoding.scope import pod_addresses
from analyzer.judging import Setting
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, Pod
from analyzer.model.past_policies import PAST_POLICIES
from analyzer.model.placement import ANY_HOST
from analyzer.model.policies import Direction, Policy
from analyzer.verdicts import Status
from analyzer.verdicts.findings import Fault, Fix

_NARROW = "name the pods, the namespaces or the addresses that are meant, with their ports"
_SHARED = re.compile(r"[:\-\[,]\s+[&*][\w-]+(\s|$)")
_BY_HAND = "its file shares text by anchors (`&name`, `*name`), and a change there is one elsewhere too: edit by hand"
_OFF_THE_POD_NETWORK = (
    "no policy can close it: take its pods off the node's network (`hostNetwork`), leave it to the node's firewall, or "
    "leave them out of the question with `except`"
)
_SWITCH_ON = Fix(
    'set `enableNetworkPolicy: "true"` in the configuration of the add-on vpc-cni: the controller asks for '
    '`enable-network-policy-controller: "true"` in the ConfigMap, the agents for `--enable-network-policy=true`'
)


def _shortly(cause: Cause) -> str:
    """The namespaces that the cause is about."""
    names = [it.key.namespace for it in cause.parts or (cause,)]
    if len(names) <= _MOST_SHOWN:
        return listed(names)
    return f"{', '.join(names[:_FIRST_SHOWN])} and {len(names) - _FIRST_SHOWN} more namespaces"


_MOST_SHOWN, _FIRST_SHOWN = 4, 3


def must_hold(cause: Cause) -> str:
    """What a fix has to do, where no edit is known: one connection that shows it."""
    connection = next((it for hit in cause.hits if (it := hit.example.connection) is not None), None)
    if connection is None:
        return _NARROW
    src, dst = (_named(end) for end in (connection.src, connection.dst))
    return f"narrow it to who is meant: {src} must not reach {dst} on {connection.service}"


def _named(end: End) -> str:
    if not isinstance(end, Pod):
        return str(end.ip)
    return (end.workload or f"a pod of {end.namespace}").partition("[")[0]


class Maker:
    """What mends causes of a cluster, in the texts that it was read from."""

    def __init__(
        self, cluster: Cluster, setting: Setting, texts: Texts, claims: tuple[Claim, ...], asker: Asker
    ) -> None:
        """`cluster` as it is enforced; `claims`: those that forbid something."""
        self.asker = asker
        self.cluster, self.profile, self.texts = cluster, setting.profile, texts
        self.pods = pod_addresses(cluster, setting.pod_addresses)
        self.around = Around(cluster, setting.profile, self.pods, claims)

    def matter(self, cause: Cause) -> Matter | None:
        """What there is to mend about the cause, where that is a rule of a NetworkPolicy."""
        if cause.key.fault is not Fault.ALLOWS:
            return None
        return matter_of(cause, self.cluster, self.profile, self.pods, self.around.claims)

    def joined(self, cause: Cause, matter: Matter | None, way: Way, effect: Effect) -> Iterator[Way]:
        """The way with those beside it whom it would cut off."""
        if way.change is not None and matter is not None:
            change = joined_by(matter, way.change, effect.cuts)
            yield from [self._of_change(cause, matter, change)] if change is not None else ()

    def ways(self, cause: Cause, matter: Matter | None, *, is_fixed: bool) -> Iterator[Way]:
        """The ways to mend it, at least one; `is_fixed`: with edits."""
        placed = self.texts.policy(cause.ref.policy) if cause.ref is not None else None
        is_shared = placed is not None and any(_SHARED.search(line) for line in placed.lines)
        for way in self._ways(cause, matter, is_fixed=is_fixed):
            why = _BY_HAND if is_shared and way.fix.edit is None and not way.fix.why else way.fix.why
            yield replace(way, fix=replace(way.fix, why=why))

    def _ways(self, cause: Cause, matter: Matter | None, *, is_fixed: bool) -> Iterator[Way]:
        key = cause.key
        remedy = Fix(must_hold(cause))
        refused = told_of_refused(cause.ref.policy) if cause.ref is not None else None
        if refused is not None:
            wrong, fix = refused
            yield Way(wrong, (), fix)
            return
        match key.fault:
            case Fault.ALLOWS if is_of_group(cause.ref):
                yield Way(wrong_with_group(cause), (), self._revoked(cause, is_fixed=is_fixed))
            case Fault.ALLOWS if cause.ref is not None and advice(cause.ref):
                yield from reordered(cause, self.cluster, self.texts) if is_fixed else ()
                yield from self._of_engine(cause, remedy, is_fixed)
            case Fault.ALLOWS:
                if is_fixed and matter is not None and matter.probes:
                    yield from (self._of_change(cause, matter, change) for change in mendings(matter))
                yield Way(wrong_with(cause, ()), guilty_path(cause, ()), remedy)
            case Fault.OPEN if key.policy == MESH:
                claims = self.around.claims
                yield from closed_by_mesh(cause, self.cluster, self.profile, claims, self.texts)
            case Fault.OPEN if cause.ref is not None and not isinstance(cause.ref.policy, Policy):
                yield from self._of_engine(cause, remedy, is_fixed)
            case Fault.OPEN if cause.ref is not None and key.direction is not None:
                wrong = f"`policyTypes` lacks {key.direction.value.capitalize()}, so {key.direction.value} stays open"
                path, typed = ("spec", "policyTypes"), closed_by_type(cause, self.around, self.texts)
                policy = cause.ref.policy
                if isinstance(policy, Policy) and policy.rules(key.direction) is not None:
                    yield from respelt_subject(cause, self.texts)
                    wrong = "selects no pod: its `podSelector` is misspelt, or is for pods to come"
                    path, typed = ("spec", "podSelector"), iter(())
                for fix in chain(typed, closed_by_policy(cause, self.around, self.texts)):
                    yield Way(wrong, path, fix)
            case Fault.OPEN if where := self._without_agent(cause):
                wrong = f"the VPC CNI enforces no policy at pods on {where}: {self._shown(cause)}"
                yield Way(wrong, (), Fix("run them on Linux nodes of EC2, or shut them off by security groups"))
            case Fault.OPEN:
                named = " and ".join(d.value for d in reversed(Direction) if d in cause.directions)
                wrong = f"no NetworkPolicy isolates the pods of {_shortly(cause)} for {named}"
                for fix in closed_by_policy(cause, self.around, self.texts):
                    yield Way(wrong, (), fix)
            case Fault.NO_POLICY:
                wrong = "no policy of the whole cluster covers namespaces created later"
                yield Way(wrong, (), closed_for_all_to_come(cause, self.cluster, self.profile, self.texts))
            case Fault.MISSES:
                yield from opened(cause, self.cluster, self.profile, self.texts)
            case Fault.DENIES:
                placed = self.texts.policy(cause.ref.policy) if cause.ref is not None else None
                yield from reordered(cause, self.cluster, self.texts) if is_fixed else ()
                for it in global_only(cause, placed):
                    assert placed is not None
                    yield Way(it.wrong, it.path, Fix(it.said, edit_to(it.value, placed)))
                yield Way("denies what should pass", (), Fix("narrow the rule, or put an Allow before it"))
            case Fault.TIES:
                yield Way(cause.hits[0].verdict.reason, (), Fix("give the policies different priorities"))
            case Fault.BEYOND if key.namespace.startswith("no engine"):
                yield Way(key.namespace, (), Fix("run them on nodes of EC2, or shut them off by security groups"))
            case Fault.BEYOND if key.policy == PAST_POLICIES:
                yield Way(key.namespace, (), Fix("no policy stops it: leave these messages out of the claim"))
            case Fault.BEYOND:
                yield Way(key.namespace, (), Fix(_OFF_THE_POD_NETWORK))
            case Fault.ENGINE if self.cluster.aws.switched_off:
                one = self.cluster.aws.switched_off[0]
                yield Way(f"the VPC CNI enforces no policy: {one.what} does not switch it on", (), _SWITCH_ON)
            case _:
                yield Way(key.namespace, (), remedy)

    def _revoked(self, cause: Cause, *, is_fixed: bool) -> Fix:
        """What takes it out of the group, and whether that is enough."""
        text = revoking(cause, self.cluster, self.profile)
        names = {(hit.broken.pack, hit.broken.query.id) for hit in cause.hits}
        after = without([cause], self.cluster, self.profile)
        left = (self.asker.verdict(name, after) for name in sorted(names)) if is_fixed else ()
        verdict = next((it for it in left if it.status is not Status.PROVED), None)
        if verdict is not None and cause.key.direction is not None:
            text += f"; by itself that is not enough{beside(verdict, cause.key.direction)}"
        return Fix(text, why=NO_FILE)

    def _without_agent(self, cause: Cause) -> str:
        """What the pods run on at which nothing is enforced; empty if they do not."""
        if not self.profile.reads_aws or self.profile.agent_everywhere:
            return ""
        hosts = {w.owner: w.host for w in self.cluster.workloads}
        found = {hosts.get(name, ANY_HOST) for name in self._pods(cause)}
        where = {"Windows" if it.windows else "Fargate" if it.fargate else "" for it in found}
        return where.pop() if len(where) == 1 else ""

    def _shown(self, cause: Cause) -> str:
        names = sorted(set(self._pods(cause)))
        return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")

    @staticmethod
    def _pods(cause: Cause) -> Iterator[str]:
        """The workloads at whose ends policies should have isolated."""
        for hit in cause.hits:
            example = hit.example
            ends: list[object] = [example.subject]
            if example.connection is not None:
                sides = {Direction.EGRESS: example.connection.src, Direction.INGRESS: example.connection.dst}
                ends = [sides[direction] for direction in cause.directions]
            yield from ((end.workload or "") if isinstance(end, Pod) else "" for end in ends)

    def _of_engine(self, cause: Cause, remedy: Fix, is_fixed: bool) -> Iterator[Way]:
        """The candidates that mend the cause; where none does, what is wrong and one line on what to write."""
        assert cause.ref is not None
        placed = self.texts.policy(cause.ref.policy)
        if placed is None or not is_fixed:
            yield Way(wrong_with(cause, ()), (), Fix(advice(cause.ref) or remedy.text))
            return
        if cause.key.fault is Fault.OPEN:
            dns = needs_dns(cause, self.cluster, self.profile)
            candidates = list(closed(cause, placed, self.around, with_dns=dns))
        else:
            candidates = list(narrowed(cause, placed, self.cluster, self.profile, self.around.claims))
        for it in candidates:
            edit = edit_to(it.value, placed)
            if edit is not None:
                yield Way(it.wrong or wrong_with(cause, ()), it.path, Fix(it.said, edit))
        if cause.key.fault is Fault.OPEN and candidates:
            yield Way(candidates[0].wrong, candidates[0].path, Fix(candidates[0].said))
            return
        first = next((it for it in candidates if it.path), None)
        wrong, path = (
            (first.wrong or wrong_with(cause, ()), first.path) if first is not None else (wrong_with(cause, ()), ())
        )
        yield Way(wrong, path, Fix(advice(cause.ref) or remedy.text))

    def _of_change(self, cause: Cause, matter: Matter, change: Change) -> Way:
        operations = change.operations
        placed = self.texts.policy(matter.policy)
        text = "; ".join(dict.fromkeys(change.said))
        fix = Fix(text, edit_of(operations, placed) if placed is not None else None)
        return Way(wrong_with(cause, operations), guilty_path(cause, operations), fix, change)
