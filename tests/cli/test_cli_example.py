"""The example that `make demo` shows: one revision leaks, the other is proved tight."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "tenants"


@pytest.mark.parametrize(("revision", "code", "words"), [("leaky", 1, "✗ refuted"), ("fixed", 0, "✓ proved")])
def test_example(revision, code, words):
    found = CliRunner().invoke(app, ["check", str(EXAMPLE / revision), "-p", "baseline", "-p", "tenant-isolation"])
    assert found.exit_code == code, found.output
    assert found.stdout.splitlines()[0].startswith(words)


def test_both_revisions_have_the_same_workloads():
    assert (EXAMPLE / "leaky/cluster.yaml").read_bytes() == (EXAMPLE / "fixed/cluster.yaml").read_bytes()
