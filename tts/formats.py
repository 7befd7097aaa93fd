"""Sound files by their suffix. A new output format is one line in `OUTPUTS`; nothing here imports torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """How a file is written, in FFmpeg's words."""

    container: str
    codec: str
    kbits: int = 0  # kbit/s for each channel; 0: lossless, 16 bits a sample
    brand: str = ""  # of an MP4: what kind of file it says it is


# What `tts.encoding.open_wave` writes.
OUTPUTS = {
    ".wav": Output("wav", "pcm_s16le"),
    ".flac": Output("flac", "flac"),
    ".ogg": Output("ogg", "libvorbis", kbits=64),
    ".opus": Output("opus", "libopus", kbits=48),
    ".mp3": Output("mp3", "libmp3lame", kbits=64),
    ".m4a": Output("mp4", "aac", kbits=64, brand="M4A "),
    ".m4b": Output("mp4", "aac", kbits=64, brand="M4B "),
}
# What counts as a recording in a folder of them. libsndfile reads some of these, PyAV the rest.
AUDIO_SUFFIXES = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .m4a .m4b .mp4 .aac .wma .webm .aif .aiff".split(),
)
