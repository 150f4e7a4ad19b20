"""The policies as an engine reads them, before any rule is judged: a cluster made into another one, as data.

What an engine reads of Kubernetes' own kinds other than they are written: kinds it does not know, labels it does not
keep, peers that mean more or less, the order of equal priorities (calico-cilium.md 0.5, 1.11, 2.14; reference 0.2).
The oracle and the encoding judge what comes out, each for itself.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.aws import OF_AWS, OF_GROUPS
from analyzer.model.calico import STAND_IN, ServiceAccount
from analyzer.model.cilium import OF_CILIUM
from analyzer.model.cluster import Cluster, Unmodelled, Workload
from analyzer.model.labels import NO_LABELS
from analyzer.model.lifting import lifted
from analyzer.model.policies_as_read import READINGS
from analyzer.model.profile import Profile
from analyzer.model.source import Notice

_KEY = "as enforced by"


def as_enforced(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as the profile's engine reads it; the same one where it reads what is written.

    Whether anybody enforces a policy of a kind that the engine does not read is not known: it is unmodelled.
    """
    if cluster.readings.get(_KEY) == profile:
        return cluster
    return _enforced(_without_stand_ins(cluster, profile), profile, is_chained=False)


def still_enforced(made: Cluster, cluster: Cluster) -> Cluster:
    """What was made of a cluster whose policies are as the engine reads them is such a cluster, too."""
    if _KEY in cluster.readings:
        made.readings[_KEY] = cluster.readings[_KEY]
    return made


def stand_ins_of(profile: Profile) -> frozenset[str]:
    """Why things are not modelled that stand for objects which the engine, or the network that it stands on, reads."""
    read = {STAND_IN: profile.reads_calico, OF_CILIUM: profile.reads_cilium}
    read |= {OF_AWS: profile.engine == "aws-vpc-cni", OF_GROUPS: profile.reads_groups}
    return frozenset(why for why, is_read in read.items() if is_read)


def _without_stand_ins(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster in which nothing stands for objects that are read but they themselves."""
    whys = stand_ins_of(profile)
    if not any(thing.why in whys for thing in cluster.unmodelled):
        return cluster
    found = cluster.readings.get(whys)
    if not isinstance(found, Cluster):
        unmodelled = tuple(thing for thing in cluster.unmodelled if thing.why not in whys)
        found = cluster.readings[whys] = replace(cluster, unmodelled=unmodelled)
    return found


def as_pictured(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster as a map shows it: policies of kinds that the engine does not read are taken as written, as another
    engine chained to it would read them, and a notice says so of each."""
    return _enforced(_without_stand_ins(_with_accounts(cluster), profile), profile, is_chained=True)


def _with_accounts(cluster: Cluster) -> Cluster:
    """The cluster in which each service account that a workload has is declared: those of the inventory have the labels
    that are written."""
    if not cluster.calico.policies and not cluster.aws.asks_accounts:
        return cluster
    found = cluster.readings.get(ServiceAccount)
    if not isinstance(found, Cluster):
        known = {(it.namespace, it.name) for it in cluster.calico.accounts}
        others = {(w.namespace, w.service_account) for w in cluster.workloads} - known
        accounts = (*cluster.calico.accounts, *(ServiceAccount(*it, NO_LABELS) for it in sorted(others)))
        found = cluster.readings[ServiceAccount] = replace(cluster, calico=replace(cluster.calico, accounts=accounts))
    return found


def as_declared(cluster: Cluster, *ends: object) -> Cluster:
    """The cluster in which what Calico's policies ask about and no manifest writes is not there: the labels of the
    accounts of its workloads and of these ends, and those of the namespaces of sets."""
    if not cluster.calico.policies and not cluster.aws.asks_accounts:
        return cluster
    found = _with_accounts(cluster)
    known = {(it.namespace, it.name) for it in found.calico.accounts}
    own = {(end.namespace, end.service_account) for end in ends if isinstance(end, Workload)} - known
    homes = {group.namespace for group in found.calico.groups}
    if own:
        accounts = (*found.calico.accounts, *(ServiceAccount(*it, NO_LABELS) for it in sorted(own)))
        found = replace(found, calico=replace(found.calico, accounts=accounts))
    if any(n.name in homes and not n.is_declared for n in found.namespaces):
        spaces = (replace(n, is_declared=True) if n.name in homes else n for n in found.namespaces)
        found = replace(found, namespaces=tuple(spaces))
    return found


def _with_domains(cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster whose DNS answers for the domains of knob cluster-domain, too."""
    more = tuple(domain for domain in profile.cluster_domains if domain not in cluster.dns_domains)
    if not more:
        return cluster
    found = cluster.readings.get(("cluster-domain", more))
    if not isinstance(found, Cluster):
        found = cluster.readings["cluster-domain", more] = replace(cluster, dns_domains=(*cluster.dns_domains, *more))
    return found


def _enforced(cluster: Cluster, profile: Profile, *, is_chained: bool) -> Cluster:
    if cluster.readings.get(_KEY) == profile:
        return cluster
    cluster = lifted(_with_domains(cluster, profile), profile)
    reading = READINGS.get(profile.engine)
    if reading is None or not profile.enforces:
        return cluster
    found = cluster.readings.get((_KEY, profile, is_chained))
    if not isinstance(found, Cluster):
        own = cluster.aws.policies if profile.reads_aws else ()
        policies, unread = reading((*cluster.policies, *own), profile)
        if policies == cluster.policies and not unread:
            found = replace(cluster) if is_chained else cluster
        elif is_chained:
            names = {(thing.kind, thing.name) for thing in unread}
            others = tuple(p for p in cluster.policies if p.namespace is None and (p.kind, p.name) in names)
            notices = tuple(Notice(thing.source, _pictured(thing, profile)) for thing in unread)
            found = replace(cluster, policies=(*policies, *others), notices=(*cluster.notices, *notices))
        else:
            found = replace(cluster, policies=policies, unmodelled=(*cluster.unmodelled, *unread))
        cluster.readings[_KEY, profile, is_chained] = found
        if found is not cluster:
            found.readings[_KEY] = profile
    return found


def _pictured(thing: Unmodelled, profile: Profile) -> str:
    group = thing.api_version.partition("/")[0]
    return (
        f"{thing.id} is of a kind that profile {profile.name} does not read; here it is taken as written, for another "
        f"engine may be chained that does (if none is, say `--irrelevant {thing.kind}.{group}`)"
    )
