"""Manifests to model: files, directories and stdin, in YAML or JSON, into one `Cluster`.

Every document is modelled, irrelevant, or unmodelled; everything the API server would refuse is a problem with file,
line and column, and all problems are reported at once.
"""

from analyzer.manifests.loading import Loaded, load, load_blobs, read_manifests
from analyzer.manifests.rereading import Rereader
from analyzer.manifests.sources.git import Blob, manifests_in, revision_range

__all__ = ["Blob", "Loaded", "Rereader", "load", "load_blobs", "manifests_in", "read_manifests", "revision_range"]
