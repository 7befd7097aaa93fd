"""The decoder, a child process with limits: `python -m tts.alignment.unpack RATE LIMITS < recording > samples`.

Recordings are untrusted input. The process that decodes them has limits on memory and time, can open no other file, and
may crash without harm to the run. It does not import torch, because it starts once per recording. It writes one line
of JSON to standard error: what the file is, or why it is refused.
"""

import json
import math
import sys
from itertools import chain

import numpy as np

# FFmpeg's demuxer for each suffix. Playlists are left out because they name other files.
CONTAINERS = {
    "mp3": "mp3",
    "m4a": "mov,mp4,m4a,3gp,3g2,mj2",
    "m4b": "mov,mp4,m4a,3gp,3g2,mj2",
    "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "ogg": "ogg",
    "opus": "ogg",
    "flac": "flac",
    "wav": "wav",
}
MAX_CHAPTERS = 10_000
SECONDS_OF_PROCESSOR = 3600  # for one file, enough for 200 hours at 200 times real time


def main() -> None:
    rate, limits = int(sys.argv[1]), json.loads(sys.argv[2])
    _confine(limits["bytes"])
    import av

    try:
        print(json.dumps(unpack(rate, limits)), file=sys.stderr)
    except (ValueError, OSError, MemoryError, OverflowError) as error:  # FFmpeg's errors are ValueErrors and OSErrors
        reason = "too little memory to decode it" if isinstance(error, MemoryError) else _line(error)
        if isinstance(error, OSError | av.error.FFmpegError):
            reason = f"cannot be decoded ({reason})"
        print(json.dumps({"refused": reason}), file=sys.stderr)


def unpack(rate: int, limits: dict) -> dict:
    """Decode standard input to standard output. Raises ValueError beyond `limits`, and whatever FFmpeg raises."""
    import av

    options = {"format_whitelist": ",".join(sorted(set(CONTAINERS.values()))), "protocol_whitelist": "none"}
    with av.open(sys.stdin.buffer, options=options, metadata_errors="replace") as container:
        if not container.streams.audio:
            raise ValueError("no audio in it")
        stream = container.streams.audio[0]
        stream.thread_type = "NONE"
        claimed = _seconds(container, stream)
        _check(container.format.name, stream.rate or 0, stream.channels, claimed, limits)
        found = {
            "container": container.format.name,
            "codec": stream.codec_context.name,
            "rate": stream.rate,
            "channels": stream.channels,
            "chapters": [[float(c["start"] * c["time_base"]), _title(c)] for c in container.chapters()[:MAX_CHAPTERS]],
            "tags": {str(k).lower(): str(v)[:300] for k, v in {**container.metadata, **stream.metadata}.items()},
        }
        # Channels are averaged below, because FFmpeg's own mix of two is 3 dB louder and may clip. Frames of one second
        # are faster to handle than the short ones of the codec.
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate, frame_size=rate)
        samples, peak, clipped, broken = 0, 0.0, 0, ""
        try:
            for frame in chain(container.decode(stream), (None,)):  # None flushes the resampler
                for block in resampler.resample(frame):
                    wave = block.to_ndarray().mean(0)
                    if not np.isfinite(wave).all():
                        raise ValueError("samples that are not finite")
                    samples += len(wave)
                    if samples > limits["seconds"] * rate:
                        raise ValueError(f"more than {limits['seconds'] / 3600:g} hours long")
                    level = np.abs(wave)
                    peak, clipped = max(peak, float(level.max(initial=0.0))), clipped + int((level >= 0.999).sum())
                    _write(wave)
        except av.error.FFmpegError as error:
            broken = _line(error)
    if not samples:
        raise ValueError(broken or "no audio in it")
    seconds = samples / rate
    if broken or seconds < claimed * (1 - limits["max_missing"]) - 1:
        raise ValueError(
            f"truncated or damaged: {seconds:.1f} of {claimed:.1f} s can be read" + f" ({broken})" * bool(broken)
        )
    return {**found, "seconds": seconds, "samples": samples, "peak": peak, "clipped": clipped / samples}


def _title(chapter: dict) -> str:
    return str((chapter.get("metadata") or {}).get("title", ""))[:300]


def _write(wave: np.ndarray) -> None:
    sys.stdout.buffer.write(np.rint(np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes())


def _seconds(container, stream) -> float:
    """The length according to the header; 0 if it gives none."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1_000_000


def _check(format: str, rate: int, channels: int, seconds: float, limits: dict) -> None:
    if format != CONTAINERS.get(limits["suffix"]):
        raise ValueError(f"its name ends in .{limits['suffix']}, but it is {format}")
    low, high = limits["rates"]
    if not low <= rate <= high:
        raise ValueError(f"sample rate of {rate} Hz; rates from {low} to {high} Hz are read")
    if not 0 < channels <= limits["channels"]:
        raise ValueError(f"{channels} channels; at most {limits['channels']} are read")
    if not math.isfinite(seconds) or seconds > limits["seconds"]:
        raise ValueError(f"{seconds / 3600:.1f} hours long; at most {limits['seconds'] / 3600:g} are read at once")


def _line(error: BaseException) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())[:200]


def _confine(bytes: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (bytes, bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_PROCESSOR, SECONDS_OF_PROCESSOR))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
