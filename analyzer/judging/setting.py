"""How questions are asked: of which universe, under which profile, and how long."""

from __future__ import annotations

from dataclasses import field, replace

from analyzer.model.claims import Universe
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.solving import Budget


@dataclass(frozen=True, slots=True)
class Setting:
    """How questions are asked.  `pod_addresses is None`: from the nodes' podCIDRs, else the default ranges.

    `old_profile`: of a comparison, what enforces policies in the old revision, where it is another than in the new one.
    `keeps_steps`: verdicts carry the scripts that they rest on.  `lists_regions`: they list what is violated beyond the
    counterexamples.  `looks_further`: they hold more than `max_counterexamples` where that costs little, from which
    causes are told.
    """

    universe: Universe
    profile: Profile
    pod_addresses: AddressSet | None = None
    budget: Budget = field(default_factory=Budget)
    max_counterexamples: int = 3
    slice_first: bool = True
    keeps_steps: bool = False
    lists_regions: bool = False
    old_profile: Profile | None = None
    looks_further: bool = True

    def between(self, old: Profile, new: Profile) -> Setting:
        """The same of a comparison of two revisions, with what enforces policies in each."""
        return replace(self, profile=new, old_profile=old if old != new else None)

    @property
    def of_sides(self) -> tuple[Setting, Setting]:
        """How the old revision and the new one are asked, each alone."""
        new = replace(self, old_profile=None)
        return new if self.old_profile is None else replace(new, profile=self.old_profile), new
