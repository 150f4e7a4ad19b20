"""What a small check does not wait for: libraries and rooms that it has no use for are not loaded."""

import subprocess
import sys

from benchmarks.generate import MULTI_TENANT, Order, make

UNUSED = (
    "lark", "yaml", "rich", "multiprocessing", "hashlib", "analyzer.analysis.connectivity",
    "analyzer.analysis.findings", "analyzer.language.lark_parser", "analyzer.sets.strings", "analyzer.cli.diff",
    # of engines and of requests: the manifests hold none of their kinds, and the question is of connections
    "analyzer.manifests.kinds.calico", "analyzer.manifests.kinds.cilium", "analyzer.manifests.kinds.istio",
    "analyzer.manifests.kinds.aws", "analyzer.model.aws_reading", "analyzer.model.aws_groups",
    "analyzer.model.aws_nodes",
    "analyzer.model.calico_reading", "analyzer.model.cilium_reading", "analyzer.model.mesh_stage",
    "analyzer.encoding.requests", "analyzer.encoding.request_domains", "analyzer.encoding.identities",
    "analyzer.semantics.mesh", "analyzer.semantics.requests", "analyzer.language.requests",
)  # fmt: skip
CHECK = """
import sys
from analyzer.cli.app import app
try:
    app(["check", sys.argv[1], "-q", "no namespace sandbox can reach namespace t0-prod", "--quiet"])
except SystemExit:
    print(*sorted(sys.modules), sep="\\n")
"""


def test_a_check_of_plain_documents_loads_what_it_needs(tmp_path):
    make(Order(MULTI_TENANT, pods=6, policies=4, namespaces=4)).write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(tmp_path / "manifests")], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split("\n"))
    assert "z3" in loaded
    assert loaded.isdisjoint(UNUSED)
