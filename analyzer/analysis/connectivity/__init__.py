"""Which connections the policies allow between all ends at once: set algebra over classes of ends, no solver."""

from analyzer.analysis.connectivity.focus import EndFilter, Focus
from analyzer.analysis.connectivity.mapping import connectivity

__all__ = ["EndFilter", "Focus", "connectivity"]
