"""Which attributes of a pod the labels are that Calico keeps of it, and what it keeps of other things
(calico-cilium.md 1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.model.calico import (
    ACCOUNT,
    NAMESPACE,
    OF_ACCOUNT,
    OF_NAMESPACE,
    AddressGroup,
    HostEndpoint,
    ServiceAccount,
)
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.formulas import (
    FALSE,
    PODS,
    TRUE,
    Attribute,
    Formula,
    Name,
    Not,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    with_leaves,
)
from analyzer.model.labels import NAMESPACE_NAME_LABEL, NO_LABELS
from analyzer.model.open_facts import OpenFact
from analyzer.sets import AddressSet

_NAME = "projectcalico.org/name"
_ORCHESTRATOR = "projectcalico.org/orchestrator"

HAS_NAMESPACE = Test(Attribute(Role.SELF, Name.LABEL, NAMESPACE))
"""What has one: pods, and NetworkSets."""

Reading = Callable[[Test], Formula]
"""What a test of one of Calico's labels comes to."""


def of_tests(formula: Formula, reading: Reading) -> Formula:
    """The formula with each of its tests read; what is known is worked out."""
    return with_leaves(formula, lambda leaf: reading(leaf) if isinstance(leaf, Test) else leaf)


class CalicoLabels:
    """The labels of a cluster's things, as Calico keeps them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._accounts = cluster.calico.accounts
        self._profiles = {profile.name: profile.labels for profile in cluster.calico.profiles}

    # -------------------------------------------------------------------------------------------- pods
    def of_pod(self, formula: Formula, role: Role, end: Role) -> Formula:
        """The formula over the pod in that role, which is that end of the connection.  A pod's own labels cannot stand
        in for those of its namespace or its account: Calico strips them of such prefixes (calico-cilium.md 0.5)."""
        return both([is_a(role, PODS), of_tests(formula, lambda test: self._of_pod(test, role, end))])

    def _of_pod(self, test: Test, role: Role, end: Role) -> Formula:
        key, meets = test.attribute.key, test.meets
        if key == _ORCHESTRATOR:
            return _of_value(test, "k8s")
        if key in (NAMESPACE, OF_NAMESPACE + _NAME, OF_NAMESPACE + NAMESPACE_NAME_LABEL):
            return self._of_name(test, role, end)
        if key in (ACCOUNT, OF_ACCOUNT + _NAME):
            return Test(Attribute(role, Name.SERVICE_ACCOUNT), meets)
        if key.startswith(OF_NAMESPACE):
            return Test(Attribute(role, Name.NAMESPACE_LABEL, key.removeprefix(OF_NAMESPACE)), meets)
        if key.startswith(OF_ACCOUNT):
            return self._of_account(test, role, end)
        return Test(Attribute(role, Name.LABEL, key), meets)

    def _of_name(self, test: Test, role: Role, end: Role) -> Formula:
        """A pattern is looked up among the names that there are; whether another meets it is not known."""
        name, meets = Attribute(role, Name.NAMESPACE), test.meets
        if meets is None or isinstance(meets, frozenset):
            return Test(name, meets)
        every = frozenset(self._cluster.namespace_by_name)
        meeting = frozenset(one for one in every if _of_value(test, one) == TRUE)
        text = f"whether the name of a namespace that the manifests do not mention {meets} is not known"
        others = both([Not(Test(name, every)), Open(OpenFact("namespace-name", f"name {end.value} {meets}", text))])
        return either([Test(name, meeting), others])

    def _of_account(self, test: Test, role: Role, end: Role) -> Formula:
        """The accounts that the manifests declare, by name; nobody knows the labels of others."""
        key = test.attribute.key.removeprefix(OF_ACCOUNT)
        meeting = [it for it in self._accounts if _of_value(test, it.labels.get(key)) == TRUE]
        text = f"the label {key} of service accounts that no manifest declares is not known"
        said = f"account-labels {end.value} {key} {_shown(test)}"
        others = both([Not(_are(self._accounts, role)), Open(OpenFact("account-labels", said, text))])
        return either([_are(meeting, role), others])

    def of_workload(self, formula: Formula, workload: Workload) -> Formula:
        """The same of a known workload, by the labels that are written."""
        home = self._cluster.namespace_by_name.get(workload.namespace)
        spaces = NO_LABELS if home is None else home.labels
        where = workload.namespace, workload.service_account
        account = next((it.labels for it in self._accounts if (it.namespace, it.name) == where), NO_LABELS)
        own = {
            **{OF_NAMESPACE + key: value for key, value in spaces.items()},
            **{OF_ACCOUNT + key: value for key, value in account.items()},
            **workload.labels,
            _ORCHESTRATOR: "k8s",
            NAMESPACE: workload.namespace,
            OF_NAMESPACE + _NAME: workload.namespace,
            ACCOUNT: workload.service_account,
            OF_ACCOUNT + _NAME: workload.service_account,
        }
        return of_tests(formula, lambda test: _of_value(test, own.get(test.attribute.key)))

    # -------------------------------------------------------------------------------------------- other things
    def of_group(self, formula: Formula, group: AddressGroup) -> Formula:
        """Whether the labels of the set meet the formula, which may be open: those of its namespace count too."""
        own = dict(group.labels)
        if group.namespace is not None:
            own[NAMESPACE] = group.namespace
        return of_tests(formula, lambda test: self._of_group(test, own, group))

    def _of_group(self, test: Test, own: Mapping[str, str], group: AddressGroup) -> Formula:
        key = test.attribute.key
        if key in own or group.namespace is None or not key.startswith(OF_NAMESPACE):
            return _of_value(test, own.get(key))
        if key == OF_NAMESPACE + _NAME:
            return _of_value(test, group.namespace)
        namespace = self._cluster.namespace_by_name.get(group.namespace)
        key = key.removeprefix(OF_NAMESPACE)
        if namespace is None or key in namespace.labels or namespace.is_declared:
            return _of_value(test, None if namespace is None else namespace.labels.get(key))
        text = f"the label {key} of namespace {group.namespace}, which no manifest declares, is not known"
        said = f"namespace-labels {group.namespace} {key} {_shown(test)}"
        return Open(OpenFact("namespace-labels", said, text))

    def of_host(self, formula: Formula, endpoint: HostEndpoint) -> bool:
        """Whether the labels of the host endpoint meet the formula; its own go before those of its profiles."""
        found: dict[str, str] = {}
        for name in reversed(endpoint.profiles):
            found |= self._profiles.get(name, NO_LABELS)
        found |= endpoint.labels
        return of_tests(formula, lambda test: _of_value(test, found.get(test.attribute.key))) == TRUE


def _of_value(test: Test, value: str | None) -> Formula:
    if value is None or test.meets is None:
        return FALSE if value is None else TRUE
    assert not isinstance(test.meets, AddressSet)  # which no label is tested for
    is_met = value in test.meets if isinstance(test.meets, frozenset) else test.meets.matches(value)
    return TRUE if is_met else FALSE


def _are(accounts: tuple[ServiceAccount, ...] | list[ServiceAccount], role: Role) -> Formula:
    """The pod's account is one of these."""
    by_namespace: dict[str, set[str]] = {}
    for account in accounts:
        by_namespace.setdefault(account.namespace, set()).add(account.name)
    return either(
        both(
            [
                Test(Attribute(role, Name.NAMESPACE), frozenset({namespace})),
                Test(Attribute(role, Name.SERVICE_ACCOUNT), frozenset(names)),
            ]
        )
        for namespace, names in by_namespace.items()
    )


def _shown(test: Test) -> str:
    meets = test.meets
    return "" if meets is None else ",".join(sorted(meets)) if isinstance(meets, frozenset) else str(meets)
