"""Fields that several of Calico's kinds have, as its validator reads them (calico-cilium.md 1.12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from analyzer.manifests.kinds.calico.selectors import SelectorError, parse
from analyzer.manifests.kinds.cidrs import parse_address, parse_cidr
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.kinds.names import must, port_name_fault, subdomain_fault
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section, nearest
from analyzer.model.calico import EntityPorts
from analyzer.model.formulas import TRUE, Formula
from analyzer.sets import AddressSet, PortSet, other_protocols

API, STORED = "projectcalico.org", "crd.projectcalico.org"
TOP_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}
WITH_PORTS = other_protocols.WITH_PORTS
_PORT_RANGE = re.compile(r"(\d+)(?::(\d+))?", re.ASCII)
_NETWORK_HINT = "a network looks like `10.0.0.0/8` or `2001:db8::/32`"
_LONGEST_SELECTOR, _MOST_NETS, _MOST_PORTS = 1024, 256, 50


def kinds(
    kind: str,
    read: Callable[[Manifest], Any],
    *,
    is_namespaced: bool = True,
    is_policy: bool = False,
    identity_name: Callable[[str], str] = str,
    name_fault: Callable[[str], str | None] = subdomain_fault,
) -> tuple[ObjectKind, ...]:
    """The kind under both of its groups, which hold one object in two forms."""
    return tuple(
        ObjectKind(
            kind,
            group,
            (version,),
            read,
            is_namespaced=is_namespaced,
            may_allow=is_policy,
            may_deny=is_policy,
            has_rules=True,
            name_fault=name_fault,
            identity_group=API,
            identity_name=identity_name,
            is_named_in_problems=True,
        )
        for group, version in ((API, "v3"), (STORED, "v1"))
    )


def plain_name(name: str) -> str:
    """Up to 3.31 what is stored of a policy in the default tier is named after it (1.1)."""
    return name.removeprefix("default.")


def is_stored_form(manifest: Manifest) -> bool:
    """No API server has defaulted or checked it."""
    return manifest.group == STORED


def read_spec(manifest: Manifest, known: frozenset[str] | None) -> Section:
    """The spec, after checking the frame around it; with `known`, its fields too."""
    manifest.root.only(TOP_FIELDS)
    check_metadata(manifest)
    spec = manifest.root.section("spec") or Section(Mapping(manifest.root.data.place), "spec", manifest.log)
    if known is not None:
        spec.only(known)
    return spec


def read_order(spec: Section) -> float | None:
    value = spec.data.get("order")
    if value is None:
        return None
    if type(value) not in (int, float):
        spec.problem("order", "must be a number", "write it without quotes" if isinstance(value, str) else "")
        return None
    return float(value)


# ------------------------------------------------------------------------------------------------ selectors
def read_selector(
    section: Section, key: str, *, prefix: str = "", every: Formula = TRUE, not_namespaced: Formula = TRUE
) -> Formula | None:
    """The formula of a selector; None where none is given, which is not a blank one."""
    text = section.text(key)
    if not text:
        return None
    if len(text) > _LONGEST_SELECTOR:
        section.problem(key, f"is longer than {_LONGEST_SELECTOR} characters")
        return None
    try:
        return parse(text, prefix=prefix, every=every, not_namespaced=not_namespaced)
    except SelectorError as error:
        section.problem(key, f"is `{text}`, which is no selector at character {error.at + 1}: {error}", _hint(text))
        return None


def _hint(text: str) -> str:
    if "\n" in text:
        return "write it on one line, or fold it with `>-`: a line break is no blank in a selector"
    return "a selector looks like `app == 'web' && tier in {'a', 'b'}`"


def note_global(section: Section, *keys: str) -> None:
    """`global()` stands in the namespaceSelector of a rule only."""
    for key in keys:
        if "global(" in (section.text(key) or ""):
            section.problem(key, "holds `global()`, which only a rule's namespaceSelector may")


# ------------------------------------------------------------------------------------------------ nets
def read_nets(section: Section, key: str, *, is_strict: bool) -> AddressSet | None:
    """The addresses of a list of networks; None where none is given.  Rules are strict: no bare address, no bits beyond
    the mask."""
    items = section.texts(key)
    if len(items) > _MOST_NETS and is_strict:
        section.problem(key, f"must have at most {_MOST_NETS} items, and has {len(items)}")
    found = AddressSet.EMPTY
    for text, place in items:
        try:
            found |= _network(text, is_strict=is_strict)
        except ValueError as error:
            section.log.problem(place, f"`{section.field(key)}` holds `{text}`, {error}", _NETWORK_HINT)
    return found if items else None


def read_network(section: Section, key: str) -> AddressSet | None:
    """The addresses of one network, or of one address; None where none is given."""
    text = section.text(key)
    try:
        return _network(text, is_strict=False) if text else None
    except ValueError as error:
        section.problem(key, f"is `{text}`, {error}", _NETWORK_HINT)
        return None


def _network(text: str, *, is_strict: bool) -> AddressSet:
    if "/" not in text:
        try:
            address = parse_address(text)
        except ValueError:
            raise ValueError("which is no network and no address") from None
        if is_strict:
            raise ValueError(f"which has no mask: write `{text}/{address.max_prefixlen}` for this one address")
        return AddressSet.single(address)
    cidr = parse_cidr(text)
    if cidr.is_odd_spelling:
        raise ValueError(f"which has {' and '.join(cidr.oddities)}: write `{cidr.network}`")
    if is_strict and cidr.oddities:
        raise ValueError(f"which has bits beyond the mask: write `{cidr.network}`")
    return AddressSet.of(cidr.network)


# ------------------------------------------------------------------------------------------------ protocols, ports
def read_protocol(section: Section, key: str) -> int | None:
    """The number of a protocol written as a number, or by its name."""
    value = section.data.get(key)
    if value is None:
        return None
    if type(value) is int and 1 <= value <= 255:
        return value
    if isinstance(value, str):
        if value in PROTOCOLS:
            return PROTOCOLS[value]
        if value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= 255:
            return int(value)
        close = nearest(value, PROTOCOLS)
        section.problem(
            key,
            f"is `{value}`, but must be {', '.join(PROTOCOLS)} or a number from 1 to 255",
            f"did you mean `{close}`?" if close else "",
        )
        return None
    section.problem(key, f"is `{value}`, but must be a name of a protocol or a number from 1 to 255")
    return None


def read_ports(section: Section, key: str) -> EntityPorts:
    """Numbers, ranges `low:high` and names; what is all digits is a number."""
    items = section.sequence(key)
    if len(items) > _MOST_PORTS:
        section.problem(key, f"must have at most {_MOST_PORTS} items, and has {len(items)}")
    numbers, names = PortSet.EMPTY, []
    for index, (item, place) in enumerate(items.placed()):
        where = f"`{section.field(key)}[{index}]`"
        text = str(item) if type(item) is int else item
        if not isinstance(text, str):
            section.log.problem(place, f"{where} is no port: write a number, 'low:high' or a name")
        elif span := _PORT_RANGE.fullmatch(text):
            low, high = int(span[1][:6]), int((span[2] or span[1])[:6])
            if low > high:
                section.log.problem(place, f"{where} is `{text}`, but the lower port of a range goes first")
            elif not low >= 1 or high > 65535:
                section.log.problem(place, f"{where} is `{text}`, but ports go from 1 to 65535")
            else:
                numbers |= PortSet.of((low, high))
        elif fault := port_name_fault(text):
            hint = f"write '{text.replace('-', ':')}'" if re.fullmatch(r"\d+-\d+", text) else ""
            message = f"{where} is `{text}`, which is no number and no range, and the name of a port {must(fault)}"
            section.log.problem(place, message, hint)
        else:
            names.append(text)
    return EntityPorts(numbers, tuple(dict.fromkeys(names)))
