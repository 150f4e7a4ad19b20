"""A cluster of two tenants that a fake API server holds, and netproof beside it."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("kubernetes", reason="the extra `serve` is not installed")
pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

from kubernetes import client

from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.serve.api_server import ApiServer
from analyzer.serve.app import app_of
from analyzer.serve.rulings import Rulings
from analyzer.serve.running import Listening, Program
from analyzer.serve.state import LiveState
from tests.serve.fake_api_server import FakeApiServer, Thing

APART = "no pods in namespaces(tenant) can reach pods in namespaces(tenant) where src.namespace != dst.namespace"
PACK = Pack("p", "", (parse_query(f"{APART} within namespaces", "tenants-apart"),))
SETTING = Setting(Universe.ANY, PROFILES["generic"], max_counterexamples=1)


def namespace(name: str, **labels: str) -> Thing:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def policy(namespace: str, name: str, *rules: Thing) -> Thing:
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": list(rules)}
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def deployment(namespace: str, name: str) -> Thing:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def tenants() -> list[Thing]:
    made = [namespace("red", tenant="red"), namespace("blue", tenant="blue")]
    for name in ("red", "blue"):
        made += [policy(name, "deny"), deployment(name, "web")]
    return made


def review(thing: Thing | None, old: Thing | None = None, operation: str = "CREATE") -> Thing:
    """An AdmissionReview as an API server sends it."""
    named = thing or old or {}
    group, _, version = named["apiVersion"].rpartition("/")
    metadata = named["metadata"]
    request = {
        "uid": "1",
        "operation": operation,
        "kind": {"group": group, "version": version, "kind": named["kind"]},
        "name": metadata.get("name", ""),
        "object": thing,
        "oldObject": old,
    }
    if "namespace" in metadata or named["kind"] == "Namespace":
        request["namespace"] = metadata.get("namespace", metadata.get("name"))
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


@contextmanager
def following(server: FakeApiServer, pack: Pack = PACK, **options: Any) -> Iterator[LiveState]:
    settings = client.Configuration()
    settings.host = server.url
    settings.retries = False
    state = LiveState(ApiServer(settings), (pack,), SETTING, lambda _: SETTING.profile, **{"patience": 0.2, **options})
    state.start()
    try:
        assert state.wait(20)
        yield state
    finally:
        state.stop()


@contextmanager
def serving(state: LiveState, rulings: Rulings | None = None, at: Listening | None = None) -> Iterator[str]:
    """The address of the app."""
    program = Program(app_of(state, rulings or Rulings()), at or Listening(port=0))
    thread = threading.Thread(target=program.run_until_told, daemon=True)
    thread.start()
    until(lambda: program.started)
    try:
        yield f"http://127.0.0.1:{program.servers[0].sockets[0].getsockname()[1]}"
    finally:
        program.should_exit = True
        thread.join(20)


def until(holds: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def asked(url: str, body: Any = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    found = FakeApiServer()
    found.put(*tenants())
    yield found
    found.break_watches()
    found.shutdown()
    found.server_close()
