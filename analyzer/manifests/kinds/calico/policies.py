"""NetworkPolicy and GlobalNetworkPolicy of Calico, and their staged forms, which nothing enforces (calico-cilium.md 1.4
to 1.6, 1.10).
"""

from __future__ import annotations

import re

from analyzer.manifests.kinds.calico.fields import (
    is_stored_form,
    kinds,
    note_global,
    plain_name,
    read_order,
    read_selector,
    read_spec,
)
from analyzer.manifests.kinds.calico.rules import (
    is_in,
    read_rules,
    unreadable_in,
)
from analyzer.manifests.kinds.calico.selectors import SelectorError, has, is_blank, parse
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.names import must, subdomain_fault
from analyzer.manifests.text.section import Section, nearest
from analyzer.model.calico import ACCOUNT, DEFAULT_TIER, NAMESPACE, OF_ACCOUNT, OF_NAMESPACE, CalicoPolicy
from analyzer.model.formulas import Formula, both

_SHARED = frozenset(
    {"tier", "order", "ingress", "egress", "selector", "types", "serviceAccountSelector", "performanceHints"}
)
_GLOBAL = _SHARED | {"doNotTrack", "preDNAT", "applyOnForward", "namespaceSelector"}
_STAGED_ACTION = frozenset({"stagedAction"})
STAGED_ACTIONS = ("Set", "Delete", "Learn", "Ignore")
_HINT = "AssumeNeededOnEveryNode"
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_POLICY_NAME = re.compile(rf"{_PART}(?:\.{_PART})?")
_KUBERNETES_NAME = re.compile(rf"(?:knp|ossg)\.default\.{_PART}(?:\.{_PART})*")
_TYPES = ("Ingress", "Egress")


def _name_fault(name: str) -> str | None:
    """Of a policy of a namespace, which may be what has become of one of Kubernetes' own."""
    return None if _KUBERNETES_NAME.fullmatch(name) and len(name) <= 253 else _global_name_fault(name)


def _global_name_fault(name: str) -> str | None:
    if len(name) > 253:
        return "is longer than 253 characters"
    if _POLICY_NAME.fullmatch(name):
        return None
    return "may hold only lower-case letters, digits and `-`, with a letter or digit at each end, and one `.` at most"


def _read(manifest: Manifest) -> CalicoPolicy | None:
    is_global = "Global" in manifest.kind
    is_staged = manifest.kind.startswith("Staged")
    known = (_GLOBAL if is_global else _SHARED) | (_STAGED_ACTION if is_staged else frozenset())
    spec = read_spec(manifest, known)
    staged = (spec.choice("stagedAction", STAGED_ACTIONS) or "Set") if is_staged else ""
    namespace = None if is_global else manifest.namespace or DEFAULT_NAMESPACE
    tier = spec.text("tier") or DEFAULT_TIER
    if fault := subdomain_fault(tier):
        spec.problem("tier", f"is `{tier}`, but the name of a tier {must(fault)}")
    note_global(spec, "selector", "serviceAccountSelector", "namespaceSelector")
    _check_hints(spec)
    if staged == "Delete":
        check_deletion(spec)
    order, types = read_order(spec), _types(spec, is_stored=is_stored_form(manifest))
    flags = {key: spec.boolean(key) for key in ("doNotTrack", "preDNAT", "applyOnForward")}
    if is_global:
        _check_flags(spec, flags)
    subject = _subject_of_all(spec) if namespace is None else _subject(spec, namespace)
    ingress, egress = (read_rules(spec, key, namespace) for key in ("ingress", "egress"))
    if subject is None or manifest.log.problems:
        return None
    if unreadable := _unreadable(spec, namespace):
        name = f"{namespace}/{manifest.name}" if namespace else manifest.name
        text = f"{manifest.kind} {name} has no effect: Calico cannot read what it makes of the blank `{unreadable}`"
        manifest.log.notice(spec.place(), text)
        return None
    return CalicoPolicy(
        kind=manifest.kind,
        namespace=namespace,
        name=plain_name(manifest.name),
        tier=tier,
        order=order,
        subject=subject,
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
        source=manifest.source,
        is_untracked=flags["doNotTrack"],
        is_before_dnat=flags["preDNAT"],
        is_on_forward=flags["applyOnForward"],
        staged=staged,
    )


# ------------------------------------------------------------------------------------------------ types
def _types(spec: Section, *, is_stored: bool) -> frozenset[str]:
    """The directions that the policy speaks of, after defaulting (1.5); nothing defaults what is stored already."""
    found: list[str] = []
    for text, place in spec.texts("types"):
        if text not in _TYPES:
            close = nearest(text, _TYPES)
            message = f"`{spec.field('types')}` holds `{text}`, but takes only `Ingress` and `Egress`"
            spec.log.problem(place, message, f"did you mean `{close}`?" if close else "")
        elif text in found:
            spec.log.problem(place, f"`{spec.field('types')}` holds `{text}` twice")
        found.append(text)
    ingress, egress = bool(spec.sequence("ingress")), bool(spec.sequence("egress"))
    if found:
        for key, is_there in (("ingress", ingress), ("egress", egress)):
            if is_there and key.title() not in found:
                spec.notice(key, f"has no effect: `types` does not list `{key.title()}`")
        return frozenset(found)
    if is_stored:
        spec.notice("", "has no `types`, and so speaks of both directions: no API server has filled them in")
        return frozenset(_TYPES)
    return frozenset(({"Ingress"} if ingress or not egress else set()) | ({"Egress"} if egress else set()))


def _check_hints(spec: Section) -> None:
    for text, place in spec.texts("performanceHints"):
        if text != _HINT:
            spec.log.problem(place, f"`{spec.field('performanceHints')}` holds `{text}`, but takes only `{_HINT}`")


def check_deletion(spec: Section) -> None:
    """What is to be deleted says nothing else, but its tier and, of one of Kubernetes' own, an empty selector."""
    for key in spec.data:
        if (
            key not in ("stagedAction", "tier")
            and spec.data.get(key) not in (None, "", False, 0)
            and spec.data.get(key)
        ):
            spec.problem(key, "stands beside `stagedAction: Delete`, which takes nothing but `tier`", "leave it out")


def _check_flags(spec: Section, flags: dict[str, bool]) -> None:
    if flags["doNotTrack"] and flags["preDNAT"]:
        spec.problem("preDNAT", "and `doNotTrack` cannot both be true")
    if flags["preDNAT"] and spec.sequence("egress"):
        spec.problem("egress", "stands in a preDNAT policy, which has no egress rules")
    if flags["preDNAT"] and any(text == "Egress" for text, _ in spec.texts("types")):
        spec.problem("types", "holds `Egress`, which a preDNAT policy must not")
    for key in ("doNotTrack", "preDNAT"):
        if flags[key] and not flags["applyOnForward"]:
            spec.problem(key, "needs `applyOnForward: true` beside it")


# ------------------------------------------------------------------------------------------------ subjects
def _unreadable(spec: Section, namespace: str | None) -> str:
    is_joined = namespace is not None or any(map(spec.text, ("namespaceSelector", "serviceAccountSelector")))
    if is_joined and is_blank(spec.text("selector") or ""):
        return "spec.selector"
    return unreadable_in(spec, "ingress", namespace) or unreadable_in(spec, "egress", namespace)


def _subject(spec: Section, namespace: str) -> Formula | None:
    """Whom a NetworkPolicy selects (1.6)."""
    own = read_selector(spec, "selector")
    accounts = read_selector(spec, "serviceAccountSelector", prefix=OF_ACCOUNT)
    if _is_wrong(spec, "selector", own) or _is_wrong(spec, "serviceAccountSelector", accounts):
        return None
    return both(part for part in (is_in(namespace), own, accounts) if part is not None)


def _subject_of_all(spec: Section) -> Formula | None:
    """Whom a GlobalNetworkPolicy selects: `all()` means less beside a selector of namespaces or accounts, by a change
    of the text (1.6)."""
    text = spec.text("selector") or ""
    own = read_selector(spec, "selector")
    of_namespaces, of_accounts = has(NAMESPACE), has(ACCOUNT)
    namespaces = read_selector(spec, "namespaceSelector", prefix=OF_NAMESPACE, every=of_namespaces)
    accounts = read_selector(spec, "serviceAccountSelector", prefix=OF_ACCOUNT, every=of_accounts)
    if any(
        _is_wrong(spec, key, found)
        for key, found in (("selector", own), ("namespaceSelector", namespaces), ("serviceAccountSelector", accounts))
    ):
        return None
    if own is not None and (namespaces is not None or accounts is not None):
        own = _rewritten(text, NAMESPACE if namespaces is not None else ACCOUNT)
    return both(part for part in (own, namespaces, accounts) if part is not None)


def _rewritten(text: str, key: str) -> Formula | None:
    """What is written `all( )` is not found."""
    try:
        return parse(text.replace("all()", f"has({key})"))
    except SelectorError:
        return None


def _is_wrong(spec: Section, key: str, found: Formula | None) -> bool:
    return found is None and bool(spec.text(key))


def _kinds(kind: str, *, is_policy: bool) -> tuple[ObjectKind, ...]:
    is_global = "Global" in kind
    return kinds(
        kind,
        _read,
        is_namespaced=not is_global,
        is_policy=is_policy,
        identity_name=plain_name,
        name_fault=_global_name_fault if is_global else _name_fault,
    )


KINDS = (
    *_kinds("NetworkPolicy", is_policy=True),
    *_kinds("GlobalNetworkPolicy", is_policy=True),
    *_kinds("StagedNetworkPolicy", is_policy=False),
    *_kinds("StagedGlobalNetworkPolicy", is_policy=False),
)
