"""What the service tells Prometheus. Nothing in it says who asked for what."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
SENTENCES = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
FACTORS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self, *, turns: Callable[[], int]):
        registry = CollectorRegistry()
        self.registry = registry
        self.requests = Counter(
            "triforce_requests", "Requests that were answered", ["route", "method", "status"], registry=registry
        )
        self.first_audio = Histogram(
            "triforce_first_audio_seconds", "From a request to its first sound", buckets=SECONDS, registry=registry
        )
        self.rtf = Histogram(
            "triforce_real_time_factor",
            "Seconds of the engine for a second of sound",
            buckets=FACTORS,
            registry=registry,
        )
        self.batch = Histogram(
            "triforce_batch_sentences", "Sentences that share a step of the GPT", buckets=SENTENCES, registry=registry
        )
        self.sound = Counter("triforce_sound_seconds", "Seconds of sound that were made", registry=registry)
        self.doubtful = Counter(
            "triforce_doubtful_sentences", "Sentences in which the check found a fault", registry=registry
        )
        self.faults = Counter("triforce_faults", "Errors of the service itself", ["type"], registry=registry)
        Gauge("triforce_turns", "Requests that the engine works for", registry=registry).set_function(turns)
        ProcessCollector(registry=registry)  # memory and processor of this process

    def spoken(self, seconds: float, faults: int, used: float) -> None:
        """A text was spoken to its end: seconds of sound, sentences with a fault, seconds of the engine."""
        self.sound.inc(seconds)
        self.doubtful.inc(faults)
        if seconds:
            self.rtf.observe(used / seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)
