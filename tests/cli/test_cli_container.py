"""The image is built and run, where an engine is there that can."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer import __version__

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
BASE = "python:3.12-slim"
TAG = "localhost/netproof-under-test"


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=900, **options)


@pytest.fixture(scope="module")
def image():
    """The engine, once it has built the image; the reason is said where there is none."""
    for engine in ("podman", "docker"):
        if shutil.which(engine) is None or run(engine, "info").returncode != 0:
            continue
        if run(engine, "image", "inspect", BASE).returncode != 0 and run(engine, "pull", BASE).returncode != 0:
            pytest.skip(f"{engine} is here and cannot have {BASE}")
        done = run(engine, "build", "-f", "Containerfile", "-t", TAG, "--build-arg", "REVISION=abc", ".", cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr
        yield engine
        run(engine, "rmi", TAG)
        return
    pytest.skip("neither podman nor docker answers here: the image is not built")


def test_it_checks_manifests_of_the_host(image):
    mount = f"{ROOT}/examples:/work/examples:ro"
    done = run(image, "run", "--rm", "-v", mount, TAG, "check", "examples/multi-tenant/fixed", "-p", "tenant-isolation")
    assert done.returncode == 0, done.stderr
    done = run(image, "run", "--rm", "-v", mount, TAG, "check", "examples/multi-tenant/leaky", "-p", "tenant-isolation")
    assert done.returncode == 1, done.stderr


def test_it_reads_standard_input(image):
    pod = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}'
    assert run(image, "run", "--rm", "-i", TAG, "check", "-", input=pod).returncode in (1, 2)


def test_it_says_its_version_and_runs_without_rights(image):
    assert run(image, "run", "--rm", TAG, "--version").stdout == f"netproof {__version__}\n"
    assert run(image, "run", "--rm", "--entrypoint", "id", TAG, "-u").stdout == "10001\n"
    labels = run(image, "image", "inspect", "--format", "{{json .Config.Labels}}", TAG).stdout
    assert f'"org.opencontainers.image.version":"{__version__}"' in labels
    assert '"org.opencontainers.image.revision":"abc"' in labels


def test_its_text_is_what_the_page_and_the_version_say():
    """Everywhere, with an engine or without."""
    assert f"ARG VERSION={__version__}\n" in CONTAINERFILE
    final = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert final.startswith(BASE)
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert "COPY . " not in final
    assert f"`{BASE}`" in (ROOT / "docs/integrations.md").read_text(encoding="utf-8")
    for name in ("title", "description", "licenses", "source", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in final
    assert os.access(ROOT / ".dockerignore", os.R_OK)
