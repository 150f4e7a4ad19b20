"""Which requests each workload's proxy lets in, by port: what the mesh's stage says once the destination is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import pod_of
from analyzer.model.formulas import AtAddress, Leaf, Member, Name, OnPorts, Open, Role, Test
from analyzer.model.labels import NO_LABELS
from analyzer.model.mesh import has_mesh
from analyzer.model.mesh_stage import mesh_stages
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.semantics.admitted import Alternative, admitted, is_mtls
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.mesh import asked_of
from analyzer.semantics.selecting import selected
from analyzer.semantics.some_request import TooManyRequestsError
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.addresses import IPAddress
from analyzer.sets.pieces import pieces
from analyzer.sets.strings import Form, Pattern
from analyzer.verdicts.admissions import Admission, RequestClass, RequestCondition

_NAMES = {
    Name.METHOD: "request.method",
    Name.PATH: "request.path",
    Name.HOST: "request.host",
    Name.TLS: "request.tls",
    Name.IDENTITY: "request.identity",
    Name.SNI: "request.sni",
    Name.TOKEN: "request.token",
    Name.ISSUER: "request.claims[iss]",
    Name.SUBJECT: "request.claims[sub]",
    Name.REMOTE_IP: "request.remote_ip",
}
_KEYED = {
    Name.HEADER: "request.headers",
    Name.CLAIM: "request.claims",
    Name.CLAIM_WORD: "request.claims",
    Name.PARAMETER: "request.parameters",
    Name.COOKIE: "request.cookies",
}


def admissions(cluster: Cluster, profile: Profile, workloads: Iterable[Workload], ip: IPAddress) -> Iterator[Admission]:
    """Of workloads with a proxy before them, for the ports that it sees.  `ip`: of a pod whose address nobody knows."""
    if not has_mesh(cluster.mesh):
        return
    for workload in workloads:
        if not workload.host_network:
            yield from _of_workload(cluster, profile, workload, ip)


def _of_workload(cluster: Cluster, profile: Profile, workload: Workload, ip: IPAddress) -> Iterator[Admission]:
    namespace = cluster.namespace_by_name.get(workload.namespace)
    of_namespace = namespace.labels if namespace is not None else NO_LABELS
    pod = pod_of(workload, of_namespace, workload.ips[0] if workload.ips else ip)
    told = dict.fromkeys(leaf.ports for leaf in asked_of(cluster, profile, pod) if isinstance(leaf, OnPorts))
    together: dict[tuple[tuple[RequestClass, ...], bool], PortSet] = {}
    for ports in pieces(PortSet.FULL, told):
        about = Situation(Protocol.TCP, next(iter(ports))[0], {Role.SELF: pod, Role.DST: pod}, cluster.nodes)
        stage = next((it for it in mesh_stages(cluster, profile.ext_authz) if is_true(it.applies, about)), None)
        if stage is None:
            continue
        try:
            found = admitted(stage, selected(stage, cluster, about), about, cluster.mesh.config)
        except TooManyRequestsError:
            key: tuple[tuple[RequestClass, ...], bool] = ((), False)
        else:
            key = _together(map(_class, found)), True
        together[key] = together.get(key, PortSet.EMPTY) | ports
    for (classes, is_complete), ports in together.items():
        yield Admission(workload.id, ports, classes, is_complete)


def _class(these: Alternative) -> RequestClass:
    said = (_said(leaf, is_met) for leaf, is_met in these if not isinstance(leaf, Open))
    found = dict.fromkeys(RequestCondition(*each) for each in said)
    return RequestClass(_sorted(found), not any(isinstance(leaf, Open) for leaf, _ in these))


def _together(classes: Iterable[RequestClass]) -> tuple[RequestClass, ...]:
    """Those that differ in one value alone as one class of several."""
    left = list(dict.fromkeys(classes))
    for attribute in ("request.path", "request.method", "request.identity", "request.tls", "src.address"):
        found: dict[object, RequestClass] = {}
        for each in left:
            its = [it for it in each.conditions if it.attribute == attribute and it.is_met and it.values]
            rest = tuple(it for it in each.conditions if it not in its)
            key: object = (rest, each.is_certain) if len(its) == 1 else each
            known = found.get(key)
            if known is not None and len(its) == 1:
                values = next(it.values for it in known.conditions if it.attribute == attribute and it.is_met)
                one = RequestCondition(attribute, tuple(dict.fromkeys((*values, *its[0].values))))
                each = RequestClass(_sorted((*rest, one)), each.is_certain)
            found[key] = each
        left = [_without_both(each) for each in found.values()]
    return tuple(dict.fromkeys(_with_or_without(each, left) for each in left))


def _without_both(one: RequestClass) -> RequestClass:
    """In plaintext or in mutual TLS: whatever it comes in."""
    return replace(one, conditions=tuple(it for it in one.conditions if set(it.values) != {"mtls", "plaintext"}))


def _with_or_without(one: RequestClass, classes: Collection[RequestClass]) -> RequestClass:
    """HTTP or no HTTP: whatever it is."""
    for each in one.conditions:
        other = replace(each, is_met=not each.is_met)
        conditions = tuple(other if it is each else it for it in one.conditions)
        if not each.values and replace(one, conditions=conditions) in classes:
            return replace(one, conditions=tuple(it for it in one.conditions if it is not each))
    return one


def _sorted(conditions: Iterable[RequestCondition]) -> tuple[RequestCondition, ...]:
    return tuple(sorted(conditions, key=lambda it: (_place(it.attribute), it.attribute, not it.is_met, it.values)))


def _said(leaf: Leaf, is_met: bool) -> tuple[str, tuple[str, ...], bool]:
    if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress):
        return "src.address", tuple(map(str, leaf.ends.addresses.networks())), is_met
    assert isinstance(leaf, Test)
    if is_mtls(leaf):
        return "request.tls", ("mtls" if is_met else "plaintext",), True
    attribute = leaf.attribute
    name = f"{_KEYED[attribute.name]}[{attribute.key}]" if attribute.name in _KEYED else _NAMES[attribute.name]
    match leaf.meets:
        case None:
            return name, (), is_met
        case AddressSet():
            return name, tuple(map(str, leaf.meets.networks())), is_met
        case Pattern():
            return name, _text(leaf.meets), is_met
        case _:
            return name, tuple(sorted(leaf.meets)), is_met


def _text(pattern: Pattern) -> tuple[str, ...]:
    match pattern.form:
        case Form.PRESENT | Form.NON_EMPTY:
            return ()
        case Form.PREFIX:
            return (f"{pattern.text}*",)
        case Form.SUFFIX:
            return (f"*{pattern.text}",)
        case Form.CONTAINS:
            return (f"*{pattern.text}*",)
        case _:
            return (pattern.text,)


_ORDER = ("src.address", "request.tls", "request.identity", "request.token", "request.method", "request.path")


def _place(attribute: str) -> int:
    return _ORDER.index(attribute) if attribute in _ORDER else len(_ORDER)
