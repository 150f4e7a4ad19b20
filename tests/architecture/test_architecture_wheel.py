"""The wheel, built through the sdist, installed elsewhere and run: the only test that sees `analyzer/_data`."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

OPEN_POD = """
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: default}
spec: {containers: [{name: c, image: i}]}
"""


def run(*words, cwd, **options):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, **options)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """An environment that holds the wheel itself; its dependencies come from the environment of these tests."""
    folder = tmp_path_factory.mktemp("elsewhere")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder, check=True)
    python = folder / "venv" / "bin" / "python"
    install = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    run(sys.executable, *install, cwd=folder, check=True)
    found = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder, check=True)
    # A path added by a .pth file brings modules but not the .pth files in it, so an editable install stays out.
    (Path(found.stdout.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def test_it_is_the_wheel_that_runs(elsewhere):
    program = "import analyzer; print(analyzer.__file__)"
    done = run(elsewhere / "venv/bin/python", "-c", program, cwd=elsewhere, check=True)
    assert done.stdout.startswith(str(elsewhere))


def test_a_built_in_pack_runs_from_the_wheel(elsewhere):
    (elsewhere / "pod.yaml").write_text(OPEN_POD)
    done = run(elsewhere / "venv/bin/netproof", "check", "pod.yaml", "-p", "baseline", cwd=elsewhere)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "refuted" in done.stdout


def test_the_html_page_is_in_the_wheel(elsewhere):
    (elsewhere / "pod.yaml").write_text(OPEN_POD)
    done = run(elsewhere / "venv/bin/netproof", "map", "pod.yaml", "--format", "html", cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("<!DOCTYPE html>")


def test_schemas_and_packs_are_in_the_wheel_and_cases_are_not(elsewhere):
    done = run(elsewhere / "venv/bin/netproof", "schema", "check", cwd=elsewhere, check=True)
    assert "netproof/check/2" in done.stdout
    done = run(elsewhere / "venv/bin/netproof", "packs", cwd=elsewhere, check=True)
    assert "baseline" in done.stdout
    assert not list((elsewhere / "venv").rglob("queries/*/cases"))


def test_the_plugin_of_kubectl_is_in_the_wheel(elsewhere):
    done = run(elsewhere / "venv/bin/kubectl-netproof", "--help", cwd=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kubectl netproof --context prod check" in done.stdout


def test_it_answers_to_its_own_name(elsewhere):
    python = elsewhere / "venv/bin/python"
    done = run(python, "-m", "netproof", "--version", cwd=elsewhere, check=True)
    assert done.stdout.startswith("netproof ")
    program = (
        "import analyzer, netproof\n"
        "assert set(netproof.__all__) == set(analyzer.__all__) <= set(dir(netproof))\n"
        "assert all(getattr(netproof, name) is getattr(analyzer, name) for name in analyzer.__all__)\n"
        "assert not hasattr(netproof, 'nothing')\n"
    )
    run(python, "-c", program, cwd=elsewhere, check=True)
