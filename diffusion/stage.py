"""How the decoder is trained: a frozen codec gives its input, and the recording's own mel is the truth."""

import zlib

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
from tts.training.stage import Frozen, Stage
from tts.types import Batch, Codes, Condition, Mel


class DiffusionStage(Stage):
    """Denoising loss; with `acoustic`, a GPT checkpoint, the decoder gets that GPT's latents as well."""

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
        self.silent_ids = tokenizer.silent_ids
        self.shift = shift
        self.corrupt = corrupt
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
            noise = torch.randn_like(truth.frames)
            # One draw in each of B equal parts: the times of a batch always cover the whole path.
            size = len(noise)
            uniform = (torch.randperm(size, device=noise.device) + torch.rand(size, device=noise.device)) / size
            uniform = uniform.clamp(1e-5, 1 - 1e-5)
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
        return {"denoise": denoising_error(output, example.target, example.weight, truth.length)}

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Mel distances to the truth in nats, of a sample and of the coarse mel that it starts from."""
        condition, truth = self.question(batch)
        sampled = self.sample(condition, self.speaker(batch))
        return {
            "sample_l1": self.audio.std * mel_distance(sampled.frames, truth.frames, truth.length),
            "coarse_l1": self.audio.std * mel_distance(condition.coarse.frames, truth.frames, truth.length),
        }

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
    def question(self, batch: Batch) -> tuple[Condition, Mel]:
        """The decoder's input for a batch and the mel that it should give, cut to one length in frames."""
        if self.training:
            batch = delayed(batch, self.shift, self.codec.net, torch.default_generator)
        truth = self.log_mel.measure(batch.wav, batch.wav_len)
        codec = self.codec.to(batch.wav.device)
        codes = codec.encode(batch.wav, batch.wav_len)
        if self.training and self.corrupt:
            ids = corrupted(codes.ids, self.corrupt, range(codec.codebook_size), torch.default_generator)
            codes = Codes(ids, codes.length)
        coarse = codec.decode(codes)
        frames = min(coarse.frames.shape[-1], truth.frames.shape[-1])
        length = torch.minimum(coarse.length, truth.length).clamp(max=frames)
        condition = Condition(codes, Mel(coarse.frames[..., :frames], length), self.latents(batch, codes))
        return condition, Mel(truth.frames[..., :frames], length)

    def latents(self, batch: Batch, codes: Codes) -> Float[Tensor, "B L D"] | None:
        """The GPT's hidden states; in training some batches go without."""
        return None if self.training and torch.rand(()) < self.drop_latents else self.heard(batch, codes)

    def heard(self, batch: Batch, codes: Codes) -> Float[Tensor, "B L D"] | None:
        """The GPT's hidden states at the true codes (teacher forcing), told when its text is heard in them."""
        if self.acoustic is None:
            return None
        acoustic = self.acoustic.to(batch.wav.device)
        times = align.heard(batch, codes, self.codec.to(batch.wav.device), self.silent_ids)
        speaker = acoustic.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))
        return acoustic.latents(batch.text, batch.text_len, speaker, codes, times)

    def speaker(self, batch: Batch) -> Float[Tensor, "B P D"]:
        return self.net.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))

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
