"""Prometheus metrics of the live stream."""

import prometheus_client

_DELAYS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    def __init__(self, registry: prometheus_client.CollectorRegistry) -> None:
        self.open = prometheus_client.Gauge("message_hub_streams_open", "Open streams.", registry=registry)
        self.events = prometheus_client.Counter(
            "message_hub_stream_events", "Events published to streams, by kind.", ["event"], registry=registry
        )
        self.rejected = prometheus_client.Counter(
            "message_hub_streams_refused", "Streams rejected because as many as allowed were open.", registry=registry
        )
        self.ended = prometheus_client.Counter(
            "message_hub_streams_ended", "Streams that ended, by reason.", ["reason"], registry=registry
        )
        self.delay = prometheus_client.Histogram(
            "message_hub_stream_delay_seconds",
            "From a message's acceptance until it was published to the streams.",
            registry=registry,
            buckets=_DELAYS_S,
        )
