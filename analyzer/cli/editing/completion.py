"""What may stand at a place of a query file, from the text before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from analyzer.cli.editing import meanings
from analyzer.cli.editing.vocabulary import Vocabulary

_LET = re.compile(r"^\s*let\s+([\w-]+)\s*=\s*(.*)$", re.MULTILINE)
_PARAM = re.compile(r"^\s*param\s+([\w-]+)\s*=\s*(.*)$", re.MULTILINE)
_IN_SELECTOR = re.compile(r"(?P<what>pods|namespaces)\((?P<inside>[^()]*(?:\([^()]*)?)$")
_VALUE = re.compile(r"(?P<key>[\w./-]+)\s*(?:(?:==|!=|=)\s*|\s(?:not)?in\s*\(\s*(?:[\w.-]+\s*,\s*)*)[\w.-]*$")
_ATTRIBUTE_VALUE = re.compile(r"(?P<of>namespace\.)?labels\[(?P<key>[\w./-]+)\]\s*(?:==|!=|=|(?:not\s*)?in\s*\()\s*(?:[\w.-]+\s*,\s*)*[\w.-]*$")  # fmt: skip

Offers = Mapping[str, str]
"""What may be written, with a few words about each."""


def offers(text: str, position: int, vocabulary: Vocabulary) -> Offers:
    """What may stand at the position of a query file."""
    begun = text[:position].rpartition("\n")[2]
    statement = text[:position][max(0, position - 2_000) :]
    selector = _IN_SELECTOR.search(begun)
    if selector is not None:
        labels = vocabulary.pod_labels if selector["what"] == "pods" else vocabulary.namespace_labels
        return _of_labels(labels, selector["inside"])
    if found := _ATTRIBUTE_VALUE.search(begun):
        labels = vocabulary.namespace_labels if found["of"] else vocabulary.pod_labels
        return labels.get(found["key"], {})
    for pattern, what in _BEHIND:
        if pattern.search(begun):
            return what(text, vocabulary)
    if re.fullmatch(r"\s*[a-z]*", begun) and not re.search(r"[:=,]\s*$|\b(?:or|and|except|on|reach)\s*$", statement):
        return {**meanings.STATEMENTS, **meanings.QUANTIFIERS, **meanings.MODIFIERS}
    return {**_sets(text, vocabulary), **meanings.MODIFIERS, "can reach": "", "is isolated for": ""}


def in_configuration(begun: str, packs: tuple[str, ...]) -> Offers:
    """What may stand behind this beginning of a line in netproof.toml: packs, where packs are named."""
    return dict.fromkeys(packs, "built-in pack") if re.search(r"^\s*packs?\s*=.*[\"'][\w-]*$", begun) else {}


def _of_labels(labels: Mapping[str, Mapping[str, str]], inside: str) -> Offers:
    value = _VALUE.search(inside)
    if value is not None:
        return labels.get(value["key"], {})
    return {key: f"{len(values)} value{'s' if len(values) > 1 else ''}: {', '.join(list(values)[:5])}" for key, values in labels.items()}  # fmt: skip


def _sets(text: str, vocabulary: Vocabulary) -> Offers:
    return {**{name: f"let {name} = {what}" for name, what in _LET.findall(text)}, **meanings.SETS}


def _of_keys(which: Callable[[Vocabulary], Mapping[str, Mapping[str, str]]]) -> Callable[[str, Vocabulary], Offers]:
    return lambda text, vocabulary: _of_labels(which(vocabulary), "")


_BEHIND: tuple[tuple[re.Pattern[str], Callable[[str, Vocabulary], Offers]], ...] = (
    (re.compile(r"@[\w-]*$"), lambda text, vocabulary: {name[1:]: about for name, about in meanings.ANNOTATIONS.items()}),
    (re.compile(r"@severity\([a-z]*$"), lambda text, vocabulary: dict.fromkeys(("low", "medium", "high", "critical"), "")),
    (re.compile(r"\$\{?[\w-]*$"), lambda text, vocabulary: {name: f"param {name} = {value}" for name, value in _PARAM.findall(text)}),
    (re.compile(r"\bnamespace\.labels\[[\w./-]*$"), _of_keys(lambda vocabulary: vocabulary.namespace_labels)),
    (re.compile(r"\blabels\[[\w./-]*$"), _of_keys(lambda vocabulary: vocabulary.pod_labels)),
    (re.compile(r"\b(?:namespace|(?:src|dst)\.namespace\s*[!=]=)\s+[\w-]*$"), lambda text, vocabulary: vocabulary.namespaces),
    (re.compile(r"\bworkload\s+[\w./-]*$"), lambda text, vocabulary: vocabulary.workloads),
    (re.compile(r"\bservice\s+[\w./-]*$"), lambda text, vocabulary: vocabulary.services),
    (re.compile(r"\bwithin\s+[a-z]*$"), lambda text, vocabulary: meanings.UNIVERSES),
    (re.compile(r"\bfor\s+(?:[a-z]+\s*,\s*)?[a-z]*$"), lambda text, vocabulary: meanings.DIRECTIONS),
    (re.compile(r"\bon\s+(?:[\w/-]+\s*,\s*)*[\w/-]*$"), lambda text, vocabulary: {**meanings.PROTOCOLS, **vocabulary.ports}),
    (re.compile(r"\b(?:src|dst)\.[\w.]*$"), lambda text, vocabulary: {"namespace": "its name", "labels": "of the pod", "service_account": "its name"}),
    (re.compile(r"\bin\s+[a-z]*$"), lambda text, vocabulary: {name: meanings.SETS[name] for name in ("namespace", "namespaces")}),
    (re.compile(r"\bwhere\s+(?:not\s+)?[a-z]*$"), lambda text, vocabulary: {"src.namespace": "", "dst.namespace": "", "src.labels": "", "dst.labels": "", "has": meanings.OTHERS["has"], "not": ""}),
    (re.compile(r"\bcan\s+[a-z]*$"), lambda text, vocabulary: {"reach": meanings.OTHERS["reach"], "reach only": meanings.QUANTIFIERS["only"], "newly reach": meanings.OTHERS["newly"]}),
)  # fmt: skip
