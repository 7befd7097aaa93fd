"""Sound files by their suffix. A new output format is one line in `OUTPUTS`; nothing here imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Output:
    """How a file is written, in FFmpeg's words."""

    container: str
    codec: str
    lossy: bool = True  # else 16 bits a sample
    kbits: int = 0  # kbit/s for each channel; 0: what the codec chooses
    brand: str = ""  # of an MP4: what kind of file it says it is
    options: Mapping[str, str] = field(default_factory=dict)  # of the codec
    loss: float = 0.0  # dB by which the codec turns sound down, about


# The encoders' own settings take two to three times as long. On 40 s of a reader DNSMOS hears no difference: AAC 3.31
# against 3.32, MP3 3.32 against 3.36, Opus 3.33 against 3.33.
QUICK_AAC = {"aac_coder": "fast"}
# Speech over a bed is packed as two channels of their own, each like a mono file: joint stereo takes 1.6 times as long.
QUICK_MP3 = {"compression_level": "7", "joint_stereo": "0"}
QUICK_OPUS = {"compression_level": "5"}
# What `tts.encoding.open_wave` writes.
OUTPUTS = {
    ".wav": Output("wav", "pcm_s16le", lossy=False),
    ".flac": Output("flac", "flac", lossy=False),
    ".ogg": Output("ogg", "libvorbis"),
    ".opus": Output("opus", "libopus", kbits=48, options=QUICK_OPUS),
    ".mp3": Output("mp3", "libmp3lame", kbits=64, options=QUICK_MP3, loss=0.4),
    ".m4a": Output("mp4", "aac", kbits=64, brand="M4A ", options=QUICK_AAC),
    ".m4b": Output("mp4", "aac", kbits=64, brand="M4B ", options=QUICK_AAC),
}
# What counts as a recording in a folder of them. libsndfile reads some of these, PyAV the rest.
AUDIO_SUFFIXES = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .m4a .m4b .mp4 .aac .wma .webm .aif .aiff".split(),
)
