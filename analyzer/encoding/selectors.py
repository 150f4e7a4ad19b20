"""Selectors over labels that are known when the terms are built."""

from __future__ import annotations

from analyzer.model.labels import Labels, Operator, Selector


def matches(selector: Selector, labels: Labels) -> bool:
    """Reference A2.1–A2.4."""
    for requirement in selector.requirements:
        value = labels.get(requirement.key)
        match requirement.operator:
            case Operator.IN:
                met = value is not None and value in requirement.values
            case Operator.NOT_IN:
                met = value is None or value not in requirement.values
            case Operator.EXISTS:
                met = value is not None
            case Operator.DOES_NOT_EXIST:
                met = value is None
        if not met:
            return False
    return True
