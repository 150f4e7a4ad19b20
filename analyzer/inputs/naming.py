"""Names in the forms that a query in error should have: what the manifests have of that name in place of a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import filter as matching
from typing import TYPE_CHECKING

from analyzer.errors import Problem, QueryError

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster, Workload

_GUESSED = re.compile(r"(?<![\w./$-])(?<!in )namespace (?P<name>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?![\w.-])")
_USUAL = ("app", "app.kubernetes.io/name", "k8s-app", "name", "app.kubernetes.io/component", "component")
_WILDCARD = re.compile(
    r"(?<![\w./*-])(?:pods\s+in\s+)?(?:namespaces?\s+)?(?P<name>(?=[a-z0-9-]*\*)[a-z0-9*-]*[a-z0-9][a-z0-9*-]*)(?![\w./*(-])"
)
_NO_WILDCARDS = "names have no wildcards: these are today's, and only labels speak of namespaces created later"
_MOST_WORKLOADS = 3
_MOST_NAMESPACES = 12


def named(problem: Problem, clusters: Sequence[Cluster]) -> Problem:
    """The problem, with pods by a label, or workloads, in its forms where these have the name and no namespace has; of
    namespaces with a wildcard in their name, those that there are."""
    if not problem.forms and "*" in problem.excerpt and (found := _spelt_out(problem.excerpt, clusters)):
        problem = replace(problem, message=_NO_WILDCARDS, hint="", forms=found)
    forms = tuple(_named(form, problem.excerpt, clusters) for form in problem.forms)
    return problem if forms == problem.forms else replace(problem, forms=forms)


def _named(form: str, written: str, clusters: Sequence[Cluster]) -> str:
    def instead(found: re.Match[str]) -> str:
        is_own = re.search(rf"(?:namespaces?|ns)\W+{re.escape(found['name'])}(?![\w.-])", written) is not None
        return found[0] if is_own else _what_is_called(found["name"], clusters) or found[0]

    return _GUESSED.sub(instead, form)


def _spelt_out(written: str, clusters: Sequence[Cluster]) -> tuple[str, ...]:
    """The forms of a claim that names namespaces with a wildcard; empty where nothing has such a name."""
    from analyzer.language import parse_query

    there = sorted({namespace.name for cluster in clusters for namespace in cluster.namespaces})

    def instead(found: re.Match[str]) -> str:
        names = matching(there, found["name"])
        is_few = 0 < len(names) <= _MOST_NAMESPACES
        return f"pods in namespaces(kubernetes.io/metadata.name in ({', '.join(names)}))" if is_few else found[0]

    form = _WILDCARD.sub(instead, written)
    try:
        return (parse_query(form).text,)
    except QueryError as error:
        return error.problems[0].forms


def _what_is_called(name: str, clusters: Sequence[Cluster]) -> str:
    """The set of that name in the language; empty where a namespace has it, or nothing."""
    if any(namespace.name == name for cluster in clusters for namespace in cluster.namespaces):
        return ""
    workloads = [workload for cluster in clusters for workload in cluster.workloads]
    keys = {key for workload in workloads for key, value in workload.labels.items() if value == name}
    if keys:
        return f"pods({min(keys, key=_order)}={name})"
    owners = list(dict.fromkeys(_owners(name, workloads)))
    if not owners or len(owners) > _MOST_WORKLOADS:
        return ""
    return owners[0] if len(owners) == 1 else f"({' or '.join(owners)})"


def _owners(name: str, workloads: Iterable[Workload]) -> Iterator[str]:
    return (f"workload {workload.namespace}/{name}" for workload in workloads if workload.name == name)


def _order(key: str) -> tuple[int, str]:
    return (_USUAL.index(key) if key in _USUAL else len(_USUAL)), key
