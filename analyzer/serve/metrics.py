"""What the gate tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from analyzer.serve.state import LiveState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    def __init__(self, state: LiveState) -> None:
        self._registry = CollectorRegistry()
        self.admissions = Counter(
            "netproof_admissions", "Changes judged, by what became of them.", ["outcome"], registry=self._registry
        )
        self.seconds = Histogram(
            "netproof_admission_seconds", "How long a change was judged.", buckets=_BUCKETS, registry=self._registry
        )
        self._registry.register(_Standing(state))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Standing(Collector):
    """How what is followed stands, asked when Prometheus asks."""

    def __init__(self, state: LiveState) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        current = GaugeMetricFamily(
            "netproof_current", "Whether what is kept is what the cluster has.", labels=["resource"]
        )
        lost = GaugeMetricFamily("netproof_watches_lost", "How often it had to be listed again.", labels=["resource"])
        for follower in self._state.followers:
            current.add_metric([follower.resource.called], float(follower.is_current))
            lost.add_metric([follower.resource.called], float(follower.losses))
        yield current
        yield lost
        yield GaugeMetricFamily("netproof_objects", "How many objects are kept.", value=len(self._state.objects))
