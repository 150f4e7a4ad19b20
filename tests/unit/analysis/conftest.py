import subprocess

import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder `m` in a repository, beside which the test stands."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "m"
