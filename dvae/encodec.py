"""EnCodec (Défossez et al. 2022, arXiv 2210.13438) behind our codec protocol: another tokenizer, and a reference."""

from fractions import Fraction
from pathlib import Path
from pickle import UnpicklingError

import torch
from einops import rearrange
from encodec import EncodecModel
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.mel import LogMel
from tts.types import AudioConfig, Codes, Mel, mask

HOP = 320  # samples per frame at 24 kHz: 75 frames/s
BINS = 1024  # entries per codebook; each codebook is 0.75 kbit/s


class EncodecCodec(nn.Module):
    """The 24 kHz model at `bandwidth` kbit/s. Its codebooks take turns in one stream, each with ids of its own.

    Frame t's id in codebook q stands at t * codebooks + q, as q * 1024 + entry. `weights` is a local copy of
    encodec_24khz-d7cc33bc.th; None leaves random weights, for tests and for loading one of our own checkpoints.
    """

    def __init__(self, *, audio: AudioConfig, bandwidth: float, weights: str | None):
        super().__init__()
        if audio.sample_rate != 24000:
            raise ValueError(f"EnCodec's speech model works at 24000 Hz, not {audio.sample_rate}: use audio=24khz")
        self.audio = audio
        self.log_mel = LogMel(audio)
        self.model = EncodecModel.encodec_model_24khz(pretrained=False)
        self.model.set_target_bandwidth(bandwidth)
        if weights is not None:
            self.model.load_state_dict(_read(Path(weights)), strict=True)
        self.codebooks = self.model.quantizer.get_num_quantizers_for_bandwidth(self.model.frame_rate, bandwidth)
        self.codebook_size = self.codebooks * BINS
        self.code_rate = Fraction(audio.sample_rate, HOP) * self.codebooks
        self.grain = (audio.frame_rate * HOP / audio.sample_rate).denominator * self.codebooks
        self.register_buffer("offsets", torch.arange(self.codebooks)[:, None] * BINS, persistent=False)  # (Q, 1)

    @torch.no_grad()
    def encode(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Codes:
        """Codes of each wave. The model is causal, so nothing behind a wave's end changes them."""
        wav = wav.masked_fill(~mask(wav_len, wav.shape[-1]), 0.0)
        wav = F.pad(wav, (0, -wav.shape[-1] % HOP))
        ((entries, _),) = self.model.encode(wav[:, None])  # (B, Q, frames)
        ids = rearrange(entries + self.offsets, "b q t -> b (t q)")
        length = -(-wav_len // HOP) * self.codebooks
        return Codes(ids.masked_fill(~mask(length, ids.shape[1]), 0), length)

    @torch.no_grad()
    def decode(self, codes: Codes) -> Mel:
        """The mel of the wave that whole frames of codes stand for; ids out of turn are read as their codebook's."""
        return self.log_mel.measure(self.to_wave(codes), self._frames(codes) * HOP)

    @torch.no_grad()
    def to_wave(self, codes: Codes) -> Float[Tensor, "B N"]:
        """EnCodec's own wave, at 24 kHz; a last frame that lacks codebooks is dropped."""
        frames = codes.ids.shape[1] // self.codebooks
        if not frames:
            raise ValueError(f"{codes.ids.shape[1]} codes are less than one frame of {self.codebooks} codebooks")
        ids = rearrange(codes.ids[:, : frames * self.codebooks], "b (t q) -> b q t", q=self.codebooks)
        wav = self.model.decode([(ids % BINS, None)]).squeeze(1)
        return wav.masked_fill(~mask(self._frames(codes) * HOP, wav.shape[-1]), 0.0)

    def spell(self, codes: Codes) -> None:
        """Nothing: EnCodec was never taught to spell."""

    def _frames(self, codes: Codes) -> Int[Tensor, " B"]:
        return codes.length // self.codebooks


def _read(path: Path) -> dict[str, Tensor]:
    """A state dict from a file, and nothing else: pickled code is refused."""
    if not path.is_file():
        raise ValueError(f"no EnCodec weights at {path}: download encodec_24khz-d7cc33bc.th from the encodec project")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(f"{path} is no plain state dict of EnCodec: {error}") from None
