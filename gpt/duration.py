"""When each text id will be spoken, predicted where no recording says it."""

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import ChannelNorm, ConvBlock, RMSNorm
from tts.types import mask


class DurationPredictor(nn.Module):
    """Text ids and a speaker to the number of codes between each id and the next: a few convolutions over the text.

    Durations as in FastSpeech (Ren et al. 2019, arXiv 1905.09263, section 3.3). They only set the positions of the text
    (`tts.align`): the GPT still decides what is said when, and when to stop.
    """

    def __init__(self, *, texts: int, speaker_width: int, width: int, layers: int, kernel: int, dropout: float):
        super().__init__()
        self.embed = nn.Embedding(texts, width)
        # Both inputs are brought to one scale: a large speaker vector would hide the text for hundreds of steps.
        self.embed_norm = RMSNorm(width)
        self.speaker_norm = RMSNorm(speaker_width)
        self.speaker = nn.Linear(speaker_width, width)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=kernel, dilation=1, dropout=dropout) for _ in range(layers)
        )
        self.norm = ChannelNorm(width)
        self.head = nn.Conv1d(width, 1, 1)

    def forward(
        self, stream: Int[Tensor, "B S2"], text_len: Int[Tensor, " B"], speaker: Float[Tensor, "B P D"]
    ) -> Float[Tensor, "B S1"]:
        """Log of the codes expected between each id of a wrapped text (start, ids, stop) and the next."""
        inside = mask(text_len + 2, stream.shape[1])[:, None]
        x = self.embed_norm(self.embed(stream)) + self.speaker(self.speaker_norm(speaker.mean(1)))[:, None]
        x = x.mT
        for block in self.blocks:
            x = block(x * inside)  # zero beyond the end, as a convolution's own padding is
        return self.head(self.norm(x))[:, 0, :-1].float()


def cumulative_times(log_gaps: Float[Tensor, "B S1"], text_len: Int[Tensor, " B"]) -> Float[Tensor, "B S2"]:
    """The times that the gaps add up to, from 0. Times beyond an item's stop repeat it."""
    gaps = log_gaps.exp() * mask(text_len + 1, log_gaps.shape[1])
    return F.pad(gaps.cumsum(1), (1, 0))
