"""Questions asked again and again of manifests that change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from analyzer import inputs
from analyzer.analysis import CheckSession, Setting
from analyzer.api.manifests import Given, Manifests, Paths, load
from analyzer.api.questions import Packs, Settings, Texts, packs_of, profile_for, setting_of, with_findings
from analyzer.api.results import CheckResult
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.verdicts import Answer


class Session:
    """The answer to queries, kept up to date; each answer is the one that `check` would give.

        >>> session = Session("examples/gated-repo/k8s", "some workload shop/web can reach workload shop/orders")
        >>> session.result.is_proved
        True
        >>> session.propose(removed="NetworkPolicy shop/web-to-orders").is_proved
        False
        >>> session.result.is_proved
        True

    Only what a change can have changed is answered anew.  `manifests` is what the session stands on, `result` the
    answer, `asked` the ids of the queries that were not spared when it was last found.
    """

    def __init__(
        self,
        manifests: Manifests | Paths,
        *queries: str,
        pack: Packs = (),
        set: Settings = (),
        universe: str = "any",
        profile: str | Profile | None = None,
        knob: Settings = (),
        pod_cidr: Texts = (),
        max_counterexamples: int = 3,
        budget: int | None = None,
        jobs: int | None = 1,
    ) -> None:
        """Answer for the first time.  Options and errors as of `check`."""
        asked = inputs.of_one_revision(packs_of(queries, pack, set))
        setting = setting_of(universe, profile, knob, pod_cidr, budget, max_counterexamples)
        self.manifests = manifests if isinstance(manifests, Manifests) else load(manifests)
        cluster = self.manifests.cluster
        self._profile_for = partial(profile_for, profile, knob)
        self._setting = replace(setting, profile=self._profile_for(cluster))
        self._packs, self._jobs = asked, jobs
        self._checks = self._asked_of(cluster, self._setting)

    @property
    def result(self) -> CheckResult:
        """The answer for the manifests as they now are."""
        return self._told(self._checks.answer, self.manifests, self._setting)

    @property
    def asked(self) -> tuple[str, ...]:
        """The queries that were answered anew when the manifests last changed."""
        return self._checks.asked

    def update(self, manifests: Manifests | Paths) -> CheckResult:
        """The answer for these manifests from now on, whatever in them is different."""
        found = manifests if isinstance(manifests, Manifests) else load(manifests)
        setting = self._setting_for(found)
        if setting == self._setting:
            self._checks.update(found.cluster)
        else:
            self._checks = self._asked_of(found.cluster, setting)
        self.manifests, self._setting = found, setting
        return self.result

    def change(self, *, put: Given | Iterable[Given] = (), removed: str | Iterable[str] = ()) -> CheckResult:
        """The answer once objects are added or changed (`put`) and others are gone (`removed`), as for
        `Manifests.changed`; policies, namespaces with their labels, pods, whatever a manifest can be."""
        return self.update(self.manifests.changed(put=put, removed=removed))

    def propose(self, *, put: Given | Iterable[Given] = (), removed: str | Iterable[str] = ()) -> CheckResult:
        """What `change` would give.  The session stays as it is.

        `session.propose(…).changed_since(session.result)` are the verdicts that the change would change.
        """
        proposed = self.manifests.changed(put=put, removed=removed)
        setting = self._setting_for(proposed)
        if setting == self._setting:
            return self._told(self._checks.propose(proposed.cluster), proposed, setting)
        return self._told(self._asked_of(proposed.cluster, setting).answer, proposed, setting)

    def _setting_for(self, manifests: Manifests) -> Setting:
        """With the profile that the manifests speak for: what enforces policies changes as they do."""
        return replace(self._setting, profile=self._profile_for(manifests.cluster))

    def _asked_of(self, cluster: Cluster, setting: Setting) -> CheckSession:
        return CheckSession(cluster, self._packs, setting=setting, jobs=self._jobs)

    def _told(self, answer: Answer, manifests: Manifests, setting: Setting) -> CheckResult:
        found = with_findings(answer, manifests.cluster, setting, manifests, self._packs)
        return CheckResult(found, manifests.cluster)
