"""Diffusion decoder: codes, their coarse mel and a speaker become a detailed mel.

The denoiser works on patches of a few mel frames with dense convolutions of kernel 3 (fastest on CPUs and GPUs) and
a few layers of full attention. Time and speaker enter as scale and shift of every norm (adaLN; DiT, arXiv 2212.09748,
section 3.2). What all steps share is encoded once per utterance (`encode`). Padding never changes a sequence.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.process import Net, Process
from diffusion.sample import Denoiser, find_sampler, guide
from tts.draws import frame_noise, item_generators
from tts.nn import Attention, ConvBlock, Rotary, SwiGLU, TimeEmbedding, init_weights
from tts.speaker import SpeakerEncoder
from tts.types import AudioConfig, Condition, Mel, mask

REACH = 128  # patches before a stretch that attention sees, 2.7 s with ours


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

    def after(self, frames: int, patch: int) -> "Encoded":
        """The same without the first frames, which are whole patches."""
        return replace(
            self,
            hidden=self.hidden[..., frames // patch :],
            coarse=self.coarse[..., frames:],
            frames=self.frames[:, frames:],
            patches=self.patches[:, frames // patch :],
        )


class StreamCache:
    """One evaluation of the net on a stretch of an utterance, and what its layers keep for the stretch that follows.

    Layers are asked in their order. A convolution needs the last patch before the stretch, an attention layer the keys
    and values of all patches before it, of which the last `reach` are kept. The next stretch begins after the first
    `ready` patches of this one. What depends on the time and the speaker alone is computed in the first stretch.
    """

    def __init__(self, past: "StreamCache | None", ready: int, reach: int):
        self.first = 0 if past is None else past.first + past.ready  # the number of the first patch
        self.ready = ready
        self.reach = reach
        self._past = past and list(past._made)
        self._made: list[Tensor] = []
        self._known = [] if past is None else past._known
        self._asked = 0

    def once(self, make: Callable[[], Tensor]) -> Tensor:
        """What `make` gave in the first stretch."""
        if self._asked == len(self._known):
            self._known.append(make())
        self._asked += 1
        return self._known[self._asked - 1]

    def around(self, x: Float[Tensor, "B D K"]) -> Float[Tensor, "B D K2"]:
        """The input of a convolution with the patch before it and nothing after it, as its own padding is."""
        nothing = torch.zeros_like(x[..., :1])
        past = nothing if self._past is None else self._past.pop(0)
        self._made.append(x[..., self.ready - 1 : self.ready].clone())  # a view would keep all of x
        return torch.cat((past, x, nothing), dim=-1)

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """All keys and values that are seen, as `KVCache.append`."""
        return self._joined(key), self._joined(value)

    def _joined(self, x: Float[Tensor, "B H K d"]) -> Float[Tensor, "B H K2 d"]:
        ready = self.ready - x.shape[2]  # from the end
        if self._past is not None:
            x = torch.cat((self._past.pop(0), x), dim=2)
        stop = x.shape[2] + ready
        self._made.append(x[:, :, max(0, stop - self.reach) : stop].clone())
        return x


class ModulatedNorm(nn.Module):
    """RMSNorm over channels whose gain and shift come from the modulation vector; starts as a plain norm."""

    def __init__(self, *, width: int, modulation: int):
        super().__init__()
        self.gain_shift = nn.Linear(modulation, 2 * width)

    def forward(
        self, x: Float[Tensor, "B D K"], modulation: Float[Tensor, "B E"], cache: StreamCache | None
    ) -> Float[Tensor, "B D K"]:
        gain, shift = once(cache, lambda: self.gain_shift(modulation))[..., None].to(x.dtype).chunk(2, dim=1)
        # One pass over x: squaring a float32 copy costs a CPU more than the convolution that follows.
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32)
        scale = (norm.square() / x.shape[1] + 1e-6).rsqrt().to(x.dtype)
        return torch.addcmul(shift, x * scale, 1 + gain)


def once(cache: StreamCache | None, make: Callable[[], Tensor]) -> Tensor:
    """What `make` gives, from the first stretch of an utterance if there is a cache."""
    return make() if cache is None else cache.once(make)


def convolved(conv: nn.Conv1d, x: Float[Tensor, "B D K"], cache: StreamCache | None) -> Float[Tensor, "B D2 K"]:
    """A convolution of kernel 3 as it is, or with the patch before `x` instead of padding."""
    if cache is None:
        return conv(x)
    return F.conv1d(cache.around(x), conv.weight, conv.bias)


class ConvLayer(nn.Module):
    """`tts.nn.ConvBlock` with modulation; padding is set to zero before the convolution reads it."""

    def __init__(self, *, width: int, modulation: int, dropout: float):
        super().__init__()
        self.norm = ModulatedNorm(width=width, modulation=modulation)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.outer = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, modulation: Tensor, inside: Bool[Tensor, "B K"], cache: StreamCache | None
    ) -> Float[Tensor, "B D K"]:
        y = F.silu(self.norm(x, modulation, cache)) * inside[:, None].to(x.dtype)
        return x + self.outer(self.dropout(F.silu(convolved(self.inner, y, cache))))


class AttentionLayer(nn.Module):
    """Pre-norm transformer block with modulation, over the whole utterance or what is known of it."""

    def __init__(self, *, width: int, heads: int, hidden: int, modulation: int):
        super().__init__()
        self.attention_norm = ModulatedNorm(width=width, modulation=modulation)
        self.attention = Attention(width=width, heads=heads)
        self.mlp_norm = ModulatedNorm(width=width, modulation=modulation)
        self.mlp = SwiGLU(width=width, hidden=hidden)
        self.rotary = Rotary(head_width=width // heads)

    def forward(
        self, x: Tensor, modulation: Tensor, inside: Bool[Tensor, "B K"], cache: StreamCache | None
    ) -> Float[Tensor, "B D K"]:
        first = 0 if cache is None else cache.first
        rotary = self.rotary(torch.arange(first, first + x.shape[-1], device=x.device))
        y = self.attention_norm(x, modulation, cache).mT
        mask = inside[:, None, None] if cache is None else None
        x = x + self.attention(y, rotary, causal=False, mask=mask, cache=cache).mT
        return x + self.mlp(self.mlp_norm(x, modulation, cache).mT).mT


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

    def forward(
        self, x: Float[Tensor, "B M T"], time: Float[Tensor, " B"], encoded: Encoded, cache: StreamCache | None = None
    ) -> Float[Tensor, "B M T"]:
        """The net's output, whose meaning its process defines; zero at the start of training.

        With a cache, `x` is a stretch of an utterance without padding, which goes on from what the cache has kept.
        """
        size = x.shape[-1]
        x = x * encoded.frames[:, None]
        modulation = once(cache, lambda: F.silu(self.time(time) + encoded.speaker))
        h = convolved(self.noised_in, self._to_patches(x), cache) + encoded.hidden
        for layer in self.layers:
            h = layer(h, modulation, encoded.patches, cache)
        h = self.out(F.silu(self.out_norm(h, modulation, cache))).float()
        h = rearrange(h, "b (m p) k -> b m (k p)", p=self.patch)[..., :size]
        gain_x, gain_coarse = once(cache, lambda: self.gains(modulation)).float()[..., None].chunk(2, dim=1)
        return h + gain_x * x + gain_coarse * encoded.coarse

    @torch.no_grad()
    def decode(
        self,
        condition: Condition,
        speaker: Float[Tensor, "B P D"],
        *,
        steps: int | None,
        guidance: float | None,
        sampler: str,
        generator: torch.Generator,
    ) -> Mel:
        """A mel as long as the coarse one. `guidance` 1 follows the condition; above, it leans away from no content.

        None stands for the process's own steps and guidance. Raises ValueError for those that it cannot do.
        """
        steps, guidance = self._own(steps, guidance)
        solve = find_sampler(sampler)
        coarse = condition.coarse.frames
        encoded = self._encode_all(condition, speaker, guidance)
        denoise = self._denoiser(lambda x, time: self(x, time, encoded), guidance)
        items, bins, size = coarse.shape
        noise = torch.stack([frame_noise(bins, size, own) for own in item_generators(items, generator)])
        frames = solve(denoise, self.temperature * noise.to(coarse.device), self.process.schedule(steps))
        inside = mask(condition.coarse.length, coarse.shape[-1])
        return Mel(frames.masked_fill(~inside[:, None], self.silence), condition.coarse.length)

    @torch.no_grad()
    def extend(
        self,
        past: list[StreamCache] | None,
        condition: Condition,
        speaker: Float[Tensor, "1 P D"],
        *,
        start: int,
        ready: int,
        steps: int | None,
        guidance: float | None,
        sampler: str,
        noise: Float[Tensor, "1 M T"],
    ) -> tuple[Float[Tensor, "1 M T"], list[StreamCache]]:
        """Decode a stretch that follows those in `past`, None at the beginning, and give what to go on from.

        The condition begins `start` frames before the stretch, whose first `ready` frames are final; those after them
        are only foreseen, and come again in the next call. `noise` is that of the stretch.
        """
        if start % self.patch:
            raise ValueError(f"a stretch begins at frame {start} of its condition: give a multiple of {self.patch}")
        steps, guidance = self._own(steps, guidance)
        solve = find_sampler(sampler)
        encoded = self._encode_all(condition, speaker, guidance).after(start, self.patch)
        caches: list[StreamCache] = []

        def net(x: Tensor, time: Tensor) -> Tensor:
            before = None if past is None else past[len(caches)]
            caches.append(StreamCache(before, -(-ready // self.patch), REACH))
            return self(x, time, encoded, caches[-1])

        noise = self.temperature * noise.to(encoded.coarse.device)
        return solve(self._denoiser(net, guidance), noise, self.process.schedule(steps)), caches

    def _own(self, steps: int | None, guidance: float | None) -> tuple[int, float]:
        """The process's steps and guidance where none are given."""
        steps = self.process.steps if steps is None else steps
        guidance = self.process.guidance if guidance is None else guidance
        if guidance != 1.0 and not self.process.guidable:
            raise ValueError(f"guidance is in the weights of this decoder already: leave guidance={guidance} out")
        return steps, guidance

    def _encode_all(self, condition: Condition, speaker: Float[Tensor, "B P D"], guidance: float) -> Encoded:
        """For `_denoiser`: what is told, and where guidance needs it, the same without it behind it."""
        keep = torch.ones(len(speaker), dtype=torch.bool, device=speaker.device)
        encoded = self.encode(condition, speaker, keep_content=keep, keep_speaker=keep)
        return encoded if guidance == 1.0 else encoded + self._without_content(encoded)

    def _denoiser(self, net: Net, guidance: float) -> Denoiser:
        denoise = self.process.denoiser(net)
        return denoise if guidance == 1.0 else guide(denoise, guidance)

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
