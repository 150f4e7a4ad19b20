"""What a mesh leaves open: plaintext that a PeerAuthentication lets in, and clients that no AuthorizationPolicy names.

A question about requests is the mesh's to answer: a NetworkPolicy that is missing would close ports, and is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.closing import added
from analyzer.analysis.findings.permitting import MOST_NAMED, is_forbidden
from analyzer.analysis.findings.text_edits import edit_to
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.ways import Way
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.verdicts.findings import Fix

_API = "security.istio.io/v1"
_MODE = ("spec", "mtls", "mode")


def closed_by_mesh(
    cause: Cause, cluster: Cluster, profile: Profile, claims: tuple[Claim, ...], texts: Texts
) -> Iterator[Way]:
    """Mutual TLS asked for, in the object that is there or in one more; else the namespaces that are meant named."""
    namespace = cause.key.namespace
    home = next((it.source.file for it in cluster.workloads_by_namespace.get(namespace, ())), "")
    there = cause.ref.policy if cause.ref is not None else None
    if there is not None:
        placed, wrong = texts.policy(there), "lets in plaintext, which shows no identity: its mode is not STRICT"
        if placed is not None and (value := placed.value).get("spec") != (strict := _strict(value)):
            value["spec"] = strict
            yield Way(wrong, _MODE, Fix("set `mtls.mode: STRICT`", edit_to(value, placed)))
        home = there.source.file
    else:
        wrong = (
            f"no PeerAuthentication asks for mutual TLS in {namespace}: plaintext, which shows no identity, comes in"
        )
        new = {
            "apiVersion": _API,
            "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": namespace},
            "spec": {"mtls": {"mode": "STRICT"}},
        }
        said = f"add a PeerAuthentication with mode STRICT for {namespace}"
        yield Way(wrong, (), Fix(said, added([new], home, texts, f"peer-authentication-{namespace}.yaml")))
    yield from _named(cause, cluster, profile, claims, home, texts)


def _strict(value: dict[str, Any]) -> dict[str, Any]:
    """The spec with mutual TLS asked for; as it is where it asks for that already."""
    return {**(value.get("spec") or {}), "mtls": {"mode": "STRICT"}}


def _named(
    cause: Cause, cluster: Cluster, profile: Profile, claims: tuple[Claim, ...], home: str, texts: Texts
) -> Iterator[Way]:
    """An AuthorizationPolicy that lets in the namespaces that no claim forbids."""
    namespace = cause.key.namespace
    plain = [replace(it, request=None) for hit in cause.hits if (it := hit.example.connection) is not None]
    loose = [replace(claim, where=None) for claim in claims]
    asked = [(claim, connection) for claim in loose for connection in plain[:4]]
    names = [
        it.name
        for it in cluster.namespaces
        if cluster.workloads_by_namespace.get(it.name)
        and not is_forbidden(it.name, asked, Direction.INGRESS, cluster, profile)
    ]
    names = names if names and len(names) <= MOST_NAMED else [namespace]
    new = {
        "apiVersion": _API,
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "allow-named", "namespace": namespace},
        "spec": {"action": "ALLOW", "rules": [{"from": [{"source": {"namespaces": names}}]}]},
    }
    wrong = f"no AuthorizationPolicy says who may call the pods of {namespace}"
    said = f"add an AuthorizationPolicy for {namespace} that names who is meant: {', '.join(names)}"
    yield Way(wrong, (), Fix(said, added([new], home, texts, f"authorization-policy-{namespace}.yaml")))
