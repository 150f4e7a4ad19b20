"""One resource followed: listed, then watched, and listed again when the watch is lost.

What is kept is current while its watch is open: a server ends a watch in order every half minute, and the next one goes
on from there.  A watch that breaks, says nothing, or whose version has expired (410 Gone) leaves the objects behind
until they are listed anew, for what happened meanwhile nobody knows.  Of what may not be listed nothing is kept.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

from urllib3.exceptions import HTTPError

from analyzer.manifests.live import Key, LiveObjects, key_of, texts_of
from analyzer.serve.api_server import ApiServer, RefusedError
from analyzer.serve.resources import Resource

_PAGE = "500"
_SHORTEST = 0.5  # seconds of a watch that tells nothing: a server that ends one sooner is not well
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0
LOG = logging.getLogger("netproof.serve")


class Follower(Thread):
    """`is_current`: what is kept is what the server has, but for what is on its way.  `is_refused`: it may not be
    listed.  `version`: the server's, of what was taken over last; `opening`: how many seconds the last watch took to
    open.  `on_change` is called whenever one of these, or an
    object, has changed."""

    def __init__(
        self,
        server: ApiServer,
        resource: Resource,
        objects: LiveObjects,
        on_change: Callable[[], None],
        seconds: int = 30,
    ) -> None:
        """`seconds`: how long a watch lasts; a connection that died without a word is noticed 10 seconds later."""
        super().__init__(name=f"follow {resource.called}", daemon=True)
        self.resource, self.is_current, self.is_refused, self.losses = resource, False, False, 0
        self._server, self._objects, self._on_change, self._seconds = server, objects, on_change, seconds
        self._stopping = Event()
        self._known: set[Key] = set()
        self.version, self.opening = "", 0.0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        pauses = _pauses()
        while not self._stopping.is_set():
            try:
                version = self._list()
                while not self._stopping.is_set():
                    version = self._watch(version)
                    pauses = _pauses()
            except RefusedError as error:
                self.is_refused = error.status == 403  # after a 401 nobody knows what may be listed
                if self.is_refused:
                    self.forget()
                self._note(error, is_expected=error.status == 410)
            except (HTTPError, OSError, json.JSONDecodeError, KeyError) as error:
                self._note(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, what is kept is behind, and is listed again
                self._note(error)
            self._stopping.wait(next(pauses))

    def _note(self, error: Exception, *, is_expected: bool = False) -> None:
        self.losses += 1
        level = logging.INFO if is_expected else logging.WARNING
        LOG.log(level, "%s is listed again: %s: %s", self.resource.called, type(error).__name__, error)
        self._set_current(False)

    def forget(self) -> None:
        """What was there is not known to be any longer."""
        self._objects.change_texts({}, self._known)
        self._known = set()

    def take_over(self, known: set[Key]) -> None:
        """These objects were kept by another, which follows them no more; before it is started."""
        self._known = set(known)

    @property
    def known(self) -> set[Key]:
        """The objects that are kept by it."""
        return self._known

    def _set_current(self, is_current: bool) -> None:
        self.is_current = is_current
        self._on_change()

    def _list(self) -> str:
        """Every object as it is now; the version that a watch goes on from."""
        found: dict[Key, bytes] = {}
        query, version = {**self.resource.query, "limit": _PAGE}, ""
        while True:
            page = self._server.get(self.resource.path, query)
            version = version or str(page["metadata"]["resourceVersion"])  # what came during later pages comes again
            found |= texts_of(self._whole(item) for item in page.get("items") or ())
            more = page["metadata"].get("continue")
            if not more:
                break
            query = {**self.resource.query, "limit": _PAGE, "continue": more}
        self._objects.change_texts(found, self._known - found.keys())
        self._known = set(found)
        self.is_refused = False
        self.version = version
        return self.version

    def _watch(self, version: str) -> str:
        """Take over what happens until the server ends it; the version to go on from."""
        query = {**self.resource.query, "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version}
        query["timeoutSeconds"] = str(self._seconds)
        began, is_idle = time.monotonic(), True
        events = self._server.watch(self.resource.path, query, self._seconds + 10)
        self.opening = time.monotonic() - began
        self._set_current(True)
        for event in events:
            if self._stopping.is_set():
                break
            version, is_idle = self._taken(event), False
            self.version = version
        self.is_current = False  # until the next one is open
        if is_idle and time.monotonic() - began < _SHORTEST:
            raise RefusedError(503, "the watch ended as soon as it was open")
        return version

    def has_seen(self, version: str) -> bool:
        """What is kept is not older than that version of one of the objects."""
        are_numbers = version.isdecimal() and self.version.isdecimal()
        return self.is_refused or not are_numbers or int(self.version) >= int(version)

    def _taken(self, event: dict[str, Any]) -> str:
        kind, thing = event["type"], event["object"]
        if kind == "ERROR":
            raise RefusedError(int(thing.get("code") or 500), str(thing.get("message")))
        whole = self._whole(thing)
        if kind != "BOOKMARK":
            key = key_of(whole)
            is_gone = kind == "DELETED"
            (self._known.discard if is_gone else self._known.add)(key)
            if self._objects.change([] if is_gone else [whole], [key] if is_gone else []):
                self._on_change()
        return str(thing["metadata"]["resourceVersion"])

    def _whole(self, thing: dict[str, Any]) -> dict[str, Any]:
        """Members of a list name neither."""
        return {**thing, "apiVersion": self.resource.api_version, "kind": self.resource.kind}


def _pauses() -> Iterator[float]:
    """Ever longer ones, so that a server that comes back is not run over."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.5)
        pause = min(2 * pause, _LONGEST_PAUSE)
