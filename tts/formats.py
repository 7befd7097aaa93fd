"""Sound files by their suffix. A new output format is one line in `OUTPUTS`; nothing here imports torch."""

# What `tts.audio.open_wave` writes: container and coding, in libsndfile's words.
OUTPUTS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
}
# What counts as a recording in a folder of them. libsndfile reads some of these, PyAV the rest.
AUDIO_SUFFIXES = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .m4a .m4b .mp4 .aac .wma .webm .aif .aiff".split(),
)
