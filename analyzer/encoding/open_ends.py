"""What nobody knows of an end, as facts."""

from __future__ import annotations

from analyzer.model.added_labels import Option, Varying
from analyzer.model.cluster import Unmodelled
from analyzer.model.formulas import Role
from analyzer.model.open_facts import OpenFact


def supposed_fact(maker: Unmodelled, is_on_node: bool) -> OpenFact:
    where = " on their node's network" if is_on_node else ""
    return OpenFact(
        "unmodelled",
        f"unmodelled-pods {maker.id} {maker.content}{where}",
        f"the pods of {maker.id} ({maker.source}), which it may make{where}: {maker.why}",
    )


def unknown_label(owner: str, varying: Varying, option: Option, role: Role) -> OpenFact:
    """That the pods of a template share, or that the one at this end has."""
    key, value = option.labels[0]
    if varying.is_per_pod:
        text = f"whether a pod of {owner} has the label {key}={value}, which the manifests do not tell"
        return OpenFact("added-label", f"added-label {owner} {key}={value} {role.value}", text)
    text = f"whether the pods of {owner} have the label {key}={value}, which their controller works out"
    return OpenFact("added-label", f"added-label {owner} {key}={value}", text)
