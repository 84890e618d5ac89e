"""What is counted, in a registry of its own, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from .queue import Queue

PREFIX = "openmetadata_events"


class Metrics:
    """The counters of a process, and gauges of the queue that outlives it."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.received = self._counter("received", "Events that were taken into the queue")
        self.duplicates = self._counter("duplicates", "Events that had been received before, and were dropped")
        self.ignored = self._counter("ignored", "Events that no handler is to have")
        self.refused = self._counter("refused", "Requests that were refused, by the status of the answer", "status")
        self.handled = self._counter("handled", "Deliveries that are done", "handler")
        self.retried = self._counter("retried", "Attempts that did not work and are made again", "handler")
        self.dead = self._counter("dead", "Deliveries that were given up", "handler")
        self.answer_seconds = Histogram(
            f"{PREFIX}_answer_seconds", "Seconds that an answer to OpenMetadata took", registry=self._registry
        )
        self._depth = Gauge(f"{PREFIX}_deliveries", "Deliveries in the queue", ["state"], registry=self._registry)
        self._oldest = Gauge(
            f"{PREFIX}_oldest_seconds", "Age of the event that has waited longest", registry=self._registry
        )

    def text(self, queue: Queue) -> bytes:
        """All of it, in Prometheus' text format."""
        for state, number in queue.depth().items():
            self._depth.labels(state).set(number)
        self._oldest.set(queue.oldest())
        return generate_latest(self._registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", says, labels, registry=self._registry)
