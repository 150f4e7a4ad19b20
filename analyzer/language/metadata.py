"""Annotations: what a query, a pack or a parameter says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analyzer.language.names import nearest
from analyzer.language.scope import Scope, place
from analyzer.language.syntax import Syntax, words
from analyzer.model.claims import Severity

_SEVERITIES = {severity.value: severity for severity in Severity}
OF_QUERY = ("severity", "control", "remediation", "description")
OF_PACK = ("description", "shows", "does-not-show")
OF_PARAMETER = ("empty",)
_REPEATABLE = ("control", "shows", "does-not-show")

_PLACES = {
    **dict.fromkeys(set(OF_QUERY) - set(OF_PACK), "no annotation of a pack"),
    **dict.fromkeys(set(OF_PACK) - set(OF_QUERY), "no annotation of a query but of a pack"),
    "empty": "no annotation but of a parameter",
}


@dataclass(slots=True)
class Metadata:
    severity: Severity = Severity.MEDIUM
    controls: list[str] = field(default_factory=list)
    remediation: str = ""
    description: str = ""
    shows: list[str] = field(default_factory=list)
    does_not_show: list[str] = field(default_factory=list)
    may_be_empty: bool = False

    def add(self, name: str, texts: Sequence[str]) -> None:
        """What a repeatable annotation says, behind what others of its name said before."""
        {"control": self.controls, "shows": self.shows, "does-not-show": self.does_not_show}[name].extend(texts)


def metadata(annotations: Sequence[Syntax], known: tuple[str, ...], scope: Scope) -> Metadata:
    """What the annotations say; `known` are those that may stand here."""
    found = Metadata()
    seen: dict[str, int] = {}
    for annotation in annotations:
        name, *values = words(annotation)
        texts = [text for value in values if (text := scope.text(value)) is not None]
        if name not in known:
            are = ", ".join(f"`@{other}(…)`" for other in known)
            place_for_it = _PLACES.get(str(name), "no annotation")
            scope.problem(name, f"`{name}` is {place_for_it}", nearest(name, known) or f"there are {are}")
        elif name in _REPEATABLE:
            found.add(str(name), texts)
        elif name in seen:
            scope.problem(name, f"`@{name}` is given twice, first on line {seen[name]}")
        elif len(values) > 1:
            scope.problem(values[1], f"`@{name}` takes one value", "put text that holds commas in quotes")
        elif texts and name == "severity":
            if texts[0] not in _SEVERITIES:
                hint = nearest(texts[0], _SEVERITIES) or "write `low`, `medium`, `high` or `critical`"
                scope.problem(values[0], f"`{texts[0]}` is no severity", hint)
            found.severity = _SEVERITIES.get(texts[0], found.severity)
        elif texts and name == "empty":
            if texts[0] != "allowed":
                scope.problem(values[0], f"`@empty` takes `allowed`, not `{texts[0]}`")
            found.may_be_empty = texts[0] == "allowed"
        elif texts:
            setattr(found, str(name), texts[0])
        seen.setdefault(str(name), place(name)[0])
    return found
