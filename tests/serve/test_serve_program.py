"""The command itself: certificates that change, an end that answers what was asked, and what it needs."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.serve.app import app_of
from analyzer.serve.rulings import Rulings
from analyzer.serve.running import Listening, Program
from tests.serve.conftest import asked, following, policy, review, until
from tests.serve.fake_api_server import FakeApiServer

openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on the path to make certificates")


def certificate(folder: Path, name: str) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*command, *files], check=True, capture_output=True)


def presented(port: int) -> bytes:
    """The certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as raw, context.wrap_socket(raw) as wrapped:
        found = wrapped.getpeercert(binary_form=True)
        assert found is not None
        return found


@openssl
def test_a_certificate_that_changes_is_read_anew_and_half_of_one_is_not(server: FakeApiServer, tmp_path: Path) -> None:
    certificate(tmp_path, "one")
    at = Listening.of("127.0.0.1:0", str(tmp_path / "tls.crt"), str(tmp_path / "tls.key"))
    with following(server) as state:
        program = Program(app_of(state, Rulings()), at)
        thread = threading.Thread(target=program.run_until_told, daemon=True)
        thread.start()
        until(lambda: program.started)
        port = program.servers[0].sockets[0].getsockname()[1]
        first = presented(port)
        key = (tmp_path / "tls.key").read_bytes()
        certificate(tmp_path, "two")
        other_key = (tmp_path / "tls.key").read_bytes()
        (tmp_path / "tls.key").write_bytes(key)
        assert not program.reload_certificate()
        assert presented(port) == first
        (tmp_path / "tls.key").write_bytes(other_key)
        assert program.reload_certificate()
        assert presented(port) != first
        program.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@contextmanager
def command(server: FakeApiServer, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`netproof serve` at a port of its own."""
    config = folder / "kubeconfig"
    config.write_text(
        f"apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        f"clusters: [{{name: c, cluster: {{server: '{server.url}'}}}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: t}}]\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", "--kubeconfig", str(config), "--listen", f"127.0.0.1:{port}", *options]
    program = [sys.executable, "-c", "from analyzer.cli.app import main; main()"]
    with subprocess.Popen([*program, *words], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def is_ready(url: str) -> bool:
    try:
        return asked(f"{url}/readyz")[0] == 200
    except OSError:
        return False


def test_the_command_judges_and_ends_when_it_is_told(server: FakeApiServer, tmp_path: Path) -> None:
    claim = "no namespace blue can reach namespace red"
    with command(server, tmp_path, "-q", claim, "--mode", "warn") as (process, url):
        until(lambda: is_ready(url), 60)
        opened = review(policy("red", "open", {"from": [{"namespaceSelector": {}}]}))
        assert '"warned"' in asked(f"{url}/validate", opened)[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--listen", "nowhere"], "is no address to listen at"),
        (["--tls-cert", "x.pem"], "a certificate needs its key"),
        (["--kubeconfig", "/nowhere"], "no cluster is set"),
        (["--profile", "odd"], "unknown profile `odd`"),
    ],
)
def test_what_cannot_be_served_is_told(words: list[str], said: str) -> None:
    found = CliRunner().invoke(app, ["serve", *words])
    assert found.exit_code == 2
    assert said in found.stderr


def test_without_a_cluster_the_way_out_is_told(tmp_path: Path) -> None:
    server = FakeApiServer()
    server.is_down = True
    with command(server, tmp_path) as (process, _):
        assert process.wait(60) == 2
        assert "the cluster cannot be reached" in process.stderr.read()
    server.shutdown()
    server.server_close()


def test_without_the_extra_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("analyzer.serve")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    found = CliRunner().invoke(app, ["serve"])
    assert found.exit_code == 2
    assert "netproof[serve]" in found.stderr
