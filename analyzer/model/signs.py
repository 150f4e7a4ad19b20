"""What in the input says which engine enforces its policies (design 1)."""

from __future__ import annotations

from analyzer.model.source import Source
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """`is_installed`: the engine itself, or its settings, stand in the input; False: only a policy that it alone reads.

    `what`: `DaemonSet kube-system/calico-node`.  `yields`: it tells of the network alone, so that another engine that
    is installed beside it is the one that enforces.  `version` is that of its image, `3.31`, empty if none is told.
    """

    profile: str
    what: str
    source: Source
    version: str = ""
    is_installed: bool = True
    yields: bool = False
