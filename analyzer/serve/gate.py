"""An AdmissionReview (admission.k8s.io/v1) in, its answer out.

A change is denied where a query that is not refuted as the cluster stands would be, or would be by workloads that are
there and is only by pods that could come, or to which the change adds a violation; the answer names a connection.
What cannot be told, because netproof is behind the cluster or made an error, is denied or let through as was chosen,
and the answer says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.errors import NetproofError
from analyzer.manifests.kinds.manifest import group_of
from analyzer.manifests.live import Key, key_of
from analyzer.model.cluster import Cluster
from analyzer.records import dataclass
from analyzer.reports import verdict_words
from analyzer.reports.visible import visible
from analyzer.serve.rulings import Mode, Otherwise, Rulings
from analyzer.serve.state import LiveState, Proposal, Shown, StaleError
from analyzer.verdicts import Status, Verdict

LABEL = "netproof.io/gate"
_MOST_WARNING = 250  # characters: API servers cut off more
_MOST_WARNINGS = 10
LOG = logging.getLogger("netproof.serve")


@dataclass(frozen=True, slots=True)
class Admission:
    """`outcome` is one of `allowed`, `denied`, `warned`, `dry-run`, `stale`, `failed`."""

    is_allowed: bool
    outcome: str
    message: str = ""
    warnings: tuple[str, ...] = ()


class BadReviewError(Exception):
    """This is no AdmissionReview that can be answered."""


class Gate:
    def __init__(self, state: LiveState, rulings: Rulings) -> None:
        self._state, self._rulings = state, rulings

    def review(self, body: Any) -> tuple[dict[str, Any], Admission]:
        """The AdmissionReview to send back, and what it says.  BadReviewError where nothing can be sent."""
        request = body.get("request") if isinstance(body, Mapping) else None
        if not isinstance(request, Mapping) or not isinstance(request.get("uid"), str):
            raise BadReviewError("the body is no AdmissionReview with a request")
        found = self._admission(request)
        response: dict[str, Any] = {"uid": request["uid"], "allowed": found.is_allowed}
        if not found.is_allowed:
            response["status"] = {"code": 403, "message": found.message}
        if found.warnings:
            response["warnings"] = [_cut(text) for text in found.warnings[:_MOST_WARNINGS]]
        response["auditAnnotations"] = {"outcome": found.outcome}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}, found

    def _admission(self, request: Mapping[str, Any]) -> Admission:
        try:
            put, removed = change_of(request)
            proposal = self._state.propose(put, removed, shown_by(request))
            return self._weighed(proposal, self._mode(request))
        except StaleError as error:
            return self._failing("stale", f"netproof gives no answer: {error}")
        except BadReviewError as error:
            return self._failing("failed", f"netproof gives no answer: {error}")
        except NetproofError as error:
            LOG.exception("a change was not judged")
            return self._failing("failed", f"netproof gives no answer: {type(error).__name__}")
        except Exception as error:
            LOG.exception("a change was not judged")
            return self._failing("failed", f"netproof gives no answer: internal error, {type(error).__name__}")

    def _failing(self, outcome: str, why: str) -> Admission:
        if self._rulings.failing is Otherwise.DENY:
            return Admission(False, outcome, f"{why}; changes are denied then (--on-failure deny)")
        return Admission(True, outcome, warnings=(f"{why}; the change was let through unchecked",))

    def _weighed(self, proposal: Proposal, mode: Mode) -> Admission:
        found = proposal.weighed
        against = [*(it for it in found.worse if it.status is Status.REFUTED), *found.added]
        unknown = [it for it in found.after if it.status is Status.UNKNOWN]
        notes = [f"netproof could not read {problem}" for problem in proposal.problems[:1]]
        if self._rulings.unknown is Otherwise.DENY:
            against, unknown = against + unknown, []
        already = list(found.untold)
        if self._rulings.refuted is Otherwise.DENY:
            against, already = against + already, []
        told = (*(said(it) for it in unknown), *map(_no_gate, already), *notes)
        if not against:
            return Admission(True, "warned" if told else "allowed", warnings=told)
        why = tuple(said(it) for it in against)
        if mode is Mode.DENY:
            return Admission(
                False, "denied", "\n".join(("netproof: this change breaks what was asked of the network", *why)), told
            )
        words = "would be denied" if mode is Mode.DRY_RUN else "breaks"
        warnings = tuple(f"netproof ({words}): {text}" for text in why)
        return Admission(True, "dry-run" if mode is Mode.DRY_RUN else "warned", warnings=(*warnings, *told))

    def _mode(self, request: Mapping[str, Any]) -> Mode:
        """As the namespace is labelled, and was before: no change can let itself off."""
        name = request.get("namespace") or ""
        if request.get("kind", {}).get("kind") == "Namespace":
            name = request.get("name") or ""
        labels = self._labels(self._state.objects.load().cluster, str(name))
        text = labels.get(LABEL, "")
        return Mode(text) if text in [mode.value for mode in Mode] else self._rulings.mode

    @staticmethod
    def _labels(cluster: Cluster, name: str) -> Mapping[str, str]:
        found = cluster.namespace_by_name.get(name)
        return found.labels if found is not None and found.is_declared else {}


def change_of(request: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[Key]]:
    """What the request puts into the cluster, and takes out."""
    operation, thing, old = request.get("operation"), request.get("object"), request.get("oldObject")
    if operation in ("CREATE", "UPDATE") and isinstance(thing, Mapping):
        return [_named(thing, request)], []
    if operation == "DELETE":
        kind = request.get("kind") or {}
        group, name = str(kind.get("group") or ""), str(request.get("name") or "")
        if not name:  # a collection is deleted object by object, each with its own old object
            if not isinstance(old, Mapping):
                raise BadReviewError("the deletion names no object")
            return [], [key_of(old)]
        return [], [Key(str(kind.get("kind")), group, str(request.get("namespace") or ""), name)]
    if operation == "CONNECT":
        return [], []
    raise BadReviewError(f"operation `{operation}` has no object")


def shown_by(request: Mapping[str, Any]) -> Shown | None:
    """The object that the request changes, as the server has it."""
    old, kind = request.get("oldObject"), request.get("kind") or {}
    version = (old.get("metadata") or {}).get("resourceVersion") if isinstance(old, Mapping) else None
    return Shown(str(kind.get("kind")), str(kind.get("group") or ""), str(version)) if version else None


def _named(thing: Mapping[str, Any], request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with the namespace and the name that the request gives it."""
    metadata = dict(thing.get("metadata") or {})
    kind = str(thing.get("kind"))
    if request.get("namespace") and kind != "Namespace":
        metadata.setdefault("namespace", request["namespace"])
    if not metadata.get("name"):
        metadata["name"] = str(request.get("name") or f"{metadata.pop('generateName', 'generated-')}new")
    if not group_of(str(thing.get("apiVersion", ""))) and not thing.get("apiVersion"):
        raise BadReviewError("its object has no apiVersion")
    return {**thing, "metadata": metadata}


def said(verdict: Verdict) -> str:
    """`tenants-apart (critical), refuted: No tenant reaches another; a/web → b/db on TCP 80 is allowed; …`."""
    query = verdict.query
    return visible(f"{query.id} ({query.severity.value}), {verdict.status.value}: {'; '.join(_parts(verdict))}")


def _no_gate(verdict: Verdict) -> str:
    return (
        f"netproof: {verdict.query.id} is refuted already, and whether this change breaks it once more cannot be told"
    )


def _parts(verdict: Verdict) -> Iterator[str]:
    yield verdict_words.title(verdict)
    for example in verdict.counterexamples[:1]:
        yield verdict_words.example(example, verdict.query.claim.kind)
        yield from (f"{stage}: {text}" for stage, text in verdict_words.sides(example))
    if not verdict.counterexamples:
        yield verdict.reason
        yield from verdict.blame[:1]


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_WARNING else f"{line[: _MOST_WARNING - 2]} …"
