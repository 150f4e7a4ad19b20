"""Model and resolved query to obligation: the universe, the policies and the claim as SMT-LIB; and models decoded."""

from analyzer.encoding.common_universe import align, annotated_in, is_on_host, members_of
from analyzer.encoding.decode import decode, decode_end
from analyzer.encoding.dependencies import Dependencies, dependencies_of
from analyzer.encoding.embed import embed, embed_end
from analyzer.encoding.entry_changes import EntryChanges, entry_changes
from analyzer.encoding.obligation import (
    CONDITION,
    IN_DST,
    IN_SCOPE,
    IN_SRC,
    OUTSIDE,
    UNIVERSE,
    VIOLATION,
    Obligation,
    encode,
)
from analyzer.encoding.pair import changed_namespaces, encode_pair
from analyzer.encoding.question import Question
from analyzer.encoding.scope import pod_addresses, pod_ranges
from analyzer.encoding.variables import Attribute, Box, Split, Variable
from analyzer.model.formulas import Role

__all__ = [
    "CONDITION",
    "IN_DST",
    "IN_SCOPE",
    "IN_SRC",
    "OUTSIDE",
    "UNIVERSE",
    "VIOLATION",
    "Attribute",
    "Box",
    "Dependencies",
    "EntryChanges",
    "Obligation",
    "Question",
    "Role",
    "Split",
    "Variable",
    "align",
    "annotated_in",
    "changed_namespaces",
    "decode",
    "decode_end",
    "dependencies_of",
    "embed",
    "embed_end",
    "encode",
    "encode_pair",
    "entry_changes",
    "is_on_host",
    "members_of",
    "pod_addresses",
    "pod_ranges",
]
