"""Documents that are no objects of Kubernetes and tell of the network around it: what the AWS command line prints, and
Terraform's state (aws.md S5, S9).  What reads them is loaded where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.manifests.assembly import Facts
from analyzer.manifests.text.nodes import Mapping as Placed
from analyzer.manifests.text.section import Log, Section

_OF_AWS = frozenset({"SecurityGroups", "SecurityGroupRules", "PrefixLists", "NetworkInterfaces", "Vpcs"})
_OF_TERRAFORM = ({"terraform_version", "resources"}, {"terraform_version", "values"}, {"format_version", "values"})


def is_cloud_document(value: Any) -> bool:
    if not isinstance(value, Placed):
        return _part_of(value) is not None
    if "apiVersion" in value or "kind" in value:
        return False
    is_whole = bool(value.keys() & _OF_AWS) or _is_list_of_prefixes(value) or _is_of_eks(value) or _is_state(value)
    return is_whole or _part_of(value) is not None


def read_cloud_document(data: Any, log: Log, facts: Facts) -> None:
    """Adds to the facts what it tells; what is wrong is noted in the log."""
    whole = _part_of(data)
    if whole is not None:
        hint = f"give all that `{_COMMANDS[whole]}` prints, without `--query`: a mapping with `{whole}`"
        log.problem(data.place, f"this is a part of what the AWS command line prints of {whole}", hint)
        return
    root = Section(data if data.again is None else data.again(), "", log)
    if _is_state(data):
        from analyzer.manifests.kinds.aws.terraform import read_state

        found = read_state(root)
    else:
        from analyzer.manifests.kinds.aws.cloud import read_cloud

        found = read_cloud(root)
    if not log.problems:
        facts.aws += found


def _part_of(value: Any) -> str | None:
    """Under which key the command line prints such things, where the document is a part of it: a list of them, one of
    them alone, or a list under another key."""
    if isinstance(value, Placed):
        if value.keys() & _OF_AWS:
            return None
        lists = [value, *(it[0] for it in value.values() if isinstance(it, list) and it)]
    else:
        lists = value[:1] if isinstance(value, list) else []
    for one in lists:
        keys = one.keys() if isinstance(one, Mapping) else frozenset[str]()
        for whole, (there, absent) in _PARTS.items():
            if there <= keys and not keys & absent:
                return whole
    return None


_PARTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "SecurityGroups": (frozenset({"GroupId", "IpPermissions"}), frozenset()),
    "SecurityGroupRules": (frozenset({"SecurityGroupRuleId", "IsEgress"}), frozenset()),
    "PrefixLists": (frozenset({"PrefixListId", "Cidrs"}), frozenset()),
    "NetworkInterfaces": (frozenset({"NetworkInterfaceId", "Groups"}), frozenset()),
    "Vpcs": (frozenset({"VpcId", "CidrBlock"}), frozenset({"SubnetId"})),
}
"""By which keys one of each is known, and which it never has."""
_COMMANDS = {
    "SecurityGroups": "aws ec2 describe-security-groups",
    "SecurityGroupRules": "aws ec2 describe-security-group-rules",
    "PrefixLists": "aws ec2 describe-prefix-lists",
    "NetworkInterfaces": "aws ec2 describe-network-interfaces",
    "Vpcs": "aws ec2 describe-vpcs",
}


def _is_state(value: Placed) -> bool:
    return any(keys <= value.keys() for keys in _OF_TERRAFORM)


def _is_list_of_prefixes(value: Placed) -> bool:
    entries = value.get("Entries")
    return isinstance(entries, list) and all(isinstance(it, Mapping) and "Cidr" in it for it in entries)


def _is_of_eks(value: Placed) -> bool:
    addon = value.get("addon")
    profile = value.get("fargateProfile")
    if isinstance(profile, Mapping):
        return "selectors" in profile
    return isinstance(addon, Mapping) and "addonName" in addon
