"""The codec: a mel to one stream of discrete codes and back, after the discrete VAE of TorToiSe (arXiv 2305.07243).

Most weights work at the code rate, where a layer costs a `stride`-th of what it costs at the frame rate.
An optional CTC head reads text from the quantised vectors, so that codes keep what makes words understood.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dvae.quantize import Quantizer
from tts.mel import LogMel
from tts.nn import ChannelNorm, ConvBlock, init_weights
from tts.types import AudioConfig, Codes, Mel, mask


def heard_alone(log_mel: LogMel, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Mel:
    """The mel of each wave as it is without the waves beside it."""
    # Zeros behind every wave, as a batch's padding is: no clip's end depends on the clips beside it.
    silent = ~mask(wav_len, wav.shape[-1])
    mel = log_mel.measure(F.pad(wav.masked_fill(silent, 0.0), (0, log_mel.audio.n_fft)), wav_len)
    return mel.crop(0, -(-wav.shape[-1] // log_mel.audio.hop))


@dataclass
class Reconstruction:
    """What one training pass gives: all that the losses need."""

    mel: Mel
    codes: Codes
    penalty: Float[Tensor, ""]  # what the quantizer asks of the encoder
    ctc: Float[Tensor, "B L2 V"] | None  # logits, `ctc_steps` to a position; blank is id 0


class Tower(nn.Module):
    """Residual convolutions in which the end of a sequence looks the same with and without padding behind it."""

    def __init__(self, *, width: int, layers: int):
        super().__init__()
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=3, dilation=1, dropout=0.0) for _ in range(layers)
        )

    def forward(self, x: Float[Tensor, "B D K"], inside: Float[Tensor, "B 1 K"]) -> Float[Tensor, "B D K"]:
        for block in self.blocks:
            x = block(x * inside.to(x.dtype))  # zero beyond the end, as a convolution's own padding is
        return x * inside.to(x.dtype)


class MelEncoder(nn.Module):
    """Mel frames to one vector a code: a light look at frames, then a tower at the code rate."""

    def __init__(
        self, *, n_mels: int, frame_width: int, frame_layers: int, width: int, layers: int, stride: int, out_width: int
    ):
        super().__init__()
        self.stem = nn.Conv1d(n_mels, frame_width, 3, padding=1)
        self.frames = Tower(width=frame_width, layers=frame_layers)
        self.down = nn.Conv1d(frame_width, width, stride, stride=stride)
        self.codes = Tower(width=width, layers=layers)
        self.norm = ChannelNorm(width)
        self.out = nn.Conv1d(width, out_width, 1)

    def forward(
        self, x: Float[Tensor, "B M T"], frames: Float[Tensor, "B 1 T"], codes: Float[Tensor, "B 1 L"]
    ) -> Float[Tensor, "B D L"]:
        x = self.down(self.frames(self.stem(x * frames), frames))
        return self.out(self.norm(self.codes(x, codes)))


class MelDecoder(nn.Module):
    """Vectors at the code rate to mel frames: a tower, each code spread over its frames, then a light smoothing."""

    def __init__(self, *, n_mels: int, frame_width: int, frame_layers: int, width: int, layers: int, stride: int):
        super().__init__()
        self.codes = Tower(width=width, layers=layers)
        self.norm = ChannelNorm(width)
        self.up = nn.Conv1d(width, frame_width * stride, 1)
        self.stride = stride
        self.frames = Tower(width=frame_width, layers=frame_layers)
        self.frame_norm = ChannelNorm(frame_width)
        self.out = nn.Conv1d(frame_width, n_mels, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "B D L"], frames: Float[Tensor, "B 1 T"], codes: Float[Tensor, "B 1 L"]
    ) -> Float[Tensor, "B M T"]:
        x = self.up(self.norm(self.codes(x, codes)))
        x = rearrange(x, "b (d s) l -> b d (l s)", s=self.stride)
        return self.out(self.frame_norm(self.frames(x, frames)))


class CtcHead(nn.Module):
    """Quantised vectors to text logits. It sees a code and its neighbours only, so words must sit where they sound."""

    def __init__(self, *, width: int, vocab: int, steps: int):
        super().__init__()
        self.codes = Tower(width=width, layers=1)
        self.norm = ChannelNorm(width)
        self.out = nn.Conv1d(width, vocab * steps, 1)
        self.steps = steps

    def forward(self, x: Float[Tensor, "B D L"], codes: Float[Tensor, "B 1 L"]) -> Float[Tensor, "B L2 V"]:
        x = self.out(self.norm(self.codes(x, codes)))
        return rearrange(x, "b (v s) l -> b (l s) v", s=self.steps)


class Dvae(nn.Module):
    """Encoder, quantizer, decoder; `tts.types.Codec` once trained.

    `stride` mel frames make a position: one code, or as many as the quantizer takes turns. `ctc_vocab` is the
    vocabulary of the tokenizer whose ids the CTC head spells, 0 for no head; `ctc_steps` is how many CTC steps a
    position has, so that fast speech still fits.
    """

    def __init__(
        self,
        *,
        audio: AudioConfig,
        width: int,
        encoder_layers: int,
        decoder_layers: int,
        frame_width: int,
        frame_layers: int,
        stride: int,
        quantizer: Quantizer,
        ctc_vocab: int,
        ctc_steps: int,
    ):
        super().__init__()
        if ctc_steps % quantizer.turns:
            raise ValueError(f"ctc_steps={ctc_steps} cannot be shared out to {quantizer.turns} codes: give a multiple")
        self.audio = audio
        self.stride = stride
        self.turns = self.grain = quantizer.turns
        self.code_rate: Fraction = audio.code_rate(stride) * self.turns
        self.codebook_size: int = quantizer.codebook_size
        self.ctc_vocab = ctc_vocab
        self.log_mel = LogMel(audio)
        sizes = {"n_mels": audio.n_mels, "frame_width": frame_width, "frame_layers": frame_layers, "width": width}
        self.encoder = MelEncoder(**sizes, layers=encoder_layers, stride=stride, out_width=quantizer.in_width)
        self.quantizer = quantizer
        self.embed = nn.Conv1d(quantizer.out_width, width, 1)
        self.decoder = MelDecoder(**sizes, layers=decoder_layers, stride=stride)
        self.ctc = CtcHead(width=width, vocab=ctc_vocab, steps=ctc_steps) if ctc_vocab else None
        for part in (self.encoder, self.embed, self.decoder, self.ctc):
            if part is not None:
                init_weights(part)

    def forward(self, mel: Mel) -> Reconstruction:
        frames, length = self._whole_codes(mel)
        inside = mask(length, frames.shape[-1] // self.stride)
        codes_in, frames_in = self._masks(inside)
        quantized = self.quantizer(self.encoder(frames, frames_in, codes_in), inside)
        x = self.embed(quantized.values)
        out = self.decoder(x, frames_in, codes_in)[..., : mel.frames.shape[-1]]
        return Reconstruction(
            mel=Mel(out, mel.length),
            codes=Codes(quantized.ids, length * self.turns),
            penalty=quantized.penalty,
            ctc=self.ctc(x, codes_in) if self.ctc is not None else None,
        )

    @torch.no_grad()
    def encode(
        self,
        wav: Float[Tensor, "B N"],
        wav_len: Int[Tensor, " B"],
        *,
        disguise: Callable[[Mel], Mel] | None = None,
    ) -> Codes:
        """Codes of each wave, the last one counting frames it only begins to fill. Ids beyond a length are 0.

        With `disguise` they are those of the mels that it makes of the waves' own.
        """
        mel = heard_alone(self.log_mel, wav, wav_len)
        frames, length = self._whole_codes(disguise(mel) if disguise else mel)
        inside = mask(length, frames.shape[-1] // self.stride)
        codes_in, frames_in = self._masks(inside)
        quantized = self.quantizer(self.encoder(frames, frames_in, codes_in), inside)
        length = length * self.turns
        return Codes(quantized.ids.masked_fill(~mask(length, quantized.ids.shape[1]), 0), length)

    @torch.no_grad()
    def decode(self, codes: Codes) -> Mel:
        """The mel of the positions that codes stand for, `stride` frames each; frames beyond a length are silence."""
        x, inside = self._vectors(codes)
        codes_in, frames_in = self._masks(inside)
        frames = self.decoder(x, frames_in, codes_in)
        return Mel(frames.masked_fill(frames_in == 0, self.log_mel.silence), inside.sum(1) * self.stride)

    @torch.no_grad()
    def spell(self, codes: Codes) -> Float[Tensor, "B L2 V"] | None:
        """Log-probabilities of text ids, `ctc_steps` to a position, blank 0; None without a CTC head."""
        if self.ctc is None:
            return None
        x, inside = self._vectors(codes)
        codes_in, _ = self._masks(inside)
        return self.ctc(x, codes_in).float().log_softmax(-1)

    def _vectors(self, codes: Codes) -> tuple[Float[Tensor, "B D L"], Bool[Tensor, "B L"]]:
        """What the decoder sees at each position, and which are inside; a last one that lacks codes is dropped."""
        whole = codes.ids.shape[1] // self.turns
        if not whole:
            raise ValueError(f"{codes.ids.shape[1]} codes are less than one position of {self.turns}")
        inside = mask(codes.length // self.turns, whole)
        ids = codes.ids[:, : whole * self.turns].masked_fill(~inside.repeat_interleave(self.turns, dim=1), 0)
        return self.embed(self.quantizer.decode_ids(ids)), inside

    def _whole_codes(self, mel: Mel) -> tuple[Tensor, Tensor]:
        """Frames padded with silence to a multiple of `stride`, and lengths in positions."""
        frames = F.pad(mel.frames, (0, -mel.frames.shape[-1] % self.stride), value=self.log_mel.silence)
        return frames, -(-mel.length // self.stride)

    def _masks(self, inside: Tensor) -> tuple[Tensor, Tensor]:
        """1 inside and 0 beyond the end, over codes (B, 1, L) and over their frames (B, 1, T)."""
        codes = inside[:, None].float()
        return codes, codes.repeat_interleave(self.stride, dim=-1)
