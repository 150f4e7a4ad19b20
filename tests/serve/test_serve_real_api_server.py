"""Beside a real kube-apiserver: what it lists, watches and asks is what was taken for granted of it.

It is taken from `KUBEBUILDER_ASSETS` or the path, with etcd beside it; `build_apiserver.sh` makes both.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from analyzer.serve.api_server import ApiServer
from analyzer.serve.rulings import Otherwise, Rulings
from analyzer.serve.running import Listening
from analyzer.serve.state import LiveState
from analyzer.verdicts import Status
from tests.serve.conftest import PACK, SETTING, Thing, namespace, policy, serving, tenants, until
from tests.serve.test_serve_program import certificate

OPEN = {"from": [{"namespaceSelector": {}}]}
TOKEN = "of-the-tests"


def program(name: str) -> str | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    return shutil.which(name, path=assets) if assets else shutil.which(name)


pytestmark = pytest.mark.skipif(
    not (program("kube-apiserver") and program("etcd") and shutil.which("openssl")),
    reason="no kube-apiserver with etcd in KUBEBUILDER_ASSETS or on the path, or no openssl",
)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


class RealApiServer:
    """Two processes, and what their clients do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self._etcd, self._peer, self.port = free_port(), free_port(), free_port()
        certificate(folder, "service-accounts")
        (folder / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")
        self._run("etcd", *self._etcd_flags())
        self._run("kube-apiserver", *self._flags())
        until(self._is_ready, 120)

    def _etcd_flags(self) -> list[str]:
        here, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{self._peer}"
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={here}",
            f"--advertise-client-urls={here}",
            f"--listen-peer-urls={peer}",
        ]

    def _flags(self) -> list[str]:
        key = self.folder / "tls.key"
        return [
            f"--etcd-servers=http://127.0.0.1:{self._etcd}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://tests",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--disable-admission-plugins=ServiceAccount",
        ]

    def _run(self, name: str, *flags: str) -> None:
        found = program(name)
        assert found is not None
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen([found, *flags], stdout=log, stderr=log))

    def _is_ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def ask(self, method: str, path: str, body: Thing | None = None) -> tuple[int, Any]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def create(self, thing: Thing, query: str = "") -> tuple[int, Any]:
        kinds = {"Namespace": "namespaces", "NetworkPolicy": "networkpolicies", "Deployment": "deployments"}
        group = thing["apiVersion"]
        base = f"/api/{group}" if group == "v1" else f"/apis/{group}"
        place = thing["metadata"].get("namespace")
        where = f"/namespaces/{place}" if place else ""
        return self.ask("POST", f"{base}{where}/{kinds.get(thing['kind'], thing['kind'].lower() + 's')}{query}", thing)

    @property
    def settings(self) -> client.Configuration:
        found = client.Configuration()
        found.host, found.verify_ssl = f"https://127.0.0.1:{self.port}", False
        found.api_key = {"authorization": f"Bearer {TOKEN}"}
        return found


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealApiServer]:
    server = RealApiServer(tmp_path_factory.mktemp("api-server"))
    try:
        for thing in tenants():
            code, text = server.create(thing)
            assert code == 201, text
        yield server
    finally:
        server.stop()


@pytest.fixture
def state(real: RealApiServer) -> Iterator[LiveState]:
    found = LiveState(ApiServer(real.settings), (PACK,), SETTING, lambda _: SETTING.profile, watch_seconds=3)
    found.start()
    try:
        assert found.wait(60), found.behind
        yield found
    finally:
        found.stop()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_what_happens_is_taken_over_across_watches(real: RealApiServer, state: LiveState) -> None:
    assert state.refused == ()
    assert state.answer()[0].status is Status.PROVED
    time.sleep(4)  # every watch has ended in order once
    assert real.create(policy("red", "open", OPEN))[0] == 201
    until(lambda: state.is_current and state.answer()[0].status is Status.REFUTED)
    path = "/apis/networking.k8s.io/v1/namespaces/red/networkpolicies/open"
    assert real.ask("DELETE", path)[0] == 200
    until(lambda: state.is_current and state.answer()[0].status is Status.PROVED)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_webhook_denies_and_the_api_server_tells_why(real: RealApiServer, state: LiveState, tmp_path: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = [str(tmp_path / "tls.crt"), str(tmp_path / "tls.key")]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]]
    subprocess.run([*command, *named], check=True, capture_output=True)
    bundle = base64.b64encode((tmp_path / "tls.crt").read_bytes()).decode()
    with serving(state, Rulings(failing=Otherwise.DENY), Listening("127.0.0.1", 0, *files)) as url:
        webhook = {
            "name": "gate.netproof.io",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": {"url": f"{url.replace('http:', 'https:')}/validate", "caBundle": bundle},
            "rules": [
                {
                    "apiGroups": ["networking.k8s.io", ""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE", "DELETE"],
                    "resources": ["networkpolicies", "namespaces"],
                }
            ],
        }
        kind, path = (
            "ValidatingWebhookConfiguration",
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        )
        metadata = {"name": "netproof"}
        made = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": metadata,
            "webhooks": [webhook],
        }
        assert real.ask("POST", path, made)[0] == 201
        try:
            until(lambda: real.create(policy("red", "bad", OPEN), "?dryRun=All")[0] in (400, 403), 60)
            code, text = real.create(policy("red", "worse", OPEN))
            assert code in (400, 403)
            assert "tenants-apart" in text
            assert real.create(policy("red", "home", {"from": [{"podSelector": {}}]}))[0] == 201
            assert real.create(namespace("green", tenant="green"))[0] in (400, 403)
            assert real.create(namespace("tools"))[0] == 201
        finally:
            real.ask("DELETE", f"{path}/netproof")
