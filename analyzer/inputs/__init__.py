"""What people write, on a command line or in Python, to what the analysis takes: universes, profiles, packs, ends,
ports, requests, excuses.  Everything wrong with it is told at once.
"""

from analyzer.inputs.engines import profile_for, profiles_for
from analyzer.inputs.settings import (
    BASELINE,
    asked_of_read,
    budget,
    chosen_profile,
    chosen_universe,
    nearest,
    note_unread,
    of_one_revision,
    pod_addresses,
    questions,
    second_solver,
    settled,
    standard_input,
    unread,
)

__all__ = [
    "BASELINE",
    "asked_of_read",
    "budget",
    "chosen_profile",
    "chosen_universe",
    "nearest",
    "note_unread",
    "of_one_revision",
    "pod_addresses",
    "profile_for",
    "profiles_for",
    "questions",
    "second_solver",
    "settled",
    "standard_input",
    "unread",
]
