"""Stage 2: where somebody speaks, and the cuts into clips of a few seconds."""

from data.prepare.ingest import SourceRefused
from tts.alignment import segment as segments
from tts.alignment.recording import Samples
from tts.alignment.segment import SegmentConfig


def segment(samples: Samples, config: SegmentConfig) -> dict:
    """Spans of speech, and clips that hold them, as [start, end] in seconds. Raises SourceRefused if nobody speaks."""
    spans, clips = segments.segment(samples, config)
    if not spans:
        raise SourceRefused("no speech in it")
    return {"speech": _rounded(spans), "clips": _rounded(clips)}


def _rounded(spans: list[tuple[float, float]]) -> list[list[float]]:
    return [[round(start, 4), round(end, 4)] for start, end in spans]
