"""Where in the user's files something stands."""

from __future__ import annotations

from enum import Enum

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A file and a line, counted from 1; line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Source("", 0)


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """Something the user should know that is no error: where, and one sentence.

    `is_kept`: it bears on how far the answer reaches, so that even the briefest report holds it.  `files` are all that
    it speaks of, where the sentence names a few of them.
    """

    source: Source
    message: str
    is_kept: bool = False
    files: tuple[str, ...] = ()


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
