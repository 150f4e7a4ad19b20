"""Ambient: the pods that ztunnel stands before, what goes past it, and who else takes the mesh's tunnel (istio.md 2.2,
9)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    PODS,
    TRUE,
    Formula,
    Open,
    Role,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.labels import GO_TRUE
from analyzer.model.memory import remembered
from analyzer.model.mesh import (
    AMBIENT,
    BYPASS,
    DATAPLANE_MODE,
    ENABLE_HBONE,
    OWN_CONFIG,
    REDIRECTED,
    REDIRECTION,
    STATUS,
    TAKES_TUNNEL,
    UNREDIRECTED,
    Mesh,
    ProxyVariables,
)
from analyzer.model.mesh_annotations import known_annotations
from analyzer.model.mesh_pods import has_annotation, has_label, has_namespace_label, having, in_namespace
from analyzer.model.open_facts import OpenFact

_WRITTEN = re.compile(ENABLE_HBONE + r"[\"']?\s*:\s*[\"']?(\w*)")


def has_ztunnel(mesh: Mesh) -> Formula:
    """Ambient, where no sidecar goes before it: the server says of a stored pod that it is so, or it is to be expected.

    Of a stored pod of which the server does not say so nobody knows: it may be older than its namespace's label in
    these manifests, or taking it over has failed.  Nor of pods in namespaces that the CNI plugin passes over.
    """
    by_namespace = both([has_namespace_label(DATAPLANE_MODE, AMBIENT), negated(has_label(DATAPLANE_MODE, "none"))])
    asked = either([has_label(DATAPLANE_MODE, AMBIENT), by_namespace])
    asked = both([asked, _enables_ambient(mesh)]) if _is_usual(mesh) else Open(_OTHERWISE)
    left, passed_over = has_annotation(UNREDIRECTED), in_namespace(*mesh.passed_over) if mesh.passed_over else FALSE
    taken = either([negated(left), _of_stored()])
    enrolled = either([negated(passed_over), left, _of_passed_over(mesh)])
    redirected = has_annotation(REDIRECTION, REDIRECTED)
    is_ambient = either([redirected, both([asked, taken, enrolled])])
    return both([is_a(Role.SELF, PODS), negated(has_annotation(STATUS)), is_ambient])


def _is_usual(mesh: Mesh) -> bool:
    return all(told.is_usual or told.enables_ambient is False for told in mesh.cni)


def _enables_ambient(mesh: Mesh) -> Formula:
    """istio-cni hands pods over to ztunnel: where its configuration is not there, labels that ask for it tell so."""
    said = {told.enables_ambient for told in mesh.cni} or {True}
    return Open(_ENABLES) if len(said) > 1 or None in said else TRUE if True in said else FALSE


_ENABLES = OpenFact(
    "mesh-redirection", "ambient", "whether istio-cni hands pods over to ztunnel its configuration does not say"
)
_OTHERWISE = OpenFact(
    "mesh-redirection",
    "selector",
    "which pods istio-cni hands over to ztunnel, where it is told otherwise than Istio's charts do "
    "(AMBIENT_ENABLEMENT_SELECTOR), is not modelled",
)


def _of_stored() -> Formula:
    text = (
        f"whether ztunnel takes over pods that the server has stored without `{REDIRECTION}: {REDIRECTED}` is not known"
    )
    return Open(OpenFact("mesh-redirection", "stored", text))


def _of_passed_over(mesh: Mesh) -> Formula:
    names = ", ".join(sorted(mesh.passed_over))
    text = f"whether ztunnel takes over pods of {names}, which istio-cni passes over, is not known"
    return Open(OpenFact("mesh-redirection", "passed over", text))


def goes_past_ztunnel(cluster: Cluster) -> Formula:
    """The pod is told to take what comes in as it comes: only the tunnel's own port leads to ztunnel then."""
    is_used = any(BYPASS in its for its in known_annotations(cluster))
    return has_annotation(BYPASS, *GO_TRUE) if is_used else FALSE


@remembered
def takes_tunnel(cluster: Cluster) -> Formula:
    """Of pods with a sidecar: it listens for the tunnel, too, and clients may come either way.  Its own variables say
    so where they are seen, else a ProxyConfig that selects the pod, else the pod's annotation, else a ProxyConfig of
    its namespace, else one of the mesh, else the mesh's configuration; and istiod, which is told of ambient."""
    configs = (its.get(OWN_CONFIG, "") for its in known_annotations(cluster))
    told = {text: _WRITTEN.findall(text) for text in configs if ENABLE_HBONE in text}
    yes = {text for text, words in told.items() if words and words[-1] in GO_TRUE}
    odd = {text for text, words in told.items() if not words}
    seen, written = has_annotation(TAKES_TUNNEL), has_annotation(OWN_CONFIG, *told) if told else FALSE
    config = [has_annotation(OWN_CONFIG, *yes)] if yes else []
    config += [both([has_annotation(OWN_CONFIG, *odd), _unread("annotations")])] if odd else []
    of_pods, of_namespaces, of_all = _proxy_configs(cluster.mesh)
    own, noted = (seen, has_annotation(TAKES_TUNNEL, *GO_TRUE)), (written, either(config))
    found = _first([own, of_pods, noted, of_namespaces, of_all], _of_mesh(cluster.mesh))
    told_by = told or any(each.takes_tunnel for each in cluster.mesh.of(ProxyVariables))
    if cluster.mesh.is_ambient or not (told_by or cluster.mesh.config.takes_tunnel or cluster.mesh.has_tunnel):
        return found if cluster.mesh.is_ambient else FALSE
    text = "whether istiod lets sidecars take the mesh's tunnel (PILOT_ENABLE_AMBIENT) is not known"
    return both([found, Open(OpenFact("mesh-tunnel", "istiod", text))])


_Level = tuple[Formula, Formula]
"""Where something is said, and where that is yes."""


def _first(levels: Sequence[_Level], otherwise: Formula) -> Formula:
    """What the first says that says something."""
    found = otherwise
    for said, yes in reversed(levels):
        found = either([yes, both([negated(said), found])])
    return found


def _proxy_configs(mesh: Mesh) -> tuple[_Level, _Level, _Level]:
    """What ProxyConfigs say: those that select pods, those of namespaces, and that of the mesh."""
    scopes: tuple[list[tuple[Formula, bool | None]], ...] = ([], [], [])
    for each in mesh.of(ProxyVariables):
        where, is_of_all = in_namespace(each.namespace), each.labels is None and each.namespace == mesh.config.root
        if each.labels is not None:
            where = both([where, having(each.labels) if each.labels else _unread("ProxyConfig's empty selector")])
        place = 0 if each.labels is not None else 2 if is_of_all else 1
        scopes[place].append((TRUE if is_of_all else where, each.takes_tunnel))
    of_pods, of_namespaces, of_all = map(_of_scope, scopes)
    return of_pods, of_namespaces, of_all


def _of_scope(its: Sequence[tuple[Formula, bool | None]]) -> _Level:
    """Of one scope one ProxyConfig counts: nobody knows which, where several are for a pod and differ."""
    yes: list[Formula] = []
    for where, takes in its:
        others = either(dict.fromkeys(other for other, says in its if says is not takes))
        if takes is not None:
            yes.append(both([where, others, _unread("ProxyConfigs")]))
        if takes:
            yes.append(both([where, negated(others)]))
    return either(where for where, takes in its if takes is not None), either(yes)


def _of_mesh(mesh: Mesh) -> Formula:
    """Istio's profile for ambient has sidecars take it."""
    if mesh.config.takes_tunnel is None:
        return _unread("mesh's configuration") if mesh.is_ambient else FALSE
    return TRUE if mesh.config.takes_tunnel else FALSE


def _unread(where: str) -> Formula:
    text = f"whether sidecars take the mesh's tunnel ({ENABLE_HBONE}), which their {where} may say, is not known"
    return Open(OpenFact("mesh-tunnel", where, text))
