"""Where in the user's files something stands."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from analyzer.records import dataclass

BUILT_IN = "<built-in>/"
"""What the files of the built-in packs begin with, wherever netproof is installed: no name of a file."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A file and a line, counted from 1; line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def is_built_in(self) -> bool:
        """Whether it stands in a pack that comes with netproof."""
        return self.file.startswith(BUILT_IN)


NOWHERE = Source("", 0)


class Topic(Enum):
    """What a notice on a policy is about; the value is its heading in docs/notices.md."""

    SELECTS_NOTHING = "selects-nothing"
    MATCHES_NOTHING = "matches-nothing"
    NO_SUCH_PORT = "no-such-port"
    OF_A_SERVICE = "of-a-service"
    ALLOW_DENIES = "allow-denies"
    NO_DNS = "no-dns"
    NO_API_SERVER = "no-api-server"
    NO_WEBHOOK = "no-webhook"
    NO_METADATA = "no-metadata"

    @property
    def title(self) -> str:
        return _TITLES[self]

    @property
    def page(self) -> str:
        """Where the documentation tells of it."""
        return f"docs/notices.md#{self.value}"


_TITLES = {
    Topic.SELECTS_NOTHING: "A policy selects no pod",
    Topic.MATCHES_NOTHING: "A peer matches no pod",
    Topic.NO_SUCH_PORT: "No pod has a port of that name",
    Topic.OF_A_SERVICE: "A Service's port or address, where the pods' is meant",
    Topic.ALLOW_DENIES: "A policy called allow that denies",
    Topic.NO_DNS: "An egress policy that cuts DNS off",
    Topic.NO_API_SERVER: "An egress policy that cuts the API server off",
    Topic.NO_WEBHOOK: "An ingress policy that cuts a webhook off",
    Topic.NO_METADATA: "An egress policy that cuts the metadata service off",
}


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """Something the user should know that is no error: where, and one sentence.

    `is_kept`: it bears on how far the answer reaches, so that even the briefest report holds it.  `files` are all that
    it speaks of, where the sentence names a few of them.  `topic`: what a slip in a policy is about; it has no say in
    the order.
    """

    source: Source
    message: str
    is_kept: bool = False
    files: tuple[str, ...] = ()
    topic: Topic | None = field(default=None, compare=False)


class Why(Enum):
    """Why something that lies among the manifests was left out."""

    ENDING = "its name does not end in .json, .yaml or .yml, in these letters"
    LINK = "it is a link to a directory"
    EXCLUDED = "it is excluded"
    CHART = "it holds the templates of a Helm chart"
    UNLISTED = "it lies beside a kustomization that does not list it"
    NO_OBJECT = "it is no Kubernetes object"
    SKIPPED = "it is a template, of an object that can matter"
    KIND = "it is a kind of a live cluster that netproof does not know"

    @property
    def is_no_object(self) -> bool:
        """Whether it was looked into, and holds no object."""
        return self in (Why.NO_OBJECT, Why.SKIPPED)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, a directory or a document that lies where the user said, and that nothing was read from."""

    source: Source
    why: Why
