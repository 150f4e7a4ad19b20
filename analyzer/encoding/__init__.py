"""Model and resolved query to obligation: the universe, the policies and the claim as SMT-LIB; and models decoded."""

from analyzer.encoding.decode import decode, decode_end, embed, embed_end
from analyzer.encoding.obligation import IN_DST, IN_SRC, OUTSIDE, UNIVERSE, VIOLATION, Obligation, encode
from analyzer.encoding.scope import Question, pod_addresses

__all__ = [
    "IN_DST",
    "IN_SRC",
    "OUTSIDE",
    "UNIVERSE",
    "VIOLATION",
    "Obligation",
    "Question",
    "decode",
    "decode_end",
    "embed",
    "embed_end",
    "encode",
    "pod_addresses",
]
