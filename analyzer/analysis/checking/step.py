"""From one state of a cluster to another: what is different, compared once, and what was asked meanwhile, once each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from analyzer.encoding import EntryChanges, entry_changes
from analyzer.encoding.end_changes import EndChanges, end_changes
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.verdicts import Verdict


class Step:
    """`ask` answers a claim, in the place of that of the task of that number, in one of the two states."""

    def __init__(
        self, before: Cluster, now: Cluster, profile: Profile, ask: Callable[[Cluster, int, Claim], Verdict]
    ) -> None:
        self.before, self.now = before, now
        self._profile, self._ask = profile, ask
        self._answers: dict[tuple[bool, int, Claim], Verdict] = {}

    @cached_property
    def policies(self) -> EntryChanges | None:
        """Which entries of policies are others, where policies alone are different."""
        return entry_changes(self.before, self.now, self._profile)

    @cached_property
    def ends(self) -> EndChanges | None:
        """Which ends are others, where ends alone are different."""
        return end_changes(self.before, self.now, self._profile)

    def asking(self, number: int, *, is_now: bool = True) -> Callable[[Claim], Verdict]:
        """What answers claims in the place of that task's, as it is now or was before."""

        def ask(claim: Claim) -> Verdict:
            key = is_now, number, claim
            found = self._answers.get(key)
            if found is None:
                found = self._answers[key] = self._ask(self.now if is_now else self.before, number, claim)
            return found

        return ask
