"""What is asked: a claim in its setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzer.model.claims import Assumption, Claim, Universe
from analyzer.model.formulas import Attribute
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True, slots=True)
class Question:
    """One claim in its setting.  `pod_addresses is None`: from the nodes' podCIDRs, else the default ranges.

    `open_labels` keeps unknown namespace labels unknown in the inventory; `slice_first` is for tests.
    `with_requests`: a mesh is asked what it lets through.  `past_the_mesh`: it is asked for nothing, as if it were not
    there.  `requests`, by their attributes: of a claim of reach, those of which some is to get through, but for the
    attributes that the claim's condition names.  `settled`: what is open elsewhere, and is taken to be so here.
    `looked_at`: the namespaces whose own policies of the mesh are read; None: of all.  Those of others let in every
    request, or none, as `others_let_in` says.
    `denying_profile`: of two revisions, the profile of the one that denies, where it is another than `profile`.
    `judged_at`: as if the policies of the other direction were none; None: of both count.
    """

    claim: Claim
    assumptions: tuple[Assumption, ...]
    universe: Universe
    profile: Profile
    pod_addresses: AddressSet | None = None
    open_labels: bool = False
    slice_first: bool = True
    with_requests: bool = False
    past_the_mesh: bool = False
    requests: tuple[Mapping[Attribute, tuple[str, ...]], ...] = ()
    settled: tuple[tuple[OpenFact, bool], ...] = ()
    judged_at: Direction | None = None
    looked_at: frozenset[str] | None = None
    others_let_in: bool = False
    denying_profile: Profile | None = None

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """Those of all revisions that it asks of."""
        return (self.profile,) if self.denying_profile is None else (self.denying_profile, self.profile)

    def of_sides(self, number: int) -> tuple[Question, ...]:
        """The same of each of one cluster or of two revisions, the one that denies first."""
        if self.denying_profile is None:
            return (self,) * number
        return replace(self, profile=self.denying_profile, denying_profile=None), self
