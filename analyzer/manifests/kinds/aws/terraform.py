"""Terraform's state, as its file and as `terraform show -json` tell it (aws.md S9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzer.manifests.kinds.aws.cloud import fargate_profile
from analyzer.manifests.kinds.aws.rules import Named, accounts_of, addresses_in, own_id, read_rule, resolver_of
from analyzer.manifests.kinds.aws.settings import of_addon
from analyzer.manifests.text.section import Section
from analyzer.model.aws import AddressPart, AwsFact, GroupRule, PrefixList, SecurityGroup, Vpc
from analyzer.model.policies import Direction
from analyzer.sets import AddressSet

_PORTS = ("protocol", "from_port", "to_port")
_OF_TYPE = {"ingress": Direction.INGRESS, "egress": Direction.EGRESS}


def read_state(root: Section) -> list[AwsFact]:
    """What the resources tell that are of Amazon's network; the others are passed over."""
    found: list[AwsFact] = []
    for type_, section, address in _resources(root):
        if type_ in _READERS:
            found += (_at(fact, address) for fact in _READERS[type_](section))
    return found


def _at(fact: AwsFact, address: str) -> AwsFact:
    """With the address of the resource that tells it."""
    if not isinstance(fact, SecurityGroup):
        return fact
    inline = fact.is_whole or len(fact.rules) > 1
    rules = (replace(it, address=f"{address}.{it.direction.value}" if inline else address) for it in fact.rules)
    return replace(fact, rules=tuple(rules))


def _part(of: str, *keys: str) -> Callable[[Section], Iterator[AwsFact]]:
    """Addresses of a prefix list or of a VPC that a resource of their own adds."""

    def read(section: Section) -> Iterator[AwsFact]:
        for key in keys:
            if text := section.text(key):
                yield AddressPart(_id(section, of), addresses_in(section, text=text))

    return read


def _resources(root: Section) -> Iterator[tuple[str, Section, str]]:
    """Each resource's type with its attributes, and its address."""
    for resource in root.sections("resources"):
        type_ = resource.text("type") or ""
        if type_ in _READERS and not _is_looked_up(resource):
            for instance in resource.sections("instances"):
                attributes = instance.section("attributes")
                if attributes is not None:
                    yield type_, attributes, _address(resource, instance)
    values = root.section("values")
    module = values.section("root_module") if values is not None else None
    if module is not None:
        yield from _of_module(module)


def _is_looked_up(resource: Section) -> bool:
    """A data source tells of a group that it is there, and not its rules."""
    return resource.text("mode") == "data"


def _address(resource: Section, instance: Section) -> str:
    """As `terraform state list` prints it: `module.net.aws_security_group.web["a"]`."""
    parts = [resource.text("module"), resource.text("type"), resource.text("name")]
    key = instance.data.get("index_key")
    index = "" if key is None else f'["{key}"]' if isinstance(key, str) else f"[{key}]"
    return ".".join(part for part in parts if part) + index


def _of_module(module: Section) -> Iterator[tuple[str, Section, str]]:
    waiting = [module]
    while waiting:
        here = waiting.pop(0)
        for resource in here.sections("resources"):
            type_, attributes = resource.text("type") or "", resource.section("values")
            if type_ in _READERS and attributes is not None and not _is_looked_up(resource):
                yield type_, attributes, resource.text("address") or type_
        waiting += here.sections("child_modules")


# ------------------------------------------------------------------------------------------------ groups
def _group(section: Section) -> Iterator[AwsFact]:
    id_ = _id(section, "id")
    rules = []
    for key, direction in _OF_TYPE.items():
        for index, item in enumerate(section.sections(key)):
            rules.append(_rule(item, direction, index, id_, "security_groups"))
    if id_:
        kept = tuple(rule for rule in rules if rule is not None)
        is_whole = all(section.has(key) for key in _OF_TYPE)  # a group without rules has empty lists
        yield SecurityGroup(id_, kept, section.source, section.text("name") or "", is_whole)


def _rule(section: Section, direction: Direction, index: int, own: str, peers: str) -> GroupRule | None:
    """In the words of aws_security_group and aws_security_group_rule."""
    addresses, before = AddressSet.EMPTY, len(section.log.problems)
    written = [text for key in ("cidr_blocks", "ipv6_cidr_blocks") for text, _ in section.texts(key)]
    for text in written:
        addresses |= addresses_in(section, text=text)
    groups = [section.text(peers)] if peers == "source_security_group_id" else [t for t, _ in section.texts(peers)]
    if section.boolean("self"):
        groups.append(own)
    lists = [text for text, _ in section.texts("prefix_list_ids")]
    there = [group for group in groups if group]
    named = Named(addresses, lists, [own_id(group) for group in there], before, written, accounts_of(there))
    return read_rule(section, direction, index, _PORTS, named)


def _single_rule(section: Section) -> Iterator[AwsFact]:
    id_, type_ = _id(section, "security_group_id"), section.choice("type", tuple(_OF_TYPE))
    if type_ is None:
        return
    rule = _rule(section, _OF_TYPE[type_], 0, id_, "source_security_group_id")
    if rule is not None and id_:
        yield SecurityGroup(id_, (rule,), section.source, is_whole=False)


def _rule_of_vpc(direction: Direction) -> Callable[[Section], Iterator[AwsFact]]:
    def read(section: Section) -> Iterator[AwsFact]:
        id_ = _id(section, "security_group_id")
        addresses, before = AddressSet.EMPTY, len(section.log.problems)
        written = [text for key in ("cidr_ipv4", "cidr_ipv6") if (text := section.text(key))]
        for text in written:
            addresses |= addresses_in(section, text=text)
        lists, group = section.text("prefix_list_id"), section.text("referenced_security_group_id")
        groups = [group] if group else []
        rule = read_rule(
            section,
            direction,
            0,
            ("ip_protocol", "from_port", "to_port"),
            Named(addresses, (lists,) if lists else (), [*map(own_id, groups)], before, written, accounts_of(groups)),
            section.text("security_group_rule_id") or "",
        )
        if rule is not None and id_:
            yield SecurityGroup(id_, (rule,), section.source, is_whole=False)

    return read


def _id(section: Section, key: str) -> str:
    text = section.text(key)
    if not text:
        section.log.problem(section.place(), f"`{section.field(key)}` is missing", "give the state after `apply`")
    return text or ""


# ------------------------------------------------------------------------------------------------ the others
def _list(section: Section) -> Iterator[AwsFact]:
    id_ = _id(section, "id")
    if id_:
        yield PrefixList(id_, addresses_in(section, ("entry", "cidr")), section.source, section.text("name") or "")


def _vpc(section: Section) -> Iterator[AwsFact]:
    id_, addresses = _id(section, "id"), AddressSet.EMPTY
    for key in ("cidr_block", "ipv6_cidr_block"):
        if text := section.text(key):
            addresses |= addresses_in(section, text=text)
    if id_:
        yield Vpc(id_, addresses, section.source, resolver_of(section.text("cidr_block")))


def _addon(section: Section) -> Iterator[AwsFact]:
    if section.text("addon_name") == "vpc-cni":
        yield of_addon(section.data.get("configuration_values"), "the add-on vpc-cni", section.source)


def _fargate(section: Section) -> Iterator[AwsFact]:
    yield fargate_profile(section, "fargate_profile_name", "selector")


_READERS: dict[str, Callable[[Section], Iterator[AwsFact]]] = {
    "aws_security_group": _group,
    "aws_default_security_group": _group,
    "aws_security_group_rule": _single_rule,
    "aws_vpc_security_group_ingress_rule": _rule_of_vpc(Direction.INGRESS),
    "aws_vpc_security_group_egress_rule": _rule_of_vpc(Direction.EGRESS),
    "aws_ec2_managed_prefix_list": _list,
    "aws_ec2_managed_prefix_list_entry": _part("prefix_list_id", "cidr"),
    "aws_vpc": _vpc,
    "aws_vpc_ipv4_cidr_block_association": _part("vpc_id", "cidr_block"),
    "aws_vpc_ipv6_cidr_block_association": _part("vpc_id", "ipv6_cidr_block"),
    "aws_eks_addon": _addon,
    "aws_eks_fargate_profile": _fargate,
}
