"""What namespaces are called, those that nothing mentions included."""

from __future__ import annotations

from analyzer.encoding.domains import Attr
from analyzer.encoding.scope import Scope


def namespace_name(scope: Scope, code: int) -> str:
    """The namespace's name, or one for a namespace that nothing mentions."""
    return scope.table.entries[code].name or fresh_name(scope, code)


def fresh_name(scope: Scope, code: int) -> str:
    """A name for a namespace that nothing mentions: `new-namespace`, then `new-namespace-2`."""
    table, name = scope.table, Attr("name")
    index = sum(1 for e in table.entries[:code] if e.name is None)
    if name in scope.domains:  # compared with labels: the value it stands for there
        domain = scope.domains[name]
        return domain.value(len(domain.values) + 1 + index) or ""
    text = "new-namespace" if index == 0 else f"new-namespace-{index + 1}"
    while table.code(text) is not None:
        text = f"x-{text}"
    return text
