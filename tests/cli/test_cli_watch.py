"""`netproof watch` on real files: saved, broken, mended, added, removed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import pytest

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: red}
---
apiVersion: v1
kind: Namespace
metadata: {name: blue}
"""
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: red}
spec: {podSelector: {}, policyTypes: [Egress]}
"""
PACK = """pack p "Apart"
assert apart "Red does not reach blue": no namespace red can reach namespace blue
assert back "Blue does not reach red": no namespace blue can reach namespace red
"""
PATIENCE = 60


def _heed_interrupts():
    """What a shell starts in the background ignores them, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Watched:
    """A running `netproof watch`, and what it says."""

    def __init__(self, folder):
        command = [sys.executable, "-u", "-m", "analyzer", "watch", str(folder / "k8s"), "-p", str(folder / "p.npq")]
        self.process = subprocess.Popen(
            [*command, "--every", "0.02"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            preexec_fn=_heed_interrupts,
        )
        self.lines = Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, text):
        """What is said up to a line that holds the text."""
        heard, end = "", time.monotonic() + PATIENCE
        while text not in heard:
            try:
                heard += self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except Empty:
                pytest.fail(f"nobody said {text!r}, but {heard!r}")
        return heard.replace("\n", " ")


def save(path, text):
    """Whoever looks at any moment sees the old text or the new one, and none half written."""
    draft = path.parents[1] / "draft"
    draft.write_text(text)
    draft.replace(path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "namespaces.yaml").write_text(NAMESPACES)
    (tmp_path / "k8s" / "policies.yaml").write_text(DENY)
    (tmp_path / "p.npq").write_text(PACK)
    return tmp_path


@pytest.fixture
def watched(folder):
    running = Watched(folder)
    yield running
    running.process.kill()
    running.process.wait()
    running.listener.join()
    running.process.stdout.close()


def test_each_save_tells_what_it_changed(folder, watched):
    policies = folder / "k8s" / "policies.yaml"
    first = watched.until("--assumptions")
    assert "1 refuted, 1 proved" in first
    assert "back" in first

    save(policies, DENY.replace("Egress]", "Egress, Ingress]"))
    said = watched.until("2 proved")
    assert "policies.yaml changed; 2 of 2 queries asked again" in said
    assert "refuted -> proved  back" in said
    assert "  apart" not in said

    save(policies, DENY[: len(DENY) // 2])
    assert "policies.yaml:" in watched.until("waiting for the next save")

    save(policies, DENY)
    said = watched.until("proved -> refuted  back")
    assert "waiting" not in said

    save(folder / "k8s" / "more.yaml", DENY.replace("red", "green"))
    said = watched.until("no verdict changed")
    assert "more.yaml is new" in said

    policies.unlink()
    assert "policies.yaml is gone" in watched.until("proved -> refuted  apart")


def test_a_saved_pack_is_asked_anew(folder, watched):
    watched.until("--assumptions")
    save(folder / "p.npq", PACK.replace("assert back", "assert again"))
    said = watched.until("--assumptions")
    assert "again" in said
    assert "the questions changed; all asked anew" in said


def test_it_ends_with_the_code_of_its_last_answer(watched):
    watched.until("1 refuted")
    time.sleep(0.1)
    watched.process.send_signal(signal.SIGINT)
    assert watched.process.wait(PATIENCE) == 1


def test_standard_input_cannot_be_watched():
    done = subprocess.run([sys.executable, "-m", "analyzer", "watch", "-"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"cannot be watched" in done.stderr


def test_it_tells_the_cause_of_what_a_save_breaks_with_its_fix(folder, watched):
    policies = folder / "k8s" / "policies.yaml"
    first = watched.until("--assumptions")
    assert "`policyTypes` lacks Ingress, so ingress stays open" in first
    assert "fix     add Ingress to its `policyTypes`" in first
    assert "+spec: {podSelector: {}, policyTypes: [Ingress, Egress]}" in first

    save(policies, DENY.replace("Egress]", "Egress, Ingress]"))
    assert "fix" not in watched.until("2 proved")

    save(policies, DENY.replace("Egress]", "Ingress]"))
    said = watched.until("breaks  apart")
    assert "`policyTypes` lacks Egress, so egress stays open" in said
    assert "fix     add Egress; allow DNS" in said
