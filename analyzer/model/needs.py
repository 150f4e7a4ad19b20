"""What workloads need besides each other, as objects beside them tell: the API server, the cloud's metadata service."""

from __future__ import annotations

from enum import Enum

from analyzer.model.source import Source
from analyzer.records import dataclass


class NeedKind(Enum):
    API_SERVER = "the API server"  # pods of a service account that is granted something there
    METADATA = "the metadata service"  # pods of a service account that gets its cloud identity from it
    WEBHOOK = "webhook"  # the API server calls a Service


@dataclass(frozen=True, slots=True)
class Need:
    """`namespace` and `name` are those of a service account, or of the Service that is called on its `port`; `by` is
    the object that says so."""

    namespace: str
    name: str
    by: str
    source: Source
    kind: NeedKind
    port: int = 443
