"""How self-supervised tokens are trained: HuBERT's masked prediction, with k-means of its middle layer beside it."""

import torch
from jaxtyping import Bool
from matplotlib.figure import Figure
from torch import Tensor

from dvae import loss
from dvae.hubert import spans
from dvae.use import CodebookStage
from tts.checkpoint import build, load
from tts.draws import delayed
from tts.pictures import draw_mels
from tts.training.stage import Frozen
from tts.types import Batch, Codes, Mel, mask
from tts.warp import bin_centres, drawn_factors, warp


class MaskedStage(CodebookStage):
    """Terms: `masked` and `unmasked` (HuBERT, eq. 2): cross-entropy of the targets where the net sees nothing and where
    it does.

    Targets are the tokens of the file `targets`, or those of `first_targets`, whose centres are learned along the way.
    They are of the clip as it is; the net may hear it as by a smaller or larger person, so that its features tell less
    of who speaks (as in ContentVec, arXiv 2204.09224). The centres of the net's own tokens follow its middle layer,
    which hears a share of each batch once more, all of it and unchanged.
    """

    def __init__(
        self,
        *,
        targets: str | None,  # path of other tokens; None: `first_targets`
        first_targets: dict,  # spec
        mask_share: float,  # of positions at which a masked span starts
        mask_span: int,  # positions
        shift: float,  # codes of silence before a clip in training, at most
        gain_jitter: float,  # nats
        warp: float,  # largest change of pitch and formants in training, as a share
        warp_share: float,  # of clips
        clustered: float,  # share of a batch's clips from which the centres learn
        **common,
    ):
        super().__init__(**common)
        self.first = build(first_targets, self.audio) if targets is None else None
        self.teacher = None if targets is None else Frozen(load(targets).net)
        self.mask_share = mask_share
        self.mask_span = mask_span
        self.shift = shift
        self.gain_jitter = gain_jitter
        self.warp = warp
        self.warp_share = warp_share
        self.clustered = clustered
        self.register_buffer("centres", bin_centres(self.audio), persistent=False)
        # No buffer: weight averaging swaps buffers around each validation.
        told = self.first or self.teacher.net
        classes = len(self.net.features.classes)
        if told.codebook_size != classes:
            raise ValueError(
                f"the targets have {told.codebook_size} clusters: set model.features.classes={told.codebook_size}"
            )
        if told.code_rate != self.net.code_rate:
            rates = [f"{float(rate):g}" for rate in (told.code_rate, self.net.code_rate)]
            raise ValueError(
                f"the targets have {rates[0]} positions a second, the net {rates[1]}: give targets of the same rate"
            )

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        if self.training:
            batch = delayed(batch, self.shift, self.net, torch.default_generator)
        mel = self.log_mel.measure(batch.wav, batch.wav_len)
        if self.training:
            count = max(1, round(self.clustered * len(batch.keys)))
            self.net.cluster(Mel(mel.frames[:count], mel.length[:count]))
        return self.scores(batch, mel)[0]

    def scores(self, batch: Batch, mel: Mel) -> tuple[dict[str, Tensor], Tensor]:
        """The terms, and the share of masked positions that are guessed right."""
        target = self.targets(batch, mel)
        masked = self.masked(target)
        logits = self.net.guess(self.vary(mel) if self.training else mel, masked)
        inside = mask(target.length, target.ids.shape[1])
        terms = {
            "masked": loss.masked_prediction(logits, target.ids, masked),
            "unmasked": loss.masked_prediction(logits, target.ids, inside & ~masked),
        }
        return terms, (logits.argmax(-1) == target.ids)[masked].float().mean()

    @torch.no_grad()
    def targets(self, batch: Batch, mel: Mel) -> Codes:
        """The clusters to be guessed."""
        if self.teacher is not None:
            return self.teacher.to(batch.wav.device).encode(batch.wav, batch.wav_len)
        if not self.training:
            return self.first.encode(batch.wav, batch.wav_len)
        return self.first.move(self.first.features.vectors(mel), self.first.features.positions(mel.length))

    def masked(self, target: Codes) -> Bool[Tensor, "B L"]:
        """Spans to be guessed, drawn anew for each batch in training; in validation they are the same every time."""
        generator = torch.default_generator if self.training else torch.Generator().manual_seed(0)
        draw = {"share": self.mask_share, "span": self.mask_span, "generator": generator}
        return spans(target.length, target.ids.shape[1], **draw)

    def vary(self, mel: Mel) -> Mel:
        """Another gain for each clip, and for some another speaker."""
        count = len(mel.frames)
        draw = {"most": self.warp, "share": self.warp_share, "generator": torch.default_generator}
        mel = warp(mel, drawn_factors(count, **draw).to(mel.frames.device), self.centres)
        gain = torch.rand(count, 1, 1, device=mel.frames.device) * 2 - 1
        return Mel(mel.frames + gain * self.gain_jitter / self.audio.std, mel.length)

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """The share of masked positions that are guessed right; use of the tokens is gathered for the epoch's end."""
        self.count(self.net.encode(batch.wav, batch.wav_len))
        return {"masked_accuracy": self.scores(batch, self.log_mel.measure(batch.wav, batch.wav_len))[1]}

    @torch.no_grad()
    def showcase(self, batch: Batch) -> dict[str, Figure]:
        """The first clip's mel above the mean mels of its tokens."""
        wav, wav_len = batch.wav[:1], batch.wav_len[:1]
        mels = {"recording": self.log_mel.measure(wav, wav_len)}
        mels["tokens"] = self.net.decode(self.net.encode(wav, wav_len))
        frames = {name: mel.frames[0, :, : int(mel.length)] for name, mel in mels.items()}
        return {"mel": draw_mels(frames, frame_rate=self.audio.frame_rate)}
