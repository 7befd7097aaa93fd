"""Diffusion decoder: codes, their coarse mel and a speaker become a detailed mel.

The denoiser works on patches of a few mel frames with dense convolutions of kernel 3 (fastest on CPUs and GPUs) and
a few layers of full attention. Time and speaker enter as scale and shift of every norm (adaLN; DiT, arXiv 2212.09748,
section 3.2). What all steps share is encoded once per utterance (`encode`). Padding never changes a sequence.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.process import Process
from diffusion.sample import find_sampler, guide
from tts.nn import Attention, ConvBlock, Rotary, SwiGLU, TimeEmbedding, init_weights
from tts.speaker import SpeakerEncoder
from tts.types import AudioConfig, Condition, Mel, mask


@dataclass
class Encoded:
    """What every step of one utterance shares."""

    hidden: Float[Tensor, "B D K"]  # condition, one vector a patch
    coarse: Float[Tensor, "B M T"]  # zeros where the content is dropped
    speaker: Float[Tensor, "B E"]
    frames: Bool[Tensor, "B T"]  # inside an utterance
    patches: Bool[Tensor, "B K"]

    def __add__(self, other: "Encoded") -> "Encoded":
        """Both as one batch."""
        return Encoded(**{name: torch.cat((value, vars(other)[name])) for name, value in vars(self).items()})


class ModulatedNorm(nn.Module):
    """RMSNorm over channels whose gain and shift come from the modulation vector; starts as a plain norm."""

    def __init__(self, *, width: int, modulation: int):
        super().__init__()
        self.gain_shift = nn.Linear(modulation, 2 * width)

    def forward(self, x: Float[Tensor, "B D K"], modulation: Float[Tensor, "B E"]) -> Float[Tensor, "B D K"]:
        gain, shift = self.gain_shift(modulation)[..., None].to(x.dtype).chunk(2, dim=1)
        # One pass over x: squaring a float32 copy costs a CPU more than the convolution that follows.
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32)
        scale = (norm.square() / x.shape[1] + 1e-6).rsqrt().to(x.dtype)
        return torch.addcmul(shift, x * scale, 1 + gain)


class ConvLayer(nn.Module):
    """`tts.nn.ConvBlock` with modulation; padding is set to zero before the convolution reads it."""

    def __init__(self, *, width: int, modulation: int, dropout: float):
        super().__init__()
        self.norm = ModulatedNorm(width=width, modulation=modulation)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.outer = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, modulation: Tensor, inside: Bool[Tensor, "B K"]) -> Float[Tensor, "B D K"]:
        y = F.silu(self.norm(x, modulation)) * inside[:, None].to(x.dtype)
        return x + self.outer(self.dropout(F.silu(self.inner(y))))


class AttentionLayer(nn.Module):
    """Pre-norm transformer block with modulation, over the whole utterance."""

    def __init__(self, *, width: int, heads: int, hidden: int, modulation: int):
        super().__init__()
        self.attention_norm = ModulatedNorm(width=width, modulation=modulation)
        self.attention = Attention(width=width, heads=heads)
        self.mlp_norm = ModulatedNorm(width=width, modulation=modulation)
        self.mlp = SwiGLU(width=width, hidden=hidden)
        self.rotary = Rotary(head_width=width // heads)

    def forward(self, x: Tensor, modulation: Tensor, inside: Bool[Tensor, "B K"]) -> Float[Tensor, "B D K"]:
        rotary = self.rotary(torch.arange(x.shape[-1], device=x.device))
        y = self.attention_norm(x, modulation).mT
        x = x + self.attention(y, rotary, causal=False, mask=inside[:, None, None]).mT
        return x + self.mlp(self.mlp_norm(x, modulation).mT).mT


class ConditionEncoder(nn.Module):
    """Codes (and GPT latents) at their own rate, joined with the coarse mel at the rate of patches."""

    def __init__(
        self,
        *,
        codebook_size: int,
        latent_width: int | None,
        frames_per_code: Fraction,
        patch_bins: int,
        patch: int,
        width: int,
        code_layers: int,
        layers: int,
        dropout: float,
    ):
        super().__init__()
        self.patch = patch
        self.frames_per_code = frames_per_code
        self.code = nn.Embedding(codebook_size, width)
        self.latent = None if latent_width is None else nn.Linear(latent_width, width)
        block = {"width": width, "hidden": width, "kernel": 3, "dilation": 1, "dropout": dropout}
        self.code_blocks = nn.ModuleList(ConvBlock(**block) for _ in range(code_layers))
        self.coarse = nn.Conv1d(patch_bins, width, 3, padding=1)
        self.blocks = nn.ModuleList(ConvBlock(**block) for _ in range(layers))

    def forward(
        self, condition: Condition, coarse: Float[Tensor, "B C K"], inside: Bool[Tensor, "B K"]
    ) -> Float[Tensor, "B D K"]:
        codes = condition.codes
        x = self.code(codes.ids)
        if self.latent is not None and condition.latents is not None:
            x = x + self.latent(condition.latents)
        within = mask(codes.length, codes.ids.shape[1])[:, None].to(x.dtype)
        x = x.mT * within
        for block in self.code_blocks:
            x = block(x) * within
        x = x[..., self.code_at(inside.shape[1], codes.ids.shape[1]).to(x.device)] + self.coarse(coarse)
        for block in self.blocks:
            x = block(x * inside[:, None].to(x.dtype))
        return x

    def code_at(self, patches: int, codes: int) -> Int[Tensor, " K"]:
        """The code that sounds at the centre of each patch, in exact arithmetic; the last one sounds on."""
        rate = self.frames_per_code
        centre = (2 * torch.arange(patches) + 1) * self.patch  # half frames
        return (centre * rate.denominator // (2 * rate.numerator)).clamp(max=codes - 1)


class DiffusionDecoder(nn.Module):
    """The net and its process; implements `tts.types.Decoder`."""

    def __init__(
        self,
        *,
        audio: AudioConfig,
        process: Process,
        codebook_size: int,
        frames_per_code: int | str,  # exact: 4, or "5/4" where rates do not divide
        latent_width: int | None,  # of the GPT; null: codes only
        speaker: dict,  # SpeakerEncoder's sizes
        patch: int,  # mel frames
        width: int,
        code_layers: int,
        condition_layers: int,
        groups: int,  # of the denoiser, each `convs` convolutions and one attention
        convs: int,
        heads: int,
        hidden: int,  # of the feed-forward layers
        modulation: int,  # width of the vector of time and speaker
        temperature: float,  # of the noise that sampling starts from; below 1 trades variety for smoothness
        dropout: float,
    ):
        super().__init__()
        self.process = process
        self.temperature = temperature
        self.patch = patch
        self.silence = (math.log(audio.floor) - audio.mean) / audio.std
        bins = audio.n_mels * patch
        self.speaker = SpeakerEncoder(n_mels=audio.n_mels, **speaker)
        self.null_speaker = nn.Parameter(torch.zeros(speaker["latents"], speaker["out_width"]))
        self.speaker_in = nn.Linear(speaker["latents"] * speaker["out_width"], modulation)
        self.condition = ConditionEncoder(
            codebook_size=codebook_size,
            latent_width=latent_width,
            frames_per_code=Fraction(frames_per_code),
            patch_bins=bins,
            patch=patch,
            width=width,
            code_layers=code_layers,
            layers=condition_layers,
            dropout=dropout,
        )
        self.null_content = nn.Parameter(torch.zeros(width, 1))
        self.time = TimeEmbedding(width=modulation)
        self.noised_in = nn.Conv1d(bins, width, 3, padding=1)
        layers = []
        for _ in range(groups):
            layers += [ConvLayer(width=width, modulation=modulation, dropout=dropout) for _ in range(convs)]
            layers += [AttentionLayer(width=width, heads=heads, hidden=hidden, modulation=modulation)]
        self.layers = nn.ModuleList(layers)
        self.out_norm = ModulatedNorm(width=width, modulation=modulation)
        self.out = nn.Conv1d(width, bins, 1)
        # Input and coarse mel also reach the output directly, with a gain per bin that depends on time: most of the
        # best linear answer needs no layer. After a minute of training on one core this more than halves the loss.
        self.gains = nn.Linear(modulation, 2 * audio.n_mels)
        self._init_weights()

    def _init_weights(self) -> None:
        """As `tts.nn.init_weights`; every modulation, end of a residual branch and output starts at zero too."""
        init_weights(self)
        zero = [self.out, self.gains]
        for module in self.modules():
            if isinstance(module, ModulatedNorm):
                zero.append(module.gain_shift)
            elif isinstance(module, ConvLayer):
                zero.append(module.outer)
        for module in zero:
            nn.init.zeros_(module.weight)
        if self.condition.latent is not None:  # a fine-tune on GPT latents starts where codes alone ended
            nn.init.zeros_(self.condition.latent.weight)

    def speaker_latents(self, mel: Mel) -> Float[Tensor, "B P D"]:
        return self.speaker(mel)

    def encode(
        self,
        condition: Condition,
        speaker: Float[Tensor, "B P D"],
        *,
        keep_content: Bool[Tensor, " B"],
        keep_speaker: Bool[Tensor, " B"],
    ) -> Encoded:
        """All that does not depend on the step. Content that is not kept (for guidance) has no effect at all."""
        coarse = condition.coarse
        frames = mask(coarse.length, coarse.frames.shape[-1])
        patches = mask(-(-coarse.length // self.patch), -(-frames.shape[1] // self.patch))
        known = (frames & keep_content[:, None])[:, None]
        mel = coarse.frames.masked_fill(~known, 0.0)
        hidden = self.condition(condition, self._to_patches(mel), patches)
        speaker = torch.where(keep_speaker[:, None, None], speaker, self.null_speaker.to(speaker.dtype))
        return Encoded(
            hidden=torch.where(keep_content[:, None, None], hidden, self.null_content.to(hidden.dtype)),
            coarse=mel,
            speaker=self.speaker_in(speaker.flatten(1)),
            frames=frames,
            patches=patches,
        )

    def forward(self, x: Float[Tensor, "B M T"], time: Float[Tensor, " B"], encoded: Encoded) -> Float[Tensor, "B M T"]:
        """The net's output, whose meaning its process defines; zero at the start of training."""
        size = x.shape[-1]
        x = x * encoded.frames[:, None]
        modulation = F.silu(self.time(time) + encoded.speaker)
        h = self.noised_in(self._to_patches(x)) + encoded.hidden
        for layer in self.layers:
            h = layer(h, modulation, encoded.patches)
        h = self.out(F.silu(self.out_norm(h, modulation))).float()
        h = rearrange(h, "b (m p) k -> b m (k p)", p=self.patch)[..., :size]
        gain_x, gain_coarse = self.gains(modulation).float()[..., None].chunk(2, dim=1)
        return h + gain_x * x + gain_coarse * encoded.coarse

    @torch.no_grad()
    def decode(
        self,
        condition: Condition,
        speaker: Float[Tensor, "B P D"],
        *,
        steps: int,
        guidance: float,
        sampler: str,
        noise: Float[Tensor, "B M T"],
    ) -> Mel:
        """A mel as long as the coarse one, from Gaussian noise of its size (`tts.draws.noise_of`).

        `guidance` 1 follows the condition; above, it leans away from no content.
        """
        solve = find_sampler(sampler)
        coarse = condition.coarse.frames
        keep = torch.ones(len(coarse), dtype=torch.bool, device=coarse.device)
        encoded = self.encode(condition, speaker, keep_content=keep, keep_speaker=keep)
        if guidance != 1.0:
            encoded = encoded + self._without_content(encoded)
        denoise = self.process.denoiser(lambda x, time: self(x, time, encoded))
        if guidance != 1.0:
            denoise = guide(denoise, guidance)
        frames = solve(denoise, self.temperature * noise.to(coarse.device), self.process.schedule(steps))
        inside = mask(condition.coarse.length, coarse.shape[-1])
        return Mel(frames.masked_fill(~inside[:, None], self.silence), condition.coarse.length)

    def _without_content(self, encoded: Encoded) -> Encoded:
        """The same speaker and length, nothing to say."""
        nothing = self.null_content.to(encoded.hidden.dtype).expand_as(encoded.hidden)
        return Encoded(
            hidden=nothing,
            coarse=torch.zeros_like(encoded.coarse),
            speaker=encoded.speaker,
            frames=encoded.frames,
            patches=encoded.patches,
        )

    def _to_patches(self, frames: Float[Tensor, "B M T"]) -> Float[Tensor, "B C K"]:
        frames = F.pad(frames, (0, -frames.shape[-1] % self.patch))
        return rearrange(frames, "b m (k p) -> b (m p) k", p=self.patch)
