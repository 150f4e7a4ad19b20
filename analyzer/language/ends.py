"""Sets of ends: syntax to what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from analyzer.language.names import FIRST_WORDS, SETS, Advice, namespace_fault, nearest, object_name_fault
from analyzer.language.scope import Scope
from analyzer.language.selectors import selector
from analyzer.language.syntax import Syntax, parts, words
from analyzer.language.trees import Token
from analyzer.model.claims import (
    DNS,
    METADATA,
    Addresses,
    Anything,
    ApiServer,
    Both,
    Domains,
    Either,
    Minus,
    Nodes,
    NodesThat,
    PodsIn,
    ServiceNamed,
    SetExpr,
    WorkloadNamed,
)
from analyzer.model.domains import DOMAIN_NAME
from analyzer.model.labels import Selector
from analyzer.model.policies import NamespaceChoice, NamespaceNamed, NamespacesMatching
from analyzer.sets import INTERNET, AddressSet

_STAND_IN = Anything()  # for a set in error, so that resolving goes on
_FIXED: dict[str, SetExpr] = {
    "internet": Addresses(INTERNET, "internet"),
    "external": Addresses(AddressSet.FULL, "external"),
    "metadata_service": METADATA,
    "nodes": Nodes(),
    "anything": Anything(),
    "apiserver": ApiServer(),
}


def ends(tree: Syntax, scope: Scope) -> SetExpr:
    """The set of ends that a `set`, a `union` or anything below them stands for."""
    match tree.data:
        case "set":
            base, *taken = (ends(part, scope) for part in parts(tree))
            return less(base, taken)
        case "union":
            found = [ends(part, scope) for part in parts(tree)]
            return found[0] if len(found) == 1 else Either(tuple(found))
        case "both":
            found = [ends(part, scope) for part in parts(tree)]
            if len(found) > 1 and any(map(_holds_service, found)):
                hint = "its ports are the Service's, other sets' the pods'; take away with `except` what is not meant"
                scope.problem(tree, "a Service cannot stand beside `and`", hint)
            return found[0] if len(found) == 1 else Both(tuple(found))
        case "pods":
            return _pods(tree, scope)
        case "namespace" | "namespaces":
            choice = _namespaces(tree, scope)
            return _STAND_IN if choice is None else PodsIn(choice)
        case "workload":
            return _object("workload", WorkloadNamed, words(tree)[0], scope)
        case "service":
            return _object("service", ServiceNamed, words(tree)[0], scope)
        case "ips":
            return _ips(tree, scope)
        case "domains":
            return _domains(tree, scope)
        case "named_set":
            return _named(words(tree)[0], scope)
        case fixed:
            return _FIXED[fixed]


def less(base: SetExpr, taken: list[SetExpr]) -> SetExpr:
    """The base without any of what is taken away."""
    if not taken:
        return base
    return Minus(base, taken[0] if len(taken) == 1 else Either(tuple(taken)))


def _holds_service(members: SetExpr) -> bool:
    match members:
        case ServiceNamed():
            return True
        case Either(parts) | Both(parts):
            return any(map(_holds_service, parts))
        case Minus(base, _):
            return _holds_service(base)
        case _:
            return False


def can_hold_pods(members: SetExpr, *, is_destination: bool = False) -> bool:
    """False if no pod can be in the set, whatever the cluster: addresses and nodes are no pods.  As destinations,
    addresses that are spelt out may be a Service's, and so lead to pods."""

    def can(part: SetExpr) -> bool:
        return can_hold_pods(part, is_destination=is_destination)

    match members:
        case Addresses():
            return is_destination and members.are_spelt
        case Nodes() | NodesThat() | Domains():
            return False
        case Either(either):
            return any(map(can, either))
        case Both(both):
            return all(map(can, both))
        case Minus(base, _):
            return can(base)
        case _:
            return True


# ------------------------------------------------------------------------------------------------ pods
def _pods(tree: Syntax, scope: Scope) -> SetExpr:
    labels = Selector.EVERYTHING
    choice: NamespaceChoice | None = NamespacesMatching(Selector.EVERYTHING)
    for part in parts(tree):
        if part.data == "selector":
            labels = selector(part, scope)
        else:
            choice = _namespaces(part, scope)
    return _STAND_IN if choice is None else PodsIn(choice, labels)


def _namespaces(tree: Syntax, scope: Scope) -> NamespaceChoice | None:
    if tree.data == "namespaces":
        return NamespacesMatching(selector(parts(tree)[0], scope))
    name = scope.checked(words(tree)[0], namespace_fault)
    return None if name is None else NamespaceNamed(name)


def _object(what: str, named: Callable[[str, str], SetExpr], word: Token, scope: Scope) -> SetExpr:
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


def _named(word: Token, scope: Scope) -> SetExpr:
    """The set that `let` gave the name to."""
    scope.used.add(word)
    if word in scope.sets:
        return scope.sets[word] or _STAND_IN
    if word == "dns" and word not in scope.later_sets:
        return DNS
    hint = nearest(word, (*scope.sets, *SETS))
    if word in scope.later_sets:
        hint = f"it is declared on line {scope.later_sets[word]}: move that line up"
    elif _network(word) is not None:
        hint = Advice(f"for addresses write `ips {word}`", f"ips {word}")
    elif "/" in word:
        hint = Advice(f"for the pods of a workload write `workload {word}`", f"workload {word}")
    elif word.startswith("$"):
        hint = "a parameter stands for a name, a key or a value; name sets with `let`"
    if not hint and not (word in FIRST_WORDS or namespace_fault(word)):
        hint = Advice(f"declare it with `let`, or write `namespace {word}`", f"namespace {word}")
    scope.problem(word, f"no set is called `{word}`", hint or "declare it with `let`")
    return _STAND_IN


# ------------------------------------------------------------------------------------------------ addresses
def _domains(tree: Syntax, scope: Scope) -> SetExpr:
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
    return Domains(tuple(found)) if found else _STAND_IN


def _ips(tree: Syntax, scope: Scope) -> SetExpr:
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
    return Addresses(addresses, text)


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
