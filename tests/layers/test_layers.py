"""What the projects' own engines decided on small clusters, one folder to a case (tests/layers/README.md)."""

import json
import re
from pathlib import Path

import pytest
import yaml

from analyzer.cli.batch import answered, read_batch
from analyzer.errors import ManifestError
from analyzer.inputs import chosen_profile
from analyzer.manifests import load
from analyzer.model.cluster import Cluster

HERE = Path(__file__).parent
# The engine was asked at the waypoint alone; behind it ztunnel refuses the waypoint, which nothing was asked about.
BEYOND_THE_WAYPOINT = {"waypoint-wp-namespace"}
CASES = sorted(path.parent for path in HERE.glob("*/*/case.yaml"))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(HERE)))
def test_the_engine_decides_the_same(folder, tmp_path):
    case = yaml.safe_load((folder / "case.yaml").read_text())
    refused = case.get("refused") or []
    barred = [it["object"] for it in refused if it["by"] == "admission"]
    cluster, complaints = read(folder / "manifests.yaml")
    if cluster is None:  # else they are answered as if these objects were not there
        assert [it for it in barred if not named(it, complaints)] == []
        assert barred
        return
    notices = [notice.message for notice in cluster.notices]
    assert [it["object"] for it in refused if it["by"] == "agent" and not named(it["object"], notices)] == []
    knobs = [f"{name}={json.dumps(value).strip(chr(34))}" for name, value in (case.get("knobs") or {}).items()]
    decisions = {decision["id"]: decision for decision in case["decisions"]}
    keys = ("id", "from", "to", "on", "request")
    batch = tmp_path / "questions.jsonl"
    lines = ({key: decision[key] for key in keys if decision.get(key)} for decision in decisions.values())
    batch.write_text("\n".join(map(json.dumps, lines)))
    found = answered(read_batch(batch), cluster, chosen_profile(case["profile"], knobs), None)
    wanted = {id_: it["expect"] for id_, it in decisions.items()}
    if folder.name in BEYOND_THE_WAYPOINT:
        wanted = dict.fromkeys(wanted, "unknown")
    assert {it.id: it.outcome.value for it in found} == wanted


def read(file: Path) -> tuple[Cluster | None, list[str]]:
    """The cluster, or every complaint about it."""
    try:
        return load([str(file)]).cluster, []
    except ManifestError as error:
        return None, str(error).splitlines()


def named(wanted: str, lines: list[str]) -> bool:
    """Whether a line names `Kind namespace/name` or `Kind name`."""
    patterns = [rf"(?<![\w.-]){re.escape(part)}(?![\w-]|\.\w)" for part in re.split("[ /]", wanted)]
    return any(all(re.search(pattern, line) for pattern in patterns) for line in lines)
