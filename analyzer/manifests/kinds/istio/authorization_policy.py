"""AuthorizationPolicy, security.istio.io (istio.md 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_interface

from analyzer.manifests.kinds.istio.attachment import DRY_RUN, annotations_of, kind_of_policy, place_of, read_attachment
from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.text.section import Section
from analyzer.model.labels import GO_TRUE
from analyzer.model.mesh import AuthorizationPolicy, Condition, Conditions, MeshRule, Verdict

_SPEC = frozenset({"action", "provider", "rules", "selector", "targetRef", "targetRefs"})
_SOURCE = {
    "principals": "source.principal",
    "namespaces": "source.namespace",
    "serviceAccounts": "source.serviceAccount",
    "trustDomains": "source.trustDomain",
    "requestPrincipals": "request.auth.principal",
    "ipBlocks": "source.ip",
    "remoteIpBlocks": "remote.ip",
}
_OPERATION = {"hosts": "hosts", "methods": "methods", "paths": "paths", "ports": "destination.port"}
_KEYS = (*dict.fromkeys(_SOURCE.values()), "request.auth.audiences", "request.auth.presenter")
_KEYS += ("destination.ip", "destination.port", "connection.sni")
_KEYED = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
_NOT_IN_CUSTOM = (
    "source.principal",
    "source.namespace",
    "source.serviceAccount",
    "source.trustDomain",
    "request.auth.",
)
_OF_IDENTITY = frozenset({"principals", "namespaces"})
_MOST_ACCOUNTS, _LONGEST_ACCOUNT, _MOST_RULES = 16, 320, 512
_BOOLEANS = {**dict.fromkeys(GO_TRUE, True), **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)}
_BRACKETED = re.compile(r"([^\[]+)\[(.+)\]")


def _read(manifest: Manifest, spec: Section | None) -> AuthorizationPolicy:
    attached = read_attachment(manifest, spec)
    verdict, provider = Verdict.ALLOW, ""
    rules: tuple[MeshRule, ...] = ()
    if spec is not None:
        spec.only(_SPEC)
        word = spec.choice("action", tuple(each.value for each in Verdict)) or Verdict.ALLOW.value
        verdict = Verdict(word)
        found = spec.sections("rules")
        for item, place in spec.sequence("rules").placed():
            if item is None:
                spec.log.problem(
                    place, "`spec.rules` holds nothing where a rule is due", "write `- {}` for every request"
                )
        if len(found) > _MOST_RULES:
            spec.problem("rules", f"are more than {_MOST_RULES}")
        provider = _provider(spec, verdict, has_rules=bool(found))
        if verdict in (Verdict.DENY, Verdict.CUSTOM) and not found:
            spec.problem("rules", f"are missing: {word} without rules never does anything", "add a rule: `- {}`")
        rules = tuple(_rule(section, index, verdict) for index, section in enumerate(found))
    namespace, name = place_of(manifest)
    dry = _is_dry_run(manifest, verdict)
    return AuthorizationPolicy(namespace, name, attached, verdict, rules, provider, dry, manifest.source)


def _provider(spec: Section, verdict: Verdict, *, has_rules: bool) -> str:
    section = spec.section("provider")
    if section is not None:
        section.only(frozenset({"name"}))
        if verdict is not Verdict.CUSTOM:
            spec.problem("provider", f"must not stand beside action {verdict.value}: only CUSTOM has one")
    name = (section.text("name") if section is not None else None) or ""
    if verdict is Verdict.CUSTOM and has_rules and not name:
        spec.problem("provider", "must name a provider: CUSTOM asks one")
    return name


def _is_dry_run(manifest: Manifest, verdict: Verdict) -> bool:
    text = annotations_of(manifest).get(DRY_RUN)
    if text is None:
        return False
    if verdict not in (Verdict.ALLOW, Verdict.DENY):
        manifest.metadata.problem("annotations", f"ask for a dry run of {verdict.value}: only ALLOW and DENY have one")
    elif text not in _BOOLEANS:
        manifest.metadata.problem("annotations", f"set {DRY_RUN} to `{text}`, but it must be true or false")
    return _BOOLEANS.get(text, False)


# ------------------------------------------------------------------------------------------------ rules
def _rule(section: Section, index: int, verdict: Verdict) -> MeshRule:
    section.only(frozenset({"from", "to", "when"}))
    sources = tuple(_inner(each, "source", _SOURCE, verdict) for each in section.sections("from"))
    operations = tuple(_inner(each, "operation", _OPERATION, verdict) for each in section.sections("to"))
    when = tuple(found for each in section.sections("when") if (found := _when(each, verdict)) is not None)
    return MeshRule(sources, operations, when, index, section.source)


def _inner(section: Section, key: str, fields: dict[str, str], verdict: Verdict) -> Conditions:
    section.only(frozenset({key}))
    inner = section.section(key)
    if inner is None:
        section.problem("", f"has no `{key}`", f"leave the entry out if every {key} is meant")
        return ()
    inner.only(frozenset(name for field in fields for name in (field, _negative(field))))
    found = tuple(_conditions(inner, fields, verdict))
    if not found:
        inner.problem("", "says nothing", f"leave the entry out if every {key} is meant")
    if key == "source":
        _check_source(inner)
    return found


def _negative(field: str) -> str:
    return f"not{field[0].upper()}{field[1:]}"


def _check_source(inner: Section) -> None:
    def has(field: str) -> bool:
        return bool(inner.data.get(field) or inner.data.get(_negative(field)))

    if has("serviceAccounts") and any(map(has, _OF_IDENTITY)):
        inner.problem("", "sets serviceAccounts beside namespaces or principals", "write them as two sources")


def _conditions(inner: Section, fields: dict[str, str], verdict: Verdict) -> Iterator[Condition]:
    for field, attribute in fields.items():
        values, excepted = (_values(inner, key, attribute) for key in (field, _negative(field)))
        if values or excepted:
            if verdict is Verdict.CUSTOM and attribute.startswith(_NOT_IN_CUSTOM):
                inner.problem(field if values else _negative(field), "cannot be used with action CUSTOM")
            yield Condition(attribute, values, excepted)


def _when(section: Section, verdict: Verdict) -> Condition | None:
    section.only(frozenset({"key", "values", "notValues"}))
    key = section.text("key") or ""
    if not key:
        section.problem("key" if section.has("key") else "", "has no key" if not section.has("key") else "is empty")
        return None
    attribute, inner = _attribute(section, key)
    values, excepted = (_values(section, name, attribute) for name in ("values", "notValues"))
    if not section.data.get("values") and not section.data.get("notValues"):
        section.problem("", f"has neither `values` nor `notValues` for key `{key}`")
    if verdict is Verdict.CUSTOM and key.startswith(_NOT_IN_CUSTOM):
        section.problem("key", f"is `{key}`, which cannot be used with action CUSTOM")
    return Condition(attribute, values, excepted, inner)


def _attribute(section: Section, key: str) -> tuple[str, str]:
    """The attribute, and what stands in brackets behind it; of claims inside claims all of it."""
    if key in _KEYS:
        return key, ""
    keyed = next((start for start in _KEYED if key.startswith(start)), None)
    found = _BRACKETED.fullmatch(key)
    if keyed is None:
        section.problem("key", f"is `{key}`, which is no attribute", f"they are {', '.join((*_KEYS, *_KEYED[:2]))}")
    elif found is None:
        section.problem("key", f"is `{key}`, but must be of the form `{keyed}[NAME]`")
    elif keyed.startswith("experimental"):
        return key, found[2]
    else:
        return keyed, found[2]
    return key, ""


# ------------------------------------------------------------------------------------------------ values
def _values(section: Section, key: str, attribute: str) -> tuple[str, ...]:
    found = []
    written = section.texts(key)
    if attribute == "source.serviceAccount" and len(written) > _MOST_ACCOUNTS:
        section.problem(key, f"are more than {_MOST_ACCOUNTS}")
    check = _CHECKS.get(attribute)
    for text, place in written:
        fault = "is empty" if not text else check(text) if check is not None else None
        if fault is not None:
            section.log.problem(place, f"`{section.field(key)}` holds `{text}`, which {fault}")
        else:
            found.append(text)
    return tuple(found)


def _address_fault(text: str) -> str | None:
    try:
        _ = ip_interface(text) if "/" in text else ip_address(text)
    except ValueError:
        return "is no CIDR" if "/" in text else "is no address"
    return None if "/" not in text or text.partition("/")[2].isdigit() else "is no CIDR"


def _port_fault(text: str) -> str | None:
    return None if text.isascii() and text.isdigit() and int(text) <= 65535 else "is no port from 0 to 65535"


def _account_fault(text: str) -> str | None:
    if "*" in text:
        return "holds a wildcard"
    if len(text) > _LONGEST_ACCOUNT:
        return f"is longer than {_LONGEST_ACCOUNT} characters"
    parts = text.split("/")
    return None if len(parts) <= 2 and all(parts) else "is neither `name` nor `namespace/name`"


def _domain_fault(text: str) -> str | None:
    if "/" in text:
        return "holds a slash"
    if text.count("*") > 1 or ("*" in text and not (text.startswith("*") or text.endswith("*"))):
        return "holds a wildcard that does not stand at one end"
    return None


def _path_fault(text: str) -> str | None:
    """Braces are for templates; what a template is, admission and the proxy must agree on (istio.md 0.1, 5.7)."""
    if "{*}" not in text and "{**}" not in text:
        return "holds braces beyond a path template" if "{" in text or "}" in text else None
    from analyzer.sets.strings import PatternError, template  # which nothing else loads

    try:
        template(text)
    except PatternError as error:
        return f"is no path template: {error}"
    return None


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "source.ip": _address_fault,
    "remote.ip": _address_fault,
    "destination.ip": _address_fault,
    "destination.port": _port_fault,
    "source.serviceAccount": _account_fault,
    "source.trustDomain": _domain_fault,
    "paths": _path_fault,
}

KIND = kind_of_policy("AuthorizationPolicy", _read)
