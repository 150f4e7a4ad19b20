"""What the engines of Calico and Cilium decided, held to the encoding too: it has one answer at each connection."""

import json
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml

from analyzer.encoding import Obligation, embed, encode
from analyzer.errors import ManifestError
from analyzer.inputs import chosen_profile
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Host, Pod, pod_of
from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import Protocol

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from evaluators import EVERYTHING, question, truth

HERE = Path(__file__).parent
CASES = sorted(path.parent for layer in ("calico", "cilium") for path in HERE.glob(f"{layer}/*/case.yaml"))


def end(text: str, cluster: Cluster) -> End | None:
    """None for what has no address of IPv4."""
    if text.startswith("node:"):
        node = cluster.node_by_name.get(text.removeprefix("node:"))
        return None if node is None or not node.ips else Host(node.name, node.labels, node.ips[0])
    for workload in cluster.workloads:
        if text == f"{workload.namespace}/{workload.name}":
            labels = cluster.namespace_by_name[workload.namespace].labels
            return pod_of(workload, labels, workload.ips[0]) if workload.ips else None
    return External(ip_address(text)) if text[0].isdigit() else None


def is_own_node(source: End, pod: End, cluster: Cluster) -> bool:
    """Whether the source is the pod's node, or on its network: no claim speaks of that.  Of a node that a pod sends to
    the encoding does not know whether it is its own."""
    if not isinstance(pod, Pod):
        return False
    here = nodes_of(pod, cluster)
    if isinstance(source, Host):
        return source.name in here
    return isinstance(source, Pod) and source.host_network and bool(here & nodes_of(source, cluster))


def nodes_of(pod: Pod, cluster: Cluster) -> set[str]:
    return {name for workload in cluster.workloads if workload.owner == pod.workload for name in workload.nodes}


def says(obligation: Obligation, src: End, dst: End, on: str, is_allowed: bool, *, is_open: bool = False) -> bool:
    """Whether the encoding allows the connection, or denies it, as asked; of a node that a pod sends to it may leave
    that open, and where `is_open` of all."""
    word, _, number = on.partition("/")
    values = embed(obligation, Connection(src, dst, Protocol(word.upper()), int(number)))
    assert values is not None
    found = truth(obligation, values)
    is_at_node = isinstance(dst, Host) or (isinstance(dst, Pod) and dst.host_network)
    return found == {is_allowed} or ((is_at_node or is_open) and is_allowed in found)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(HERE)))
def test_the_encoding_says_what_the_engine_decided(folder: Path) -> None:
    case = yaml.safe_load((folder / "case.yaml").read_text())
    try:
        cluster = load([str(folder / "manifests.yaml")]).cluster
    except ManifestError:
        return  # which the other test looks at
    knobs = [f"{name}={json.dumps(value).strip(chr(34))}" for name, value in (case.get("knobs") or {}).items()]
    profile = chosen_profile(case["profile"], knobs)
    cluster = as_enforced(cluster, profile)
    obligation = encode(cluster, question(EVERYTHING, profile))
    for decision in case["decisions"]:
        src, dst = (end(decision[key], cluster) for key in ("from", "to"))
        word = decision["on"].partition("/")[0]
        is_pods = isinstance(src, Pod) or isinstance(dst, Pod)
        if src is None or dst is None or not is_pods or word not in ("tcp", "udp", "sctp") or "request" in decision:
            continue
        if is_own_node(src, dst, cluster):
            continue
        assert says(obligation, src, dst, decision["on"], decision["expect"] == "allowed"), decision["id"]
