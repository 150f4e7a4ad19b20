"""A cluster as it stands, its verdicts, and those that a change would give."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import Condition, Event, Lock, Thread
from typing import Any

from analyzer.analysis import CheckSession, Standing, Weighed
from analyzer.errors import Problem
from analyzer.judging import Setting
from analyzer.manifests.changing import Rules
from analyzer.manifests.kinds.unread_objects import unread_kind
from analyzer.manifests.live import Key, LiveCluster, LiveObjects
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.serve.api_server import ApiServer
from analyzer.serve.following import LOG, Follower
from analyzer.serve.memory import give_back, settle
from analyzer.serve.resources import Resource, resources_of
from analyzer.verdicts import Answer

_SETTLING, _LONGEST_SETTLING = 0.1, 1.0  # seconds


class StaleError(Exception):
    """What is kept is behind the cluster, and no answer is given."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of an object of that kind that the server has shown."""

    kind: str
    group: str
    version: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """The verdicts as they are and as they would be; `problems`: what of the cluster could not be read then."""

    weighed: Weighed
    problems: tuple[Problem, ...]


class LiveState:
    """Follows a cluster.  Threads may share it."""

    def __init__(
        self,
        server: ApiServer,
        packs: tuple[Pack, ...],
        setting: Setting,
        profile_for: Callable[[Cluster], Profile],
        *,
        patience: float = 2.0,
        watch_seconds: int = 30,
        tidying: float = 10.0,
    ) -> None:
        """`profile_for` gives the profile that goes in the setting's place; `patience`: how many seconds an answer
        waits for a watch that is being opened again; `tidying`: after how many it is looked for new kinds."""
        self._server, self._packs, self._setting, self._profile_for = server, packs, setting, profile_for
        self._patience, self._watch_seconds, self._tidying = patience, watch_seconds, tidying
        self.objects = LiveObjects(Rules(keep_going=True))
        self.followers: tuple[Follower, ...] = ()
        self._changed, self._lock, self._changed_at = Condition(), Lock(), 0.0
        self._session: CheckSession | None = None
        self._stopping, self._answered = Event(), 0
        self._unread: frozenset[tuple[str, str]] = frozenset()

    def start(self) -> None:
        """Begin to follow.  Errors as from `resources_of` where the server does not tell what it has."""
        self._follow(resources_of(self._server))
        Thread(target=self._keep_house, name="housekeeping", daemon=True).start()

    def _follow(self, found: Iterable[Resource]) -> None:
        """Follow these resources and no others.  One of another version goes on as long as it is served."""
        known = {(it.resource.kind, it.resource.group, it.resource.only): it for it in self.followers}
        followers: list[Follower] = []
        for each in found:
            old = known.pop((each.kind, each.group, each.only), None)
            if old is not None and (old.resource == each or old.is_current):
                followers.append(old)
                continue
            new = Follower(self._server, each, self.objects, self._told, self._watch_seconds)
            if old is not None:
                old.stop()
                new.take_over(old.known)
            followers.append(new)
        started = [it for it in followers if it not in self.followers]
        self.followers = tuple(followers)
        for gone in known.values():
            gone.stop()
            gone.forget()
        for follower in started:
            follower.start()

    def _look_for_kinds(self) -> None:
        """Follow kinds that the server has meanwhile, and no longer those that it has not."""
        try:
            found = resources_of(self._server)
        except Exception as error:  # noqa: BLE001 - whether it is there at all, those who follow tell
            LOG.warning("what kinds there are was not told: %s: %s", type(error).__name__, error)
        else:
            self._follow(found)

    def _keep_house(self) -> None:
        """Answer for the first time; then, now and then, look for new kinds and give back what answers took."""
        self._first_answer()
        settle()
        answered = self._answered
        while not self._stopping.wait(self._tidying):
            self._look_for_kinds()
            if answered != self._answered:
                answered = self._answered
                give_back()

    def _first_answer(self) -> None:
        """Of a large cluster it takes longer than an API server waits for a webhook."""
        while not self._stopping.is_set() and not self.is_answered:
            if self.wait(1.0):
                try:
                    self._up_to_date()
                except Exception:  # noqa: BLE001 - it is logged, and asked again; until then the gate is not ready
                    LOG.exception("the cluster as it stands was not judged")
                    self._stopping.wait(5.0)

    @property
    def is_answered(self) -> bool:
        """How the cluster stood was worked out once, so that from now on changes alone are."""
        return self._session is not None

    def stop(self) -> None:
        self._stopping.set()
        for follower in self.followers:
            follower.stop()

    def _told(self) -> None:
        self._changed_at = time.monotonic()
        with self._changed:
            self._changed.notify_all()

    # -------------------------------------------------------------------------------------------- standing
    @property
    def behind(self) -> tuple[str, ...]:
        """The resources of which it is not known how they stand."""
        return tuple(it.resource.called for it in self.followers if not it.is_current and not it.is_refused)

    @property
    def refused(self) -> tuple[str, ...]:
        """The resources that may not be listed: what they could change is unknown."""
        return tuple(it.resource.called for it in self.followers if it.is_refused and not it.resource.only)

    @property
    def is_current(self) -> bool:
        return bool(self.followers) and not self.behind

    def wait(self, seconds: float, shown: Shown | None = None) -> bool:
        """Until all that is kept is current, and not older than what was shown, at most so long; whether it is."""
        end = time.monotonic() + seconds
        with self._changed:
            while not self._is_known(shown) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.05))
        return self._is_known(shown)

    def _is_known(self, shown: Shown | None) -> bool:
        if shown is None or not self.is_current:
            return self.is_current
        its = (it for it in self.followers if (it.resource.kind, it.resource.group) == (shown.kind, shown.group))
        return all(it.has_seen(shown.version) for it in its)

    def _be_current(self, shown: Shown | None = None) -> None:
        """Until all that is kept is current and stays so while nothing more comes.  StaleError where it does not in
        time."""
        end = time.monotonic() + self._patience
        while self.wait(end - time.monotonic(), shown):
            self._settle()
            if self._is_known(shown):
                return
        behind = self.behind or (f"{shown.kind} objects" if shown is not None else "the cluster",)
        more = f" and {len(behind) - 3} more" if len(behind) > 3 else ""
        raise StaleError(f"what is kept of {', '.join(behind[:3])}{more} is behind the cluster")

    def _settle(self) -> None:
        """Until nothing has come for a moment, which is longer where the server is slow: each kind comes by a watch of
        its own, so that of two changes the second may be here first, and one that was opened tells what was missed."""
        end = time.monotonic() + _LONGEST_SETTLING
        moment = max(_SETTLING, *(2 * it.opening for it in self.followers), 0)
        while (left := min(self._changed_at + moment, end) - time.monotonic()) > 0:
            time.sleep(left)

    # -------------------------------------------------------------------------------------------- answers
    def answer(self) -> tuple[Answer, Cluster]:
        """How the cluster stands.  StaleError where that is not known."""
        self._be_current()
        _, standing = self._up_to_date()
        return standing.answer, standing.cluster

    def propose(
        self,
        put: Iterable[Mapping[str, Any]] = (),
        removed: Iterable[Key] = (),
        shown: Shown | None = None,
    ) -> Proposal:
        """The verdicts as they are, and as they would be after a change.  StaleError where the first are not known, or
        the server has shown what is not here yet."""
        self._be_current(shown)
        with self._lock:
            self._note_unread()
            before, after = self.objects.before_and_after(put, removed)
            session, standing = self._standing(before.cluster)
        return Proposal(session.weighed(after.cluster, standing), after.problems)

    def answer_after(
        self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()
    ) -> tuple[Answer, Cluster]:
        """How the cluster would stand after a change; StaleError as from `answer`."""
        self._be_current()
        session, _ = self._up_to_date()
        cluster = self.objects.proposed(put, removed).cluster
        return session.propose(cluster), cluster

    def proposed(self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()) -> LiveCluster:
        """The cluster after a change; StaleError as from `propose`."""
        self._be_current()
        return self.objects.proposed(put, removed)

    def _up_to_date(self) -> tuple[CheckSession, Standing]:
        """The session, on the cluster as it is."""
        with self._lock:
            self._note_unread()
            return self._standing(self.objects.load().cluster)

    def _note_unread(self) -> None:
        refused = (it.resource for it in self.followers if it.is_refused and not it.resource.only)
        unread = frozenset((resource.kind, resource.group) for resource in refused)
        if unread != self._unread:
            self._unread = unread
            self.objects.set_unread(tuple(unread_kind(*each) for each in sorted(unread)))

    def _standing(self, cluster: Cluster) -> tuple[CheckSession, Standing]:
        self._answered += 1
        profile = self._profile_for(cluster)
        if self._session is None or profile != self._setting.profile:
            self._setting = replace(self._setting, profile=profile)
            self._session = CheckSession(cluster, self._packs, setting=self._setting)
        return self._session, self._session.advance(cluster)

    @property
    def setting(self) -> Setting:
        return self._setting
