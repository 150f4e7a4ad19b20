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
    if not isinstance(value, Placed) or "apiVersion" in value or "kind" in value:
        return False
    return bool(value.keys() & _OF_AWS) or _is_list_of_prefixes(value) or _is_addon(value) or _is_state(value)


def read_cloud_document(data: Placed, log: Log, facts: Facts) -> None:
    """Adds to the facts what it tells; what is wrong is noted in the log."""
    root = Section(data if data.again is None else data.again(), "", log)
    if _is_state(data):
        from analyzer.manifests.kinds.aws.terraform import read_state

        found = read_state(root)
    else:
        from analyzer.manifests.kinds.aws.cloud import read_cloud

        found = read_cloud(root)
    if not log.problems:
        facts.aws += found


def _is_state(value: Placed) -> bool:
    return any(keys <= value.keys() for keys in _OF_TERRAFORM)


def _is_list_of_prefixes(value: Placed) -> bool:
    entries = value.get("Entries")
    return isinstance(entries, list) and all(isinstance(it, Mapping) and "Cidr" in it for it in entries)


def _is_addon(value: Placed) -> bool:
    addon = value.get("addon")
    return isinstance(addon, Mapping) and "addonName" in addon
