"""The texts that manifests were read from, as far as findings look into them.  Who reads files gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from analyzer.model.cluster import Cluster
from analyzer.model.policies import PolicyLike

Step = str | int
Path = tuple[Step, ...]


class PlacedText(Protocol):
    """An object in a text; paths lead to its fields and to the items of its lists."""

    @property
    def file(self) -> str: ...
    @property
    def lines(self) -> Sequence[str]: ...
    @property
    def value(self) -> Any: ...
    def start(self, *path: Step) -> tuple[int, int] | None: ...
    def rewritten(self, value: Any) -> Sequence[str] | None: ...


class Texts(Protocol):
    def policy(self, policy: PolicyLike) -> PlacedText | None: ...
    def line(self, file: str, number: int) -> str: ...
    def lines(self, file: str) -> Sequence[str]: ...
    def written(self, value: Any) -> Sequence[str]: ...
    def changed(self, files: Mapping[str, Sequence[str]]) -> Cluster | None: ...
    def with_files(self, files: Mapping[str, Sequence[str]]) -> Texts: ...
    def takes(self, file: str) -> bool: ...


class NoTexts:
    """Nothing can be looked into."""

    def policy(self, policy: PolicyLike) -> PlacedText | None:
        return None

    def line(self, file: str, number: int) -> str:
        return ""

    def lines(self, file: str) -> Sequence[str]:
        return ()

    def written(self, value: Any) -> Sequence[str]:
        return ()

    def changed(self, files: Mapping[str, Sequence[str]]) -> Cluster | None:
        return None

    def with_files(self, files: Mapping[str, Sequence[str]]) -> Texts:
        return self

    def takes(self, file: str) -> bool:
        return True
