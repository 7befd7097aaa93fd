"""How the codec is trained: to rebuild the mel, to spell the words, and to keep its codebook in use."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from matplotlib.figure import Figure
from torch import Tensor
from torchaudio.functional import edit_distance

from dvae import loss
from dvae.model import Reconstruction
from dvae.use import CodebookStage
from tts.draws import delayed
from tts.pictures import draw_mels
from tts.text.tokenizer import Tokenizer
from tts.training.stage import freeze_others
from tts.types import Batch, Mel


class DvaeStage(CodebookStage):
    """Terms: `reconstruction` (mel L1), `quantizer` (its penalty) and, if the net has a CTC head, `ctc`.

    In training each clip starts up to `shift` codes late and is up to `gain_jitter` nats louder or softer.
    """

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        trained: Sequence[str] | None,  # parts of the net; the others stay as they are. None: all
        shift: float,
        gain_jitter: float,
        **common,
    ):
        super().__init__(**common)
        freeze_others(self.net, trained)
        if self.net.ctc_vocab not in (0, tokenizer.vocab_size):
            raise ValueError(
                f"the tokenizer has {tokenizer.vocab_size} ids but the CTC head {self.net.ctc_vocab}: "
                f"set model.ctc_vocab={tokenizer.vocab_size}, or 0 for none"
            )
        self.shift = shift
        self.gain_jitter = gain_jitter
        silent = torch.zeros(tokenizer.vocab_size, dtype=torch.bool)
        silent[list(tokenizer.silent_ids)] = True
        self.register_buffer("silent", silent, persistent=False)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        if self.training:
            batch = delayed(batch, self.shift, self.net, torch.default_generator)
        mel = self.log_mel.measure(batch.wav, batch.wav_len)
        if self.training:
            mel = self.vary(mel)
        out = self.net(mel)
        terms = {"reconstruction": loss.l1(out.mel.frames, mel), "quantizer": out.penalty}
        if out.ctc is not None:
            text, text_len = loss.sounding(batch.text, batch.text_len, self.silent)
            terms["ctc"] = loss.ctc(out.ctc, self.ctc_length(out), text, text_len)
        return terms

    def vary(self, mel: Mel) -> Mel:
        """A gain for each clip."""
        gain = torch.rand(len(mel.frames), 1, 1, device=mel.frames.device) * 2 - 1
        return Mel(mel.frames + gain * self.gain_jitter / self.audio.std, mel.length)

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """L1 in nats and the error rate of greedily read text; codebook use is gathered for the epoch's end."""
        mel = self.log_mel.measure(batch.wav, batch.wav_len)
        out = self.net(mel)
        self.count(out.codes)
        figures = {"l1_nats": loss.l1(out.mel.frames, mel) * self.audio.std}
        if out.ctc is not None:
            figures["text_error"] = self.text_error(out, batch)
        return figures

    def text_error(self, out: Reconstruction, batch: Batch) -> Tensor:
        """Edits over ids: substitutions, deletions and insertions, as a share of the texts' lengths."""
        text, text_len = loss.sounding(batch.text, batch.text_len, self.silent)
        best, length = out.ctc.argmax(-1), self.ctc_length(out)
        edits = 0
        for k in torch.nonzero(text_len).flatten().tolist():
            edits += edit_distance(greedy(best[k, : length[k]]), text[k, : text_len[k]].tolist())
        return torch.tensor(float(edits)) / text_len.sum().clamp_min(1).cpu()

    def ctc_length(self, out: Reconstruction) -> Tensor:
        return out.codes.length * (out.ctc.shape[1] // out.codes.ids.shape[1])

    @torch.no_grad()
    def showcase(self, batch: Batch) -> dict[str, Figure]:
        """The first clip's mel above the one its codes give."""
        mel = self.log_mel.measure(batch.wav[:1], batch.wav_len[:1])
        pair = {"recording": mel, "from codes": self.net(mel).mel}
        mels = {name: one.frames[0, :, : int(mel.length)] for name, one in pair.items()}
        return {"mel": draw_mels(mels, frame_rate=self.audio.frame_rate)}


def greedy(best: Int[Tensor, " L"]) -> list[int]:
    """The text of a best path: repeats merged, blanks dropped."""
    return [i for i in torch.unique_consecutive(best).tolist() if i]
