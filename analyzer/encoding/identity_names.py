"""What patterns over identities tell apart: names of namespaces and of service accounts (istio.md 3, 5.4).

Principals, namespaces and service accounts of policies are patterns over one string, and are read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.encoding.domains import ACCOUNT_NAME
from analyzer.model.formulas import Formula, Name, Role, Test, leaves_once
from analyzer.model.mesh import MeshConfig
from analyzer.records import dataclass
from analyzer.sets.strings import Form, Pattern, exact, regex
from analyzer.sets.strings.residual import Residuals

_OWN = re.compile(r"([^/]*)/ns/([^/]*)/sa/([^/]*)")
_PART = r"((?:[A-Za-z0-9]|\\.)*)"
# How policies' namespaces and accounts are spelt as expressions (model/mesh_rules.py, model/mesh_ztunnel.py).
_IN_NAMESPACE = re.compile(rf"\[\^/\]\+/ns/{_PART}/sa/\.\*")
_OF_ACCOUNT = re.compile(rf"(?:\[\^/\]\+|\.\+)/ns/{_PART}/(?:\(\.\+/\|\))?sa/{_PART}(?:\(/\.\+\)\?)?")
_ANY = "[^/]+/ns/[^/]+/sa/[^/]+"
_OF_NAMESPACE = re.compile(r"\*/ns/([^/*]*)/\*")
_NAMESPACE_NAME = regex("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_ACCOUNT = regex(ACCOUNT_NAME)


def identity_patterns(formulas: Iterable[Formula]) -> tuple[Pattern, ...]:
    """What is asked of identities."""
    found: dict[Pattern, None] = {}
    for leaf in leaves_once(formulas):
        if isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST and leaf.attribute.name is Name.IDENTITY:
            found |= dict.fromkeys(patterns_of(leaf))
    return tuple(found)


def patterns_of(test: Test) -> Iterator[Pattern]:
    if isinstance(test.meets, frozenset):
        yield from (exact(text) for text in sorted(test.meets))
    elif isinstance(test.meets, Pattern):
        yield test.meets


@dataclass(frozen=True, slots=True)
class Told:
    """What a pattern says plainly: the namespaces, None for any, and the account if it names one."""

    namespaces: frozenset[str] | None
    account: str | None = None


def told(pattern: Pattern, config: MeshConfig) -> Told | None:
    """None: it takes an automaton to say it."""
    if pattern.form is Form.PRESENT or pattern.is_folded:
        return None
    if pattern.form is Form.EXACT:
        found = _OWN.fullmatch(pattern.text)
        if found is None or found[1] != config.trust_domain:
            return Told(frozenset())
        return Told(frozenset({found[2]}), found[3])
    if pattern.form is Form.GLOB and (of := _OF_NAMESPACE.fullmatch(pattern.text)):
        return Told(frozenset({of[1], "ns"} if of[1] == "sa" else {of[1]}))  # `/ns/ns/sa/x` holds `/ns/sa/`
    if pattern.form is Form.PREFIX and f"{config.trust_domain}/ns/".startswith(pattern.text):
        return Told(None)
    return _told_by_expression(pattern.text) if pattern.form is Form.REGEX else None


def _told_by_expression(text: str) -> Told | None:
    if text == _ANY:
        return Told(None)
    if found := _IN_NAMESPACE.fullmatch(text):
        return Told(frozenset({_unquoted(found[1])}))
    if found := _OF_ACCOUNT.fullmatch(text):
        return Told(frozenset({_unquoted(found[1])}), _unquoted(found[2]))
    return None


def _unquoted(text: str) -> str:
    return text.replace("\\", "")


def named_namespaces(patterns: Iterable[Pattern], config: MeshConfig) -> set[str]:
    """Names that namespaces may come to have and that the patterns tell from others."""
    found: set[str] = set()
    for pattern in patterns:
        plain = told(pattern, config)
        found |= (plain.namespaces or frozenset()) if plain is not None else frozenset()
    loose = [pattern for pattern in patterns if _is_loose(pattern, config)]
    if loose:
        found |= set(Residuals(loose).middles(f"{config.trust_domain}/ns/", "/sa/", _NAMESPACE_NAME))
    return found


def named_accounts(patterns: Iterable[Pattern], config: MeshConfig, namespaces: Iterable[str]) -> set[str]:
    """Names that service accounts may have and that the patterns tell apart, in one of the namespaces."""
    plain = (told(pattern, config) for pattern in patterns)
    found = {it.account for it in plain if it is not None and it.account is not None}
    loose = [pattern for pattern in patterns if _is_loose(pattern, config)]
    if loose:
        states = Residuals(loose)
        behind = (states.read(config.identity(name, "")) for name in namespaces)
        found |= set(states.ends(behind, _ACCOUNT))
    return found


def _is_loose(pattern: Pattern, config: MeshConfig) -> bool:
    return pattern.form is not Form.PRESENT and told(pattern, config) is None
