from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0)


class Metrics:
    """Every series of one gateway process, in a registry of its own; label sets are fixed and small."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.requests = Counter(
            "forebay_requests", "Requests by outcome.", ("route", "provider", "outcome"), registry=registry
        )
        self.request_seconds = Histogram(
            "forebay_request_seconds",
            "From accept to the end of the answer.",
            ("route",),
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge("forebay_requests_in_flight", "Requests under way.", registry=registry)
        self.degraded = Counter("forebay_degraded_answers", "Answers of the stub.", ("route",), registry=registry)
        self.attempts = Counter(
            "forebay_upstream_attempts",
            "Upstream calls by how they ended.",
            ("provider", "endpoint", "result"),
            registry=registry,
        )
        self.attempt_seconds = Histogram(
            "forebay_upstream_attempt_seconds",
            "One upstream call, a stream to its end.",
            ("provider",),
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.breaker_state = Gauge(
            "forebay_breaker_state", "0 closed, 1 half open, 2 open.", ("provider", "endpoint"), registry=registry
        )
        self.retries = Counter("forebay_retries", "Retries of one provider.", ("provider", "reason"), registry=registry)
        self.fallbacks = Counter(
            "forebay_fallbacks", "Moves on to a later provider.", ("provider", "code"), registry=registry
        )
        self.ray_backoffs = Counter(
            "forebay_ray_backoffs", "Waits for Ray Serve to scale, and how they ended.", ("event",), registry=registry
        )
        self.ray_failures = Counter(
            "forebay_ray_request_failures", "Requests that left Ray Serve unanswered.", ("code",), registry=registry
        )
        self.tokens = Counter("forebay_tokens", "Tokens as counted upstream.", ("provider", "kind"), registry=registry)

    def render(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)
