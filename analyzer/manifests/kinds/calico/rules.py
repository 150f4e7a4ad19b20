"""Rules of Calico's policies and profiles, as its API server takes them (calico-cilium.md 1.7, 1.12)."""

from __future__ import annotations

from analyzer.manifests.kinds.calico.fields import (
    WITH_PORTS,
    note_global,
    read_nets,
    read_ports,
    read_protocol,
    read_selector,
)
from analyzer.manifests.kinds.calico.selectors import has, is_blank
from analyzer.manifests.kinds.names import must, subdomain_fault
from analyzer.manifests.text.section import Section
from analyzer.model.calico import ACCOUNT, NAMESPACE, OF_ACCOUNT, OF_NAMESPACE, CalicoRule, Entity, HttpMatch, Icmp
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, Test, both
from analyzer.model.policies import Action
from analyzer.sets import AddressSet

_RULE_FIELDS = frozenset(
    {
        "action",
        "ipVersion",
        "protocol",
        "icmp",
        "notProtocol",
        "notICMP",
        "source",
        "destination",
        "http",
        "metadata",
    }
)
_ENTITY_FIELDS = frozenset(
    {
        "nets",
        "selector",
        "namespaceSelector",
        "services",
        "ports",
        "notNets",
        "notSelector",
        "notPorts",
        "serviceAccounts",
    }
)
_ACTIONS = {"Allow": Action.ACCEPT, "Deny": Action.DENY, "Log": None, "Pass": Action.PASS}
_ICMP = {1: 4, 58: 6}  # protocol: the version of IP that it is of
_MOST_RULES, _MOST_HTTP = 1024, 20
_TCP = 6


def read_rules(spec: Section, key: str, namespace: str | None) -> tuple[CalicoRule, ...]:
    """The rules of one direction of a policy of that namespace."""
    sections = spec.sections(key)
    if len(sections) > _MOST_RULES:
        spec.problem(key, f"must have at most {_MOST_RULES} items, and has {len(sections)}")
    found = (_rule(section, index, key, namespace) for index, section in enumerate(sections))
    return tuple(rule for rule in found if rule is not None)


def unreadable_in(spec: Section, key: str, namespace: str | None) -> str:
    """The selector of which Calico makes something that it cannot read itself, so that it drops the whole policy: a
    blank one, joined with another; empty if there is none (calico-cilium.md 0.5)."""
    for rule in spec.sections(key):
        for end in filter(None, (rule.section("source"), rule.section("destination"))):
            accounts = end.section("serviceAccounts")
            is_joined = namespace is not None or bool(end.text("namespaceSelector"))
            is_joined |= accounts is not None and bool(accounts.text("selector") or accounts.sequence("names"))
            if is_joined and is_blank(end.text("selector") or ""):
                return end.field("selector")
    return ""


def _rule(section: Section, index: int, direction: str, namespace: str | None) -> CalicoRule | None:
    section.only(_RULE_FIELDS)
    word = section.choice("action", tuple(_ACTIONS)) if section.required("action") else None
    version = _version(section)
    protocol, not_protocol = read_protocol(section, "protocol"), read_protocol(section, "notProtocol")
    for number in (protocol, not_protocol):
        if version is not None and _ICMP.get(number or 0, version) != version:
            section.problem("ipVersion", f"is {version}, but that protocol is of IPv{_ICMP[number or 0]}")
    icmp, not_icmp = _icmp(section, "icmp"), _icmp(section, "notICMP")
    if icmp is not None and protocol not in _ICMP:
        section.problem("icmp", "needs `protocol: ICMP` or `protocol: ICMPv6` beside it")
    src, dst = (_entity(section.section(key), direction, namespace) for key in ("source", "destination"))
    for key, end in (("source", src), ("destination", dst)):
        if inner := section.section(key):
            _check_ports(inner, end, protocol, is_known=not section.has("protocol") or protocol is not None)
    _check_versions(section, version, src, dst)
    http = _http(section, direction, word, protocol)
    _check_metadata(section)
    if word is None:
        return None
    return CalicoRule(
        action=_ACTIONS[word],
        index=index,
        source=section.source,
        version=version,
        protocol=protocol,
        not_protocol=not_protocol,
        icmp=icmp,
        not_icmp=not_icmp,
        src=src,
        dst=dst,
        http=http,
        word=word,
    )


def _version(section: Section) -> int | None:
    version = section.integer("ipVersion", 0, 255)
    if version is not None and version not in (4, 6):
        section.problem("ipVersion", f"is `{version}`, but must be 4 or 6")
        return None
    return version


def _icmp(section: Section, key: str) -> Icmp | None:
    inner = section.section(key)
    if inner is None:
        return None
    inner.only(frozenset({"type", "code"}))
    if inner.has("code") and not inner.has("type"):
        inner.problem("code", "stands without a type, which it needs")
    return Icmp(inner.integer("type", 0, 254), inner.integer("code", 0, 255))


def _check_metadata(section: Section) -> None:
    inner = section.section("metadata")
    if inner is not None:
        inner.only(frozenset({"annotations"}))
        inner.text_map("annotations")


# ------------------------------------------------------------------------------------------------ ends
def _entity(section: Section | None, direction: str, namespace: str | None) -> Entity:
    if section is None:
        return Entity()
    section.only(_ENTITY_FIELDS)
    note_global(section, "selector")
    every, no_namespace = has(NAMESPACE), Not(has(NAMESPACE))
    of_namespaces = read_selector(
        section, "namespaceSelector", prefix=OF_NAMESPACE, every=every, not_namespaced=no_namespace
    )
    _check_global(section)
    own = read_selector(section, "selector")
    unselected = read_selector(section, "notSelector")
    account = _accounts(section)
    if of_namespaces is None and namespace is not None and (own or unselected or account) is not None:
        of_namespaces = is_in(namespace)
    parts = [part for part in (of_namespaces, account, own) if part is not None]
    return Entity(
        selected=both(parts) if parts else None,
        unselected=unselected,
        nets=read_nets(section, "nets", is_strict=True),
        not_nets=_not_nets(section),
        ports=read_ports(section, "ports"),
        not_ports=read_ports(section, "notPorts"),
        service=_service(section, direction, namespace),
    )


def is_in(namespace: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.LABEL, NAMESPACE), frozenset({namespace}))


def _check_global(section: Section) -> None:
    text = section.text("namespaceSelector") or ""
    if "global(" in text and "".join(text.split()) != "global()":
        section.problem("namespaceSelector", "joins `global()` with more, but it stands alone")


def _accounts(section: Section) -> Formula | None:
    """Service accounts by labels and by names, which must both match; None where neither is given."""
    inner = section.section("serviceAccounts")
    if inner is None:
        return None
    inner.only(frozenset({"names", "selector"}))
    chosen = read_selector(inner, "selector", prefix=OF_ACCOUNT)
    names = frozenset(name for name, _ in inner.texts("names"))
    named = Test(Attribute(Role.SELF, Name.LABEL, ACCOUNT), names) if names else None
    parts = [part for part in (chosen, named) if part is not None]
    return both(parts) if parts else None


def _not_nets(section: Section) -> AddressSet | None:
    found = read_nets(section, "notNets", is_strict=True)
    for text, place in section.texts("notNets"):
        if text.endswith("/0"):
            message = f"`{section.field('notNets')}` holds `{text}`: the rule would match nothing"
            section.log.problem(place, message, "leave it out, or write what the rule is to match in `nets`")
    return found


def _service(section: Section, direction: str, namespace: str | None) -> tuple[str, str] | None:
    inner = section.section("services")
    if inner is None:
        return None
    inner.only(frozenset({"name", "namespace"}))
    name, where = inner.text("name") or "", inner.text("namespace") or ""
    if not name:
        inner.problem("", "names no Service", "write `name` and `namespace`")
    for key, text in (("name", name), ("namespace", where)):
        if text and (fault := subdomain_fault(text)):
            inner.problem(key, f"is `{text}`, but a name {must(fault)}")
    is_far = section.path.endswith("source" if direction == "ingress" else "destination")
    if not is_far:
        section.problem("services", f"stands at the policy's own end of an {direction} rule, where it must not")
    others = ("namespaceSelector", "serviceAccounts", "selector", "notSelector", "nets", "notNets")
    beside = [key for key in others if section.data.get(key)]
    if section.path.endswith("destination"):
        beside += [key for key in ("ports", "notPorts") if section.data.get(key)]
    if beside:
        section.problem("services", f"stands beside `{'`, `'.join(beside)}`, but must stand alone")
    if not where and namespace is None:
        inner.problem("", "names no namespace, which a GlobalNetworkPolicy must")
    elif not where and is_far:
        inner.notice("", "names no namespace: Calico finds no Service by it, and the rule matches nothing")
    return where, name


# ------------------------------------------------------------------------------------------------ both ends
def _check_ports(section: Section, end: Entity, protocol: int | None, *, is_known: bool) -> None:
    """Numbers need a protocol that has ports, and names one that is not said to have none."""
    for key, given in (("ports", end.ports), ("notPorts", end.not_ports)):
        if not is_known or not given.is_given or protocol in WITH_PORTS:
            continue
        if protocol is not None:
            section.problem(key, "stands in a rule of a protocol without ports")
        elif given.numbers:
            section.problem(key, "holds numbers, for which the rule must say `protocol: TCP`, `UDP` or `SCTP`")


def _check_versions(section: Section, version: int | None, src: Entity, dst: Entity) -> None:
    """One rule holds networks of one version of IP."""
    seen: set[int] = set()
    for key, end in (("source", src), ("destination", dst)):
        for name, nets in (("nets", end.nets), ("notNets", end.not_nets)):
            inner = section.section(key)
            here = {number for number in (4, 6) if nets is not None and nets.family(number)}
            if inner is not None and version is not None and here - {version}:
                inner.problem(name, f"holds networks of another version than `ipVersion: {version}`")
            elif inner is not None and len(seen | here) > 1:
                inner.problem(name, "makes a rule with networks of both IPv4 and IPv6", "write one rule for each")
                return
            seen |= here


# ------------------------------------------------------------------------------------------------ requests
def _http(section: Section, direction: str, word: str | None, protocol: int | None) -> HttpMatch | None:
    inner = section.section("http")
    if inner is None:
        return None
    inner.only(frozenset({"methods", "paths"}))
    if direction == "egress":
        section.problem("http", "stands in an egress rule, but only ingress rules match requests")
    if word not in (None, "Allow"):
        section.problem("http", f"stands in a rule that says {word}, but only Allow matches requests")
    if protocol not in (None, _TCP):
        section.problem("http", "needs `protocol: TCP`, or none")
    methods = [text for text, _ in inner.texts("methods")]
    if len(set(methods)) < len(methods):
        inner.problem("methods", "names a method twice")
    for key in ("methods", "paths"):
        if len(inner.sequence(key)) > _MOST_HTTP:
            inner.problem(key, f"must have at most {_MOST_HTTP} items")
    paths = [path for item in inner.sections("paths") if (path := _path(item)) is not None]
    return HttpMatch(tuple(methods), tuple(paths))


def _path(section: Section) -> tuple[str, bool] | None:
    section.only(frozenset({"exact", "prefix"}))
    exact, prefix = section.text("exact") or "", section.text("prefix") or ""
    if bool(exact) == bool(prefix):
        section.problem("", "must set one of `exact` and `prefix`")
        return None
    path = exact or prefix
    if not path.startswith("/") or any(sign in path for sign in "? #"):
        section.problem("", f"is `{path}`, but a path begins with `/` and holds no `?`, `#` or blank")
        return None
    return path, bool(prefix)
