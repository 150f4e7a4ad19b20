"""An API server that stores what it is given and speaks list and watch, the ways in which both end included."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KINDS = {
    "": [
        ("Namespace", "namespaces"),
        ("Pod", "pods"),
        ("Service", "services"),
        ("Node", "nodes"),
        ("ConfigMap", "configmaps"),
    ],
    "apps": [("Deployment", "deployments")],
    "networking.k8s.io": [("NetworkPolicy", "networkpolicies")],
    "policy.networking.k8s.io": [("AdminNetworkPolicy", "adminnetworkpolicies")],
}
VERSIONS = {"policy.networking.k8s.io": "v1alpha1"}
Thing = dict[str, Any]


class FakeApiServer(ThreadingHTTPServer):
    """`put`, `delete` are what clients of it do; `break_watches` to `refuse` what goes wrong."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.version = 100
        self.oldest = 0  # events up to here are forgotten
        self.stored: dict[tuple[str, str, str], Thing] = {}
        self.events: list[tuple[int, str, str, Thing]] = []  # version, type, resource, object
        self.changed = threading.Condition()
        self.refused: set[str] = set()
        self.refusal = 403
        self.hidden: set[str] = set()  # groups that are not served (yet)
        self.held: set[str] = set()  # resources of which no events are sent
        self.delay = 0.0  # seconds until a watch is open, and again until it tells anything
        self.ends_at_once = False  # every watch does, in order
        self.is_down = False
        self.bookmarks = 0
        self.lists: list[str] = []
        self._open: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    # -------------------------------------------------------------------------------------------- what clients do
    def put(self, *things: Thing) -> int:
        """Store objects; the version of the last."""
        with self.changed:
            for thing in things:
                resource, metadata = _resource(thing), thing["metadata"]
                key = resource, metadata.get("namespace", ""), metadata["name"]
                self.version += 1
                kind = "MODIFIED" if key in self.stored else "ADDED"
                stamped = {"uid": "u", **metadata, "resourceVersion": str(self.version)}
                self.stored[key] = {**thing, "metadata": stamped}
                self.events.append((self.version, kind, resource, self.stored[key]))
            self.changed.notify_all()
            return self.version

    def delete(self, resource: str, namespace: str, name: str) -> int:
        with self.changed:
            gone = self.stored.pop((resource, namespace, name))
            self.version += 1
            stamped = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
            self.events.append((self.version, "DELETED", resource, stamped))
            self.changed.notify_all()
            return self.version

    # -------------------------------------------------------------------------------------------- what goes wrong
    def break_watches(self) -> int:
        """Close every open watch without an end; how many."""
        with self.changed:
            found, self._open = self._open, set()
        for connection in found:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        return len(found)

    def forget_events(self) -> None:
        """Compaction: no watch can go on from before now."""
        with self.changed:
            self.oldest, self.events = self.version, []

    @contextmanager
    def down(self) -> Iterator[None]:
        self.is_down = True
        self.break_watches()
        try:
            yield
        finally:
            self.is_down = False

    def bookmark(self) -> None:
        with self.changed:
            self.bookmarks += 1
            self.changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that a test breaks are no news."""


def _resource(thing: Thing) -> str:
    group = thing["apiVersion"].rpartition("/")[0]
    return next(name for kind, name in KINDS[group] if kind == thing["kind"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeApiServer

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""

    def do_GET(self) -> None:
        if self.server.is_down:
            self.close_connection = True
            self.connection.close()
            return
        asked = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        parts = asked.path.strip("/").split("/")
        if "namespaces" in parts[:-1]:
            query["namespace"] = parts[parts.index("namespaces") + 1]
        if parts == ["apis"]:
            self._send({"groups": [_group(group) for group in KINDS if group and group not in self.server.hidden]})
        elif parts == ["api", "v1"]:
            self._send(_resources(""))
        elif parts[0] == "apis" and len(parts) == 3:
            self._send(_resources(parts[1]))
        elif parts[-1] in self.server.refused:
            refusal = self.server.refusal
            self._send({"kind": "Status", "code": refusal, "message": "forbidden"}, refusal)
        elif "watch" in query:
            self._watch(parts[-1], query)
        else:
            self._list(parts[-1], query)

    def _send(self, body: Thing, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _list(self, resource: str, query: dict[str, str]) -> None:
        server = self.server
        with server.changed:
            server.lists.append(resource)
            every = sorted((k, v) for k, v in server.stored.items() if k[0] == resource and _is_asked(v, query))
            version = server.version
        start, limit = int(query.get("continue", 0)), int(query.get("limit", 500))
        items = [
            {k: v for k, v in it.items() if k not in ("apiVersion", "kind")} for _, it in every[start : start + limit]
        ]
        more = str(start + limit) if start + limit < len(every) else ""
        self._send({"metadata": {"resourceVersion": str(version), "continue": more}, "items": items})

    def _watch(self, resource: str, query: dict[str, str]) -> None:
        server, version = self.server, int(query["resourceVersion"])
        end = time.monotonic() + float(query.get("timeoutSeconds", 30))
        with server.changed:
            server._open.add(self.connection)
            marks = server.bookmarks
        time.sleep(server.delay)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        time.sleep(server.delay)
        if version < server.oldest:
            server._open.discard(self.connection)
            self._event("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
            self._end()
            return
        while (left := end - time.monotonic()) > 0 and not server.ends_at_once:
            with server.changed:
                if resource in server.held:
                    server.changed.wait(min(left, 0.05))
                    continue
                later = (event for event in server.events if event[0] > version and event[2] == resource)
                news = [event for event in later if _is_asked(event[3], query)]
                is_marked = server.bookmarks > marks
                if not news and not is_marked:
                    server.changed.wait(min(left, 0.2))
                    continue
            for number, kind, _, thing in news:
                version = number
                self._event(kind, thing)
            if is_marked:
                marks, version = server.bookmarks, server.version
                self._event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})
        server._open.discard(self.connection)
        self._end()

    def _event(self, kind: str, thing: Thing) -> None:
        line = json.dumps({"type": kind, "object": thing}).encode() + b"\n"
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _is_asked(thing: Thing, query: dict[str, str]) -> bool:
    """By name and namespace."""
    name = query.get("fieldSelector", "").removeprefix("metadata.name=")
    metadata = thing["metadata"]
    return name in ("", metadata["name"]) and query.get("namespace", "") in ("", metadata.get("namespace"))


def _group(group: str) -> Thing:
    version = VERSIONS.get(group, "v1")
    return {"name": group, "preferredVersion": {"version": version}, "versions": [{"version": version}]}


def _resources(group: str) -> Thing:
    verbs = ["get", "list", "watch"]
    return {"resources": [{"name": name, "kind": kind, "verbs": verbs} for kind, name in KINDS[group]]}
