"""What Cilium's engine decided on drawn policies over one cluster, asked of the oracle and of the encoding
(tests/layers/README.md)."""

import json
from pathlib import Path

import pytest
from test_layers_encoding import end, is_own_node, says

from analyzer.cli.batch import answered, read_batch
from analyzer.encoding import encode
from analyzer.inputs import chosen_profile
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.enforcing import as_enforced

HERE = Path(__file__).parent
DRAWN = [json.loads(line) for line in (HERE / "cilium-drawn.jsonl").read_text().splitlines()]


def drawn(case: dict, folder: Path) -> Cluster:
    objects = (json.dumps(it) for it in case["objects"])
    file = folder / "manifests.yaml"
    file.write_text("\n---\n".join([(HERE / "cilium-drawn.yaml").read_text(), *objects]))
    return load([str(file)]).cluster


def profile_of(case: dict):
    return chosen_profile("cilium", [f"{name}={value}" for name, value in case["knobs"].items()])


def names_range(cluster: Cluster) -> bool:
    """What a name beside an endPort lets in is left open (calico-cilium.md 2.12)."""
    return any(rule.named_range for policy in cluster.cilium.policies for spec in policy.specs for rule in spec.ingress)


_KEYS = ("id", "from", "to", "on")


def _asked(on: str) -> str:
    """Of unreachable destinations those of code 0: the engine was asked for types, and of type 3 its datapath lets code
    4 through before it asks the policies."""
    return "icmp/3/0" if on == "icmp/3" else on


@pytest.mark.parametrize("number", range(len(DRAWN)))
def test_the_engine_decides_the_same_on_drawn_policies(number, tmp_path):
    case = DRAWN[number]
    cluster = drawn(case, tmp_path)
    batch = tmp_path / "questions.jsonl"
    asked = [dict(zip(_KEYS, (i, *it[:2], _asked(it[2])), strict=True)) for i, it in enumerate(case["decisions"])]
    batch.write_text("\n".join(map(json.dumps, asked)))
    found = answered(read_batch(batch), cluster, profile_of(case), None)
    wanted = ["allowed" if it[3] else "denied" for it in case["decisions"]]
    said = [it.outcome.value for it in found]
    if names_range(cluster):
        said = [w if it == "unknown" else it for it, w in zip(said, wanted, strict=True)]
    assert said == wanted
    told = {it.message.partition(" has no effect")[0].rpartition(" ")[2] for it in cluster.notices}
    names_nodes = {it.id.rpartition(" ")[2] for it in cluster.cilium.policies if it.names_nodes}
    assert set(case["refused"]) <= told | names_nodes


@pytest.mark.parametrize("number", range(len(DRAWN)))
def test_the_encoding_decides_the_same_on_drawn_policies(number, tmp_path):
    case = DRAWN[number]
    profile = profile_of(case)
    cluster = as_enforced(drawn(case, tmp_path), profile)
    is_open = names_range(cluster)
    from evaluators import EVERYTHING, question

    obligation = encode(cluster, question(EVERYTHING, profile))
    for source, destination, on, is_allowed in case["decisions"]:
        src, dst = end(source, cluster), end(destination, cluster)
        is_pods = isinstance(src, Pod) or isinstance(dst, Pod)
        if src is None or dst is None or not is_pods or on.startswith("icmp") or is_own_node(src, dst, cluster):
            continue
        assert says(obligation, src, dst, on, is_allowed, is_open=is_open), (source, destination, on)
