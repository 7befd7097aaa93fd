"""How the decoder is trained: a frozen codec gives its input, and the recording's own mel is the truth."""

import zlib
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from diffusion.loss import denoising_error, mel_distance
from diffusion.sample import find_sampler
from tts import align
from tts.checkpoint import load
from tts.draws import corrupted, delayed, frame_noise
from tts.pictures import draw_mels
from tts.text.tokenizer import Tokenizer
from tts.training.identity import identity, same_speaker
from tts.training.stage import Frozen, Stage
from tts.types import Batch, Codes, Condition, Mel
from tts.warp import bin_centres, disguise, drawn_factors, smooth


@dataclass(frozen=True)
class Disguise:
    """Other mouths and throats for the speakers of a batch; see `tts.warp.disguise`."""

    factor: Float[Tensor, " B"]
    colour: Float[Tensor, "B M 1"]  # standardised

    def of(self, mel: Mel, *, centres: Float[Tensor, " M"]) -> Mel:
        return disguise(mel, self.factor.to(mel.frames), self.colour.to(mel.frames), centres)


class DiffusionStage(Stage):
    """Terms: `denoise`, and `identity` by which the speaker encoder learns to know two clips of one speaker.

    With `acoustic`, a GPT checkpoint, the decoder gets that GPT's latents as well. Codes also tell who speaks. To make
    the decoder ask its speaker encoder, some clips' codes are those of a disguised speaker, as in NANSY
    (arXiv 2110.14513, section 3.1).
    """

    def __init__(
        self,
        *,
        codec: str,  # path of a checkpoint
        tokenizer: Tokenizer,
        acoustic: str | None,  # path of a GPT checkpoint, for the fine-tune on its latents
        drop_content: float,  # probability of training without codes, coarse mel and latents, for guidance
        drop_speaker: float,
        drop_latents: float,  # probability of a batch without latents, so that codes alone stay enough
        shift: float,  # codes of silence before a clip in training, at most
        corrupt: float,  # share of codes replaced at random in training, since the GPT makes mistakes too
        disguise_share: float,  # of clips whose speaker the codec hears disguised in training
        formants: float,  # largest change of a disguised speaker's formants, as a share
        colour: float,  # nats; deviation of the spectrum that a disguise adds
        scale: float,  # of cosines in the identity loss
        margin: float,  # by which clips of one speaker must be closer than strangers
        steps: int,  # of sampling in validation
        guidance: float,
        sampler: str,  # a key of diffusion.sample.SAMPLERS
        **common,
    ):
        super().__init__(**common)
        self.codec = Frozen(load(codec).net)
        self.acoustic = None if acoustic is None else Frozen(load(acoustic).net)
        self.drop_content = drop_content
        self.drop_speaker = drop_speaker
        self.drop_latents = drop_latents
        self.tokenizer = tokenizer
        self.shift = shift
        self.corrupt = corrupt
        self.disguise_share = disguise_share
        self.formants = formants
        self.colour = colour
        self.scale = scale
        self.margin = margin
        find_sampler(sampler)  # an unknown one is refused now, not at the first validation
        self.sampling = {"steps": steps, "guidance": guidance, "sampler": sampler}
        if acoustic is not None and self.net.condition.latent is None:
            raise ValueError(f"the decoder cannot hear the latents of {acoustic}: set model.latent_width to its width")
        size = self.net.condition.code.num_embeddings
        if self.codec.net.codebook_size != size:
            raise ValueError(
                f"the codec {codec} has {self.codec.net.codebook_size} codes, the decoder expects {size}: "
                f"set model.codebook_size to the codec's"
            )

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        condition, truth = self.question(batch)
        speaker = self.speaker(batch)
        if self.training:
            noise, uniform = torch.randn_like(truth.frames), self.places(len(truth.frames))
        else:
            noise, uniform = self.fixed_draws(batch, truth)
        example = self.net.process.example(truth.frames, noise, uniform)
        encoded = self.net.encode(
            condition,
            speaker,
            keep_content=self.keep(self.drop_content, len(noise)),
            keep_speaker=self.keep(self.drop_speaker, len(noise)),
        )
        output = self.net(example.x, example.time, encoded)
        return {
            "denoise": denoising_error(output, example.target, example.weight, truth.length),
            "identity": self.identity(batch, speaker, truth),
        }

    def identity(self, batch: Batch, speaker: Float[Tensor, "B P D"], truth: Mel) -> Float[Tensor, ""]:
        """How hard it is to find, by latents, each clip's reference among the clips of a batch."""
        own = self.net.speaker_latents(truth)
        same = same_speaker(batch.keys, batch.speakers, speaker.device)
        return identity(speaker.flatten(1), own.flatten(1), same, scale=self.scale, margin=self.margin)

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Mel distances to the truth in nats: of a sample, of the coarse mel that it starts from, and of other samples.

        `disguised_l1` is that of a sample whose codes are of a speaker with lower formants, `stranger_l1` the same with
        the latents of another clip's reference. The further they are apart, the more the latents decide who speaks.
        """
        condition, truth = self.question(batch)
        speaker = self.speaker(batch)

        def distance(mel: Mel) -> Tensor:
            return self.audio.std * mel_distance(mel.frames, truth.frames, truth.length)

        figures = {
            "sample_l1": distance(self.sample(condition, speaker)),
            "coarse_l1": distance(condition.coarse),
        }
        if self.disguise_share:
            factor = torch.full((len(speaker),), 1 / (1 + self.formants))
            other, _ = self.question(batch, Disguise(factor, torch.zeros(len(speaker), self.audio.n_mels, 1)))
            figures["disguised_l1"] = distance(self.sample(other, speaker))
            figures["stranger_l1"] = distance(self.sample(other, speaker.roll(1, 0)))
        return figures

    def showcase(self, batch: Batch) -> dict[str, Figure | Tensor]:
        condition, truth = self.question(batch)
        sampled = self.sample(condition, self.speaker(batch))
        rows = {"truth": truth, "coarse": condition.coarse, "sampled": sampled}
        pictures = {}
        for item, length in enumerate(truth.length.tolist()):
            mels = {name: mel.frames[item, :, :length] for name, mel in rows.items()}
            pictures[f"mel_{item}"] = draw_mels(mels, frame_rate=self.audio.frame_rate)
        return pictures

    @torch.no_grad()
    def question(self, batch: Batch, disguise: Disguise | None = None) -> tuple[Condition, Mel]:
        """The decoder's input for a batch and the mel that it should give, cut to one length in frames.

        `disguise` is how the codec hears the speakers; in training it is drawn.
        """
        if self.training:
            batch = delayed(batch, self.shift, self.codec.net, torch.default_generator)
            disguise = self.disguised(batch, torch.default_generator)
        truth = self.log_mel.measure(batch.wav, batch.wav_len)
        codec = self.codec.to(batch.wav.device)
        codes = self.encode(batch, disguise)
        if self.training and self.corrupt:
            ids = corrupted(codes.ids, self.corrupt, range(codec.codebook_size), torch.default_generator)
            codes = Codes(ids, codes.length)
        coarse = codec.decode(codes)
        frames = min(coarse.frames.shape[-1], truth.frames.shape[-1])
        length = torch.minimum(coarse.length, truth.length).clamp(max=frames)
        condition = Condition(codes, Mel(coarse.frames[..., :frames], length), self.latents(batch, codes))
        return condition, Mel(truth.frames[..., :frames], length)

    def disguised(self, batch: Batch, generator: torch.Generator) -> Disguise | None:
        """How the codec hears each speaker in training; None where none is ever disguised."""
        if not self.disguise_share:
            return None
        count = len(batch.keys)
        factor = drawn_factors(count, most=self.formants, share=self.disguise_share, generator=generator)
        colour = smooth(count, self.audio.n_mels, self.colour / self.audio.std, generator)
        return Disguise(factor, colour * (factor != 1)[:, None, None])

    def encode(self, batch: Batch, disguise: Disguise | None) -> Codes:
        codec = self.codec.to(batch.wav.device)
        if disguise is None:  # which every codec can
            return codec.encode(batch.wav, batch.wav_len)
        return codec.encode(batch.wav, batch.wav_len, disguise=partial(disguise.of, centres=bin_centres(self.audio)))

    def latents(self, batch: Batch, codes: Codes) -> Float[Tensor, "B L D"] | None:
        """The GPT's hidden states; in training some batches go without."""
        return None if self.training and torch.rand(()) < self.drop_latents else self.heard(batch, codes)

    def heard(self, batch: Batch, codes: Codes) -> Float[Tensor, "B L D"] | None:
        """The GPT's hidden states at the true codes (teacher forcing), told when its text is heard in them."""
        if self.acoustic is None:
            return None
        acoustic = self.acoustic.to(batch.wav.device)
        times = align.heard(batch, codes, self.codec.to(batch.wav.device), self.tokenizer)
        speaker = acoustic.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))
        return acoustic.latents(batch.text, batch.text_len, speaker, codes, times)

    def speaker(self, batch: Batch) -> Float[Tensor, "B P D"]:
        return self.net.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))

    def places(self, size: int) -> Float[Tensor, " B"]:
        """One draw in each of B equal parts of (0, 1): the times of a batch always cover the whole path."""
        uniform = (torch.randperm(size, device=self.device) + torch.rand(size, device=self.device)) / size
        return uniform.clamp(1e-5, 1 - 1e-5)

    def keep(self, drop: float, size: int) -> Tensor:
        """Which items keep their condition; in validation all do."""
        draws = torch.rand(size, device=self.device)
        return draws >= (drop if self.training else 0.0)

    def sample(self, condition: Condition, speaker: Float[Tensor, "B P D"]) -> Mel:
        generator = torch.Generator().manual_seed(0)
        return self.net.decode(condition, speaker, **self.sampling, generator=generator)

    def fixed_draws(self, batch: Batch, truth: Mel) -> tuple[Tensor, Tensor]:
        """Noise and place in time from a clip's key alone, so that validation losses compare across runs."""
        noise, uniform = torch.zeros_like(truth.frames), truth.frames.new_zeros(len(batch.keys))
        for i, key in enumerate(batch.keys):
            generator = torch.Generator().manual_seed(zlib.crc32(key.encode()))
            uniform[i] = torch.rand((), generator=generator).clamp(1e-5, 1 - 1e-5)
            length = int(truth.length[i])
            noise[i, :, :length] = frame_noise(noise.shape[1], length, generator)
        return noise, uniform
