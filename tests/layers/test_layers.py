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

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/case.yaml"))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: str(folder.relative_to(HERE)))
def test_the_engine_decides_the_same(folder, tmp_path):
    case = yaml.safe_load((folder / "case.yaml").read_text())
    refused = case.get("refused") or []
    barred = [it["object"] for it in refused if it["by"] == "admission"]
    if barred:
        with pytest.raises(ManifestError) as error:
            load([str(folder / "manifests.yaml")])
        assert [it for it in barred if not named(it, str(error.value).splitlines())] == []
        return
    cluster = load([str(folder / "manifests.yaml")]).cluster
    notices = [notice.message for notice in cluster.notices]
    assert [it["object"] for it in refused if it["by"] == "agent" and not named(it["object"], notices)] == []
    knobs = [f"{name}={json.dumps(value).strip(chr(34))}" for name, value in (case.get("knobs") or {}).items()]
    decisions = {decision["id"]: decision for decision in case["decisions"]}
    keys = ("id", "from", "to", "on", "request")
    batch = tmp_path / "questions.jsonl"
    lines = ({key: decision[key] for key in keys if decision.get(key)} for decision in decisions.values())
    batch.write_text("\n".join(map(json.dumps, lines)))
    found = answered(read_batch(batch), cluster, chosen_profile(case["profile"], knobs), None)
    assert {it.id: it.outcome.value for it in found} == {id_: it["expect"] for id_, it in decisions.items()}


def named(wanted: str, lines: list[str]) -> bool:
    """Whether a line names `Kind namespace/name` or `Kind name`."""
    patterns = [rf"(?<![\w.-]){re.escape(part)}(?![\w-]|\.\w)" for part in re.split("[ /]", wanted)]
    return any(all(re.search(pattern, line) for pattern in patterns) for line in lines)
