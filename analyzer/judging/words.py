"""What verdicts say in words of a refutation, of who denies, of what is not known, and of an example."""

from __future__ import annotations

from analyzer.encoding import Attribute, Obligation
from analyzer.model.claims import Kind
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.formulas import Role
from analyzer.model.policies import Direction, RuleRef
from analyzer.model.profile import Profile


def denial(denying: tuple[RuleRef, ...]) -> str:
    """`NetworkPolicy a/deny-all isolates the destination`, whoever they are."""
    more = f", and {len(denying) - 1} more" if len(denying) > 1 else ""
    return f"{denier(denying[0])}{more}"


def denier(ref: RuleRef) -> str:
    end = "source" if ref.direction is Direction.EGRESS else "destination"
    if ref.rule is None:
        return f"{ref.policy.id} isolates the {end}"
    name = f"`{ref.rule.name}`" if ref.rule.name else str(ref.rule.index + 1)
    return f"{ref.direction.value} rule {name} of {ref.policy.id} denies at the {end}"


def refutation(kind: Kind, profile: Profile) -> str:
    if not profile.enforces:
        return f"profile {profile.name} enforces no policy, so every connection is allowed"
    return {
        Kind.EVERY: "a connection that should be allowed is denied",
        Kind.ISOLATED: "a pod is isolated by no policy",
        Kind.NEVER_TIE: "which policy counts is not defined",
    }.get(kind, "a connection that should be denied is allowed")


def unknown_fact(obligation: Obligation, symbol: str) -> str:
    variable = next(v for v in obligation.variables if v.symbol == symbol)
    side = "source" if variable.role is Role.SRC else "destination"
    if variable.attribute is Attribute.NAMESPACE_LABEL:
        return f"the labels of the {side}'s namespace, which is not declared"
    return f"the address of the {side}, which the manifests do not tell"


def in_words(connection: Connection) -> str:
    return f"{_end(connection.src)} to {_end(connection.dst)} on {connection.service}"


def _end(end: End) -> str:
    match end:
        case Pod():
            labels = ",".join(f"{k}={v}" for k, v in sorted(end.labels.items()))
            return end.workload or f"a pod in {end.namespace}" + (f" with {labels}" if labels else "")
        case External():
            return str(end.ip)
        case Host():
            return f"node {end.name or end.ip}"
