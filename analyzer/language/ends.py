"""Sets of ends: syntax to what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from analyzer.language.names import FIRST_WORDS, SETS, Advice, is_nearly, namespace_fault, nearest, object_name_fault
from analyzer.language.scope import Scope
from analyzer.language.selectors import selector
from analyzer.language.syntax import Syntax, parts, words
from analyzer.language.trees import Token
from analyzer.model.domains import DOMAIN_NAME
from analyzer.model.ends import (
    ANYTHING,
    DNS,
    EXTERNAL,
    METADATA,
    NODES,
    ApiServer,
    Domains,
    ServiceNamed,
    Spelt,
    external,
    meant,
    pods_in,
    pods_of_workload,
    without,
)
from analyzer.model.formulas import All, Formula, Member, Some, both, either
from analyzer.model.labels import Selector
from analyzer.model.policies import NamespaceChoice, NamespaceNamed, NamespacesMatching
from analyzer.sets import INTERNET, AddressSet

_STAND_IN = ANYTHING  # for a set in error, so that resolving goes on
_FIXED: dict[str, Formula] = {
    "internet": external(INTERNET, "internet"),
    "external": EXTERNAL,
    "metadata_service": METADATA,
    "nodes": NODES,
    "anything": ANYTHING,
    "apiserver": meant(ApiServer()),
}


def ends(tree: Syntax, scope: Scope) -> Formula:
    """The set of ends that a `set`, a `union` or anything below them stands for."""
    match tree.data:
        case "set":
            base, *taken = (ends(part, scope) for part in parts(tree))
            return less(base, taken)
        case "union":
            found = [ends(part, scope) for part in parts(tree)]
            return either(found)
        case "both":
            found = [ends(part, scope) for part in parts(tree)]
            if len(found) > 1 and any(map(_holds_service, found)):
                hint = "its ports are the Service's, other sets' the pods'; take away with `except` what is not meant"
                scope.problem(tree, "a Service cannot stand beside `and`", hint)
            return both(found)
        case "pods":
            return _pods(tree, scope)
        case "namespace" | "namespaces":
            choice = _namespaces(tree, scope)
            return _STAND_IN if choice is None else pods_in(choice)
        case "workload":
            return _object("workload", pods_of_workload, words(tree)[0], scope)
        case "service":
            return _object("service", lambda *name: meant(ServiceNamed(*name)), words(tree)[0], scope)
        case "ips":
            return _ips(tree, scope)
        case "domains":
            return _domains(tree, scope)
        case "named_set":
            return _named(words(tree)[0], scope)
        case fixed:
            return _FIXED[fixed]


def less(base: Formula, taken: list[Formula]) -> Formula:
    """The base without any of what is taken away."""
    return without(base, either(taken)) if taken else base


def _holds_service(members: Formula) -> bool:
    match members:
        case Member(_, ServiceNamed()):
            return True
        case Some(parts) | All(parts):
            return any(map(_holds_service, parts))
        case _:
            return False


# ------------------------------------------------------------------------------------------------ pods
def _pods(tree: Syntax, scope: Scope) -> Formula:
    labels = Selector.EVERYTHING
    choice: NamespaceChoice | None = NamespacesMatching(Selector.EVERYTHING)
    for part in parts(tree):
        if part.data == "selector":
            labels = selector(part, scope)
        else:
            choice = _namespaces(part, scope)
    return _STAND_IN if choice is None else pods_in(choice, labels)


def _namespaces(tree: Syntax, scope: Scope) -> NamespaceChoice | None:
    if tree.data == "namespaces":
        return NamespacesMatching(selector(parts(tree)[0], scope))
    name = scope.checked(words(tree)[0], namespace_fault)
    return None if name is None else NamespaceNamed(name)


def _object(what: str, named: Callable[[str, str], Formula], word: Token, scope: Scope) -> Formula:
    """What `named` makes of NAMESPACE/NAME."""
    text = scope.text(word)
    if text is None:
        return _STAND_IN
    namespace, slash, name = text.partition("/")
    if not slash:
        scope.problem(word, f"`{text}` is no {what}: write it as NAMESPACE/NAME{scope.origin(word, text)}")
        return _STAND_IN
    is_faulty = scope.is_faulty(word, namespace, namespace_fault) or scope.is_faulty(word, name, object_name_fault)
    return _STAND_IN if is_faulty else named(namespace, name)


def _named(word: Token, scope: Scope) -> Formula:
    """The set that `let` gave the name to."""
    scope.used.add(word)
    if word in scope.sets:
        return scope.sets[word] or _STAND_IN
    if word == "dns" and word not in scope.later_sets:
        return DNS
    hint = nearest(word, (*scope.sets, *(name for name in SETS if is_nearly(word, name))))
    if word in scope.later_sets:
        hint = f"it is declared on line {scope.later_sets[word]}: move that line up"
    elif _network(word) is not None:
        hint = Advice(f"for addresses write `ips {word}`", f"ips {word}")
    elif not word.strip("0123456789./"):
        hint = "it looks like an address: four numbers up to 255, and behind a slash up to 32"
    elif "/" in word:
        hint = Advice(f"for the pods of a workload write `workload {word}`", f"workload {word}")
    elif word.startswith("$"):
        hint = "a parameter stands for a name, a key or a value; name sets with `let`"
    if not hint and not (word in FIRST_WORDS or namespace_fault(word)):
        hint = Advice(
            f"write `namespace {word}`, or `pods(app={word})` by a label, or name a set with `let`", f"namespace {word}"
        )
    scope.problem(word, f"no set is called `{word}`", hint or "declare it with `let`")
    return _STAND_IN


# ------------------------------------------------------------------------------------------------ addresses
def _domains(tree: Syntax, scope: Scope) -> Formula:
    """`domains NAME, …`: a name is one of a host, or begins with `*.` for all below."""
    found: dict[str, None] = {}
    for word in words(parts(tree)[0]):
        for text in scope.several(word):
            name = text.lower().removesuffix(".")
            if DOMAIN_NAME.fullmatch(name.removeprefix("*.")) is None:
                hint = 'write it as `example.com` or `"*.example.com"`'
                scope.problem(word, f"`{text}` is no domain name{scope.origin(word, text)}", hint)
            elif _network(name) is not None:
                scope.problem(word, f"`{text}` is an address{scope.origin(word, text)}", f"write `ips {text}`")
            else:
                found[name] = None
    return meant(Domains(tuple(found))) if found else _STAND_IN


def _ips(tree: Syntax, scope: Scope) -> Formula:
    """`ips A, B except C`: addresses outside the cluster in A or B and not in C."""
    included, *excluded = (_networks(part, scope) for part in parts(tree))
    addresses = AddressSet.of(*included)
    text = f"ips {', '.join(included)}"
    for networks in excluded:
        taken = AddressSet.of(*networks)
        if not addresses & taken and addresses and taken:
            scope.notice(tree, f"`except {', '.join(networks)}` takes nothing away from `{text}`")
        addresses -= taken
        text += f" except {', '.join(networks)}"
    return meant(Spelt(addresses, text))


def _networks(tree: Syntax, scope: Scope) -> list[str]:
    """The CIDRs as written, those in error reported and left out."""
    found = []
    for word in words(tree):
        for text in scope.several(word):
            network = _network(text)
            if network is None:
                hint = _range_hint(text)
                message = f"`{text}` is no address and no address range{scope.origin(word, text)}"
                scope.problem(word, message, hint)
                continue
            if _has_host_bits(text):
                scope.notice(word, f"`{text}` is read as `{network}`, the range that it lies in")
            found.append(text)
    return found


def _network(text: str) -> str | None:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None


def _has_host_bits(text: str) -> bool:
    try:
        ip_network(text, strict=True)
    except ValueError:
        return True
    return False


def _range_hint(text: str) -> str:
    if "-" in text:
        return "write a range as one or several CIDRs, such as `10.0.0.0/30, 10.0.0.4/31`"
    if text in SETS:
        return f"write `{text}` without `ips`"
    return "write it as `10.0.0.0/8` or `2001:db8::/32`"
