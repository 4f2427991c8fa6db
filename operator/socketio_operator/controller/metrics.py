"""What the operator counts, for Prometheus.

Queue, reconciles and requests have the names of controller-runtime and client-go: dashboards and alerts that were made
for operators written with them show this one as well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from socketio_operator import __version__
from socketio_operator.controller.key import Key
from socketio_operator.plan.observed import Live

# How both label what reconciles a kind: the kind in lower case.
CONTROLLER = "socketiocluster"
# client-go's code of a request that got no answer.
NO_ANSWER = "<error>"
# Bounds in seconds.
QUEUE_SECONDS = (0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
RECONCILE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Present:
    """What is read at a scrape. `under_work`: seconds that each visit has taken so far; `silence`: by watch."""

    waiting: int
    under_work: tuple[float, ...]
    clusters: Mapping[Key, Live]
    silence: Mapping[str, float]


class QueueMeter:
    """What goes through the work queue."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"workqueue_{name}", text, ["name"], registry=registry).labels(CONTROLLER)

        def histogram(name: str, text: str) -> Histogram:
            found = Histogram(f"workqueue_{name}", text, ["name"], registry=registry, buckets=QUEUE_SECONDS)
            return found.labels(CONTROLLER)

        self.adds = counter("adds", "SocketIOClusters that were queued")
        self.retries = counter("retries", "Visits that failed and are repeated")
        self.waits = histogram("queue_duration_seconds", "Time from being queued to being visited")
        self.visits = histogram("work_duration_seconds", "Time of a visit")


class ReconcileMeter:
    """How reconciles end and how long they take."""

    def __init__(self, registry: CollectorRegistry, workers: int) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"controller_runtime_{name}", text, ["controller"], registry=registry).labels(CONTROLLER)

        self._ends = Counter(
            "controller_runtime_reconcile", "Reconciles by result", ["controller", "result"], registry=registry
        )
        self._errors = Counter(
            "controller_runtime_reconcile_errors", "Reconciles that failed", ["controller"], registry=registry
        ).labels(CONTROLLER)
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Time of a reconcile",
            ["controller"],
            registry=registry,
            buckets=RECONCILE_SECONDS,
        ).labels(CONTROLLER)
        for result in ("success", "requeue_after", "error"):
            self._ends.labels(CONTROLLER, result)
        self._active = gauge("active_workers", "Reconciles under way")
        gauge("max_concurrent_reconciles", "Reconciles at once, at most").set(workers)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Around one reconcile."""
        with self._active.track_inprogress(), self._seconds.time():
            yield

    def succeeded(self, again: float | None) -> None:
        """It ended well. `again`: seconds until the next for a reason of its own, None if there is none."""
        self._ends.labels(CONTROLLER, "success" if again is None else "requeue_after").inc()

    def failed(self) -> None:
        """It will be repeated."""
        self._ends.labels(CONTROLLER, "error").inc()
        self._errors.inc()


class Metrics:
    """All of them, in a registry of their own."""

    def __init__(self, workers: int) -> None:
        # The time at which each series began would be one series more.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.queue = QueueMeter(self.registry)
        self.reconciles = ReconcileMeter(self.registry, workers)
        self._requests = Counter(
            "rest_client_requests", "Requests to the API server", ["code", "method"], registry=self.registry
        )
        Info("socketio_operator_build", "Version of the operator", registry=self.registry).info(
            {"version": __version__}
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def show(self, present: Callable[[], Present]) -> None:
        """Adds what is asked for at each scrape."""
        self.registry.register(_Presence(present))

    async def count(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Middleware of sessions to the API server."""
        code = NO_ANSWER
        try:
            response = await handler(request)
            code = str(response.status)
        finally:
            self._requests.labels(code, request.method).inc()
        return response


class _Presence(Collector):
    def __init__(self, present: Callable[[], Present]) -> None:
        self._present = present

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: the registry would else collect at once, to learn the names."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._present()
        yield _queued("depth", "SocketIOClusters that wait for a worker", now.waiting)
        yield _queued("unfinished_work_seconds", "Time of all visits that are under way", sum(now.under_work))
        longest = max(now.under_work, default=0.0)
        yield _queued("longest_running_processor_seconds", "Time of the longest visit that is under way", longest)
        yield GaugeMetricFamily("socketio_operator_clusters", "SocketIOClusters", value=len(now.clusters))
        yield _silence(now.silence)
        yield _conditions(now.clusters)


def _queued(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"workqueue_{name}", text, labels=["name"])
    family.add_metric([CONTROLLER], value)
    return family


def _silence(watches: Mapping[str, float]) -> GaugeMetricFamily:
    text = "Time since the API server was last heard on a watch; it speaks about once a minute"
    family = GaugeMetricFamily("socketio_operator_watch_silence_seconds", text, labels=["watch"])
    for watch, seconds in watches.items():
        family.add_metric([watch], seconds)
    return family


def _conditions(clusters: Mapping[Key, Live]) -> GaugeMetricFamily:
    labels = ["namespace", "name", "type", "status", "reason"]
    family = GaugeMetricFamily("socketio_operator_cluster_condition", "1 for what a condition is now", labels=labels)
    for key, body in clusters.items():
        for found in body.get("status", {}).get("conditions", ()):
            family.add_metric([key.namespace, key.name, found["type"], found["status"], found["reason"]], 1)
    return family
