"""netproof proves or refutes network-isolation properties of Kubernetes manifests.

Data flows one way: manifests become a model; a query over the model becomes proof obligations; a solver answers; the
answer becomes a verdict with a replayed witness; reports print verdicts.  ARCHITECTURE.md has the table of rooms.
"""

__version__ = "0.1.0"
