"""The app on a port, until it is told to end: certificates are read anew when they change, and what has been asked by
then is answered."""

from __future__ import annotations

import os
import ssl
from threading import Event, Thread
from typing import Any

import uvicorn

from analyzer.errors import UsageError
from analyzer.records import dataclass
from analyzer.serve.following import LOG

_GRACE = 20  # seconds
_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Listening:
    """`certificate` and `key` are files; without them it is plain HTTP, which no webhook may be."""

    host: str = "127.0.0.1"
    port: int = 8443
    certificate: str | None = None
    key: str | None = None

    @staticmethod
    def of(text: str, certificate: str | None, key: str | None) -> Listening:
        """From `HOST:PORT`.  UsageError for anything else, and for one file without the other."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
            raise UsageError(f"`{text}` is no address to listen at", "write it as 0.0.0.0:8443 or [::]:8443")
        if (certificate is None) is not (key is None):
            raise UsageError("a certificate needs its key, and a key its certificate", "give --tls-cert and --tls-key")
        for file in (certificate, key):
            if file is not None and not os.path.isfile(file):
                raise UsageError(f"`{file}` is no file", "name a PEM file")
        return Listening(host.strip("[]"), int(port), certificate, key)


class Program(uvicorn.Server):
    def __init__(self, app: Any, at: Listening) -> None:
        self.at = at
        super().__init__(
            uvicorn.Config(
                app,
                host=at.host,
                port=at.port,
                ssl_certfile=at.certificate,
                ssl_keyfile=at.key,
                timeout_graceful_shutdown=_GRACE,
                log_config=None,
                access_log=False,
            )
        )
        self._ended = Event()

    def run_until_told(self) -> None:
        """Serve until a signal ends it."""
        if self.at.certificate is not None:
            Thread(target=self._watch_certificate, name="certificate", daemon=True).start()
        try:
            self.run()
        finally:
            self._ended.set()

    def _watch_certificate(self) -> None:
        before = self._marks()
        while not self._ended.wait(_EVERY):
            now = self._marks()
            if now != before and self.reload_certificate():
                before = now

    def reload_certificate(self) -> bool:
        """Take over the files as they are, for connections from now on; False where they do not fit together (yet)."""
        context = self.config.ssl
        if context is None or self.at.certificate is None:
            return False
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.at.certificate, self.at.key)
            context.load_cert_chain(self.at.certificate, self.at.key)
        except OSError as error:  # ssl.SSLError is one
            LOG.warning("the certificate stays as it was: %s", error)
            return False
        LOG.info("the certificate was read anew")
        return True

    def _marks(self) -> tuple[int, ...]:
        try:
            return tuple(os.stat(file).st_mtime_ns for file in (self.at.certificate, self.at.key) if file)
        except OSError:
            return ()
