"""Services whose manifests tell no address, where an answer could hang on which address the cluster gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.encoding import pod_ranges
from analyzer.encoding.walk import claim_sets
from analyzer.judging import Setting
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.model.ends import Spelt
from analyzer.model.formulas import AtAddress, Formula, Member, Role, leaves_once
from analyzer.model.knobs import ServiceEval
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.services import Service
from analyzer.sets import AddressSet
from analyzer.verdicts import StatedAssumption

_MOST_NAMES, _ALL = 3, AddressSet.FULL


def untold_services(cluster: Cluster) -> list[Service]:
    """Those that lead somewhere and have an address, which nobody tells."""
    found = (it for it in cluster.services if it.ports and not (it.addresses or it.is_headless or it.external_name))
    return [it for it in found if it.selector is not None or cluster.written_endpoints(it)]


def service_addresses(cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Iterator[StatedAssumption]:
    """That they lie in no range that a rule or a question names: said where some range could hold one."""
    services = untold_services(cluster)
    if not services:
        return
    taken = pod_ranges(cluster, setting.pod_addresses) if _are_pods_told(cluster, setting) else AddressSet.EMPTY
    in_rules = any(_could_hold_one(it, taken) for it in _seen_by_rules(cluster, setting.profile))
    in_claims = any(_could_hold_one(it, taken) for it in _asked_for(packs))
    if not (in_rules or in_claims):
        return
    names = ", ".join(f"{it.namespace}/{it.name}" for it in services[:_MOST_NAMES])
    more = f" and {len(services) - _MOST_NAMES} more" if len(services) > _MOST_NAMES else ""
    where = " and ".join(
        what for what, is_so in (("that egress rules name", in_rules), ("asked for", in_claims)) if is_so
    )
    text = f"the Services of which no address is told ({names}{more}) have none in the ranges {where}"
    given = "give them as the cluster holds them: `kubectl get -o yaml`, or `kubectl netproof`"
    yield StatedAssumption("service-addresses", text, override=given)


def _are_pods_told(cluster: Cluster, setting: Setting) -> bool:
    """Whether pods' addresses are known to lie where no Service's does."""
    return setting.pod_addresses is not None or bool(cluster.pod_cidrs and not cluster.stray_addresses)


def _could_hold_one(addresses: AddressSet, taken: AddressSet) -> bool:
    """Not where it holds every address, Services' and pods' alike."""
    holds_all = all(part in ((), every) for part, every in ((addresses.v4, _ALL.v4), (addresses.v6, _ALL.v6)))
    return bool(addresses - taken) and not holds_all


def _seen_by_rules(cluster: Cluster, profile: Profile) -> Iterator[AddressSet]:
    """The ranges that rules of egress name, where an engine may see a Service's own address."""
    if not profile.enforces or profile.service_eval is ServiceEval.POST_DNAT:
        return
    stages = (it for it in pipeline_of(profile, cluster).stages if it.name == Direction.EGRESS.value)
    rules: list[Formula] = [rule.when for stage in stages for entry in stage.entries for rule in entry.rules]
    for leaf in leaves_once(rules):
        if isinstance(leaf, Member) and leaf.role is Role.DST and isinstance(leaf.ends, AtAddress):
            yield leaf.ends.addresses


def _asked_for(packs: Sequence[Pack]) -> Iterator[AddressSet]:
    for pack in packs:
        for query in pack.queries:
            for leaf in claim_sets(query.claim):
                if isinstance(leaf, Member) and isinstance(leaf.ends, Spelt):
                    yield leaf.ends.addresses
