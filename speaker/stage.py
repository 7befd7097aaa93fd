"""How the speaker net is trained: to find the other clip of the same speaker in a batch, whatever the recording."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from speaker.augment import Variation, vary
from tts.pictures import draw_mels
from tts.training.identity import corpus, identity, same_speaker
from tts.training.stage import Stage
from tts.types import Batch, Mel
from tts.verification import equal_error_rate
from tts.warp import bin_centres, drawn_factors, warp


class SpeakerStage(Stage):
    """Term: `identity`. `val/eer` is the equal error rate over clips of speakers that training never heard.

    In training both clips of a pair are cut to lengths drawn anew for each batch, and varied each on its own. All
    speakers are made smaller or larger at random, both clips of a pair alike, which makes new speakers of them.
    """

    def __init__(
        self,
        *,
        seconds: Sequence[float],  # of a clip in training; drawn evenly on a logarithmic scale
        judged_seconds: float,  # of a clip in validation
        scale: float,
        margin: float,
        warp: float,  # largest change of pitch and formants, as a share
        warp_share: float,  # of pairs that are changed
        variation: dict,
        **common,
    ):
        super().__init__(**common)
        self.seconds = seconds
        self.judged_seconds = judged_seconds
        self.scale = scale
        self.margin = margin
        self.warp = warp
        self.warp_share = warp_share
        self.variation = Variation(**variation)
        self.register_buffer("centres", bin_centres(self.audio), persistent=False)
        # Keys, speakers and both vectors of each pair, since a validation began.
        self.heard: list[tuple[list[str], list[str], Tensor, Tensor]] = []

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        one, other = self.embed(batch)
        if not self.training:
            self.heard.append((batch.keys, batch.speakers, one.float().cpu(), other.float().cpu()))
        same = same_speaker(batch.keys, batch.speakers, one.device)
        return {"identity": identity(one, other, same, scale=self.scale, margin=self.margin)}

    def embed(self, batch: Batch) -> tuple[Float[Tensor, "B D"], Float[Tensor, "B D"]]:
        """Vectors of both clips of each pair."""
        mels = [self.listen(batch.wav, batch.wav_len), self.listen(batch.reference, batch.reference_len)]
        if self.training:
            draw = {"most": self.warp, "share": self.warp_share, "generator": torch.default_generator}
            factor = drawn_factors(len(batch.keys), **draw).to(self.device)
            mels = [self.vary(warp(mel, factor, self.centres)) for mel in mels]
        return self.net(mels[0]), self.net(mels[1])

    def vary(self, mel: Mel) -> Mel:
        """Another recording of the same speech."""
        return vary(mel, self.variation, self.centres, self.audio)

    def listen(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Mel:
        """The mel of a stretch of each clip: at random in training, the beginning in validation."""
        low, high = (math.log(seconds) for seconds in self.seconds)
        seconds = math.exp(low + (high - low) * float(torch.rand(()))) if self.training else self.judged_seconds
        size = min(round(seconds * self.audio.sample_rate), wav.shape[1])
        spare = (wav_len - size).clamp_min(0)
        start = (torch.rand(len(wav), device=wav.device) * spare).long() if self.training else torch.zeros_like(spare)
        place = start[:, None] + torch.arange(size, device=wav.device)
        return self.log_mel.measure(wav.gather(1, place), wav_len.clamp_max(size))

    @torch.no_grad()
    def showcase(self, batch: Batch) -> dict[str, Figure]:
        """The first clip, and three recordings that training makes of it."""
        mel = self.listen(batch.wav[:1], batch.wav_len[:1])
        mels = {"recording": mel} | {f"varied, {number}": self.vary(mel) for number in (1, 2, 3)}
        frames = {name: one.frames[0, :, : int(one.length)] for name, one in mels.items()}
        return {"mel": draw_mels(frames, frame_rate=self.audio.frame_rate)}

    def on_validation_epoch_start(self) -> None:
        self.heard.clear()

    def on_validation_epoch_end(self) -> None:
        self.log("val/eer", self.score())

    def score(self) -> float:
        """Equal error rate: each clip with another of its speaker, against clips of strangers in the same corpus."""
        keys, speakers, ones, others = zip(*self.heard, strict=True)
        cosine = (F.normalize(torch.cat(ones), dim=-1) @ F.normalize(torch.cat(others), dim=-1).mT).numpy()
        corpora = np.array([corpus(key) for part in keys for key in part])
        names = np.array([name for part in speakers for name in part])
        strangers = (corpora[:, None] == corpora) & (names[:, None] != names)
        return equal_error_rate(cosine.diagonal(), cosine[strangers])
