"""What the AWS command line prints, as JSON: security groups, their rules, prefix lists, interfaces, VPCs, add-ons
(aws.md S5 to S9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from analyzer.manifests.kinds.aws.rules import (
    WHOLE,
    Named,
    RuleSource,
    addresses_in,
    ids_in,
    read_rule,
    resolver_of,
    texts_in,
)
from analyzer.manifests.kinds.aws.settings import of_addon
from analyzer.manifests.kinds.cidrs import parse_address
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.aws import AwsFact, FargateProfile, NetworkInterface, PrefixList, SecurityGroup, Vpc
from analyzer.model.policies import Direction
from analyzer.model.source import Source
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

_LIST_ID = re.compile(r"(?<![0-9A-Za-z])pl-[0-9a-f]+(?![0-9A-Za-z])")
_RULES = "aws ec2 describe-security-group-rules"
_TOKENS = ("NextToken", "nextToken")


def read_cloud(root: Section) -> list[AwsFact]:
    """All that a document tells; what is wrong with it is noted in the log."""
    found: list[AwsFact] = []
    for key, read in _PARTS.items():
        if root.has(key):
            found += read(root, key)
        elif key in root.data:
            root.problem(key, "is null, which tells of none and of all", "give all that the AWS command line prints")
    for token in _TOKENS:
        if isinstance(root.data.get(token), str):
            root.problem(token, "says that the list goes on", "ask for all of it: leave out `--max-items`")
    return found


# ------------------------------------------------------------------------------------------------ groups
def _groups(root: Section, key: str) -> Iterator[AwsFact]:
    for section in root.sections(key):
        id_ = _required(section, "GroupId")
        rules = [
            *_permissions(section, "IpPermissions", Direction.INGRESS),
            *_permissions(section, "IpPermissionsEgress", Direction.EGRESS),
        ]
        for needed in ("IpPermissions", "IpPermissionsEgress"):
            if not section.has(needed):
                section.log.problem(section.place(), f"`{section.field(needed)}` is missing", WHOLE)
        if id_:
            yield SecurityGroup(id_, tuple(rules), section.source, section.text("GroupName") or "")


def _permissions(group: Section, key: str, direction: Direction) -> Iterator[RuleSource]:
    own = group.text("OwnerId")
    for index, section in enumerate(group.sections(key)):
        before = len(section.log.problems)
        ranges = ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")
        addresses = addresses_in(section, *ranges)
        lists = ids_in(section, "PrefixListIds", "PrefixListId")
        groups = ids_in(section, "UserIdGroupPairs", "GroupId")
        pairs = section.sections("UserIdGroupPairs")
        ports = ("IpProtocol", "FromPort", "ToPort")
        named = Named(addresses, lists, groups, before, texts_in(section, *ranges), _elsewhere(pairs, own))
        rule = read_rule(section, direction, index, ports, named)
        if rule is not None:
            yield rule


def _elsewhere(pairs: Iterable[Section], own: str | None) -> tuple[tuple[str, str], ...]:
    """The groups that these name of other accounts than its own, each with the account."""
    named = ((pair.text("GroupId"), pair.text("UserId")) for pair in pairs)
    return tuple((id_, account) for id_, account in named if id_ and account and account != own)


def _rules(root: Section, key: str) -> Iterator[AwsFact]:
    """One rule at a time, as describe-security-group-rules tells them: which others a group has is not said, but that
    all of them were asked for."""
    found: dict[str, list[RuleSource]] = {}
    if root.has("Return"):
        root.problem("Return", "says that rules were changed, not which there are", f"give the output of `{_RULES}`")
    for index, section in enumerate(root.sections(key)):
        id_ = _required(section, "GroupId")
        if not section.has("IsEgress"):
            section.log.problem(section.place(), f"`{section.field('IsEgress')}` is missing", WHOLE)
        before = len(section.log.problems)
        direction = Direction.EGRESS if section.boolean("IsEgress") else Direction.INGRESS
        nets = [text for text in (section.text("CidrIpv4"), section.text("CidrIpv6")) if text]
        addresses = AddressSet.EMPTY
        for text in nets:
            addresses |= addresses_in(section, text=text)
        peer = section.section("ReferencedGroupInfo")
        group = peer.text("GroupId") if peer is not None else None
        accounts = _elsewhere([peer] if peer is not None else [], section.text("GroupOwnerId"))
        one = section.text("PrefixListId")
        rule = read_rule(
            section,
            direction,
            index,
            ("IpProtocol", "FromPort", "ToPort"),
            Named(addresses, (one,) if one else (), (group,) if group else (), before, nets, accounts),
            section.text("SecurityGroupRuleId") or "",
        )
        if rule is not None and id_:
            found.setdefault(id_, []).append(rule)
    for id_, rules in found.items():
        yield SecurityGroup(id_, tuple(rules), rules[0].source, is_by_rule=True)


def _required(section: Section, key: str) -> str:
    text = section.text(key)
    if not text and not section.has(key):
        section.log.problem(section.place(), f"`{section.field(key)}` is missing", WHOLE)
    return text or ""


# ------------------------------------------------------------------------------------------------ prefix lists
def _lists(root: Section, key: str) -> Iterator[AwsFact]:
    """Those of describe-prefix-lists tell their ranges, those of describe-managed-prefix-lists do not."""
    for section in root.sections(key):
        id_ = _required(section, "PrefixListId")
        addresses = None
        if section.has("Cidrs"):
            addresses = AddressSet.EMPTY
            for text, _ in section.texts("Cidrs"):
                addresses |= addresses_in(section, text=text)
        if id_:
            yield PrefixList(id_, addresses, section.source, section.text("PrefixListName") or "")


def _entries(root: Section, key: str) -> Iterator[AwsFact]:
    """get-managed-prefix-list-entries does not say of which list: the document says it as `PrefixListId`, or the file
    by its name."""
    addresses = AddressSet.EMPTY
    for section in root.sections(key):
        text = section.text("Cidr")
        if text:
            addresses |= addresses_in(section, text=text)
        elif not section.has("Cidr"):
            section.log.problem(section.place(), f"`{section.field('Cidr')}` is missing")
    named = set(_LIST_ID.findall(root.log.file.rpartition("/")[2]))  # a folder's name says nothing of a list
    id_ = root.text("PrefixListId") or (named.pop() if len(named) == 1 else "")
    if not id_:
        root.problem(
            key,
            "does not say of which prefix list",
            "name the file after it, `pl-0123456789abcdef0.json`, or add `PrefixListId` beside it",
        )
        return
    yield PrefixList(id_, addresses, root.source)


# ------------------------------------------------------------------------------------------------ interfaces
def _interfaces(root: Section, key: str) -> Iterator[AwsFact]:
    for section in root.sections(key):
        id_ = _required(section, "NetworkInterfaceId")
        if not section.has("Groups"):
            section.log.problem(section.place(), f"`{section.field('Groups')}` is missing", WHOLE)
        attachment = section.section("Attachment")
        kind = section.text("InterfaceType") or "interface"
        if id_:
            yield NetworkInterface(
                id_,
                tuple(_addresses(section)),
                ids_in(section, "Groups", "GroupId"),
                section.source,
                (attachment.text("InstanceId") if attachment is not None else None) or "",
                attachment is not None and attachment.data.get("DeviceIndex") == 0,
                kind in ("branch", "trunk"),
                addresses_in(section, ("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Prefixes", "Ipv6Prefix")),
                _of_balancer(kind, section.text("Description")),
                kind == "network_load_balancer",
            )


def _of_balancer(kind: str, description: str | None) -> bool | None:
    """Elastic Load Balancing calls its interfaces `ELB app/…`, `ELB net/…`, or `ELB` and the name."""
    if kind.endswith("_load_balancer"):
        return True
    return False if kind != "interface" else description.startswith("ELB ") if description else None


def _addresses(section: Section) -> Iterator[IPAddress]:
    written = [(item, "PrivateIpAddress") for item in section.sections("PrivateIpAddresses")]
    written += [(item, "Ipv6Address") for item in section.sections("Ipv6Addresses")]
    written += [] if section.has("PrivateIpAddresses") else [(section, "PrivateIpAddress")]
    for item, key in written:
        text = item.text(key)
        if text:
            try:
                yield parse_address(text)
            except ValueError:
                item.problem(key, f"is `{text}`, which is no address")


def _vpcs(root: Section, key: str) -> Iterator[AwsFact]:
    for section in root.sections(key):
        id_ = _required(section, "VpcId")
        own = section.text("CidrBlock")
        addresses = addresses_in(section, text=own) if own else AddressSet.EMPTY
        addresses |= addresses_in(
            section, ("CidrBlockAssociationSet", "CidrBlock"), ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock")
        )
        if id_:
            yield Vpc(id_, addresses, section.source, resolver_of(own))


def _addon(root: Section, key: str) -> Iterator[AwsFact]:
    section = root.section(key)
    if section is not None and section.text("addonName") == "vpc-cni":
        source = Source(root.log.file, section.source.line)
        yield of_addon(section.data.get("configurationValues"), "the add-on vpc-cni", source)


def _fargate(root: Section, key: str) -> Iterator[AwsFact]:
    section = root.section(key)
    if section is not None:
        yield fargate_profile(section, "fargateProfileName", "selectors")


def fargate_profile(section: Section, name: str, selectors: str) -> FargateProfile:
    """As the command line and Terraform tell it, each in its words."""
    found = []
    for item in section.sections(selectors):
        labels = item.data.get("labels")
        pairs = labels.items() if isinstance(labels, Mapping) else ()
        found.append((_required(item, "namespace"), tuple(sorted((str(key), str(value)) for key, value in pairs))))
    return FargateProfile(section.text(name) or "", tuple(found), section.source)


_PARTS: dict[str, Callable[[Section, str], Iterator[AwsFact]]] = {
    "SecurityGroups": _groups,
    "SecurityGroupRules": _rules,
    "PrefixLists": _lists,
    "Entries": _entries,
    "NetworkInterfaces": _interfaces,
    "Vpcs": _vpcs,
    "addon": _addon,
    "fargateProfile": _fargate,
}
