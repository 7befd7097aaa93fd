"""Who tells made speech from recorded: EnCodec's multi-scale STFT discriminator."""

from encodec.msstftd import MultiScaleSTFTDiscriminator
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import remove_weight_norm
from torch.nn.utils.parametrizations import weight_norm


class Discriminator(nn.Module):
    """One small convolutional critic per window length (EnCodec, arXiv 2210.13438, appendix A)."""

    def __init__(self, *, filters: int, sizes: list[int]):
        """`sizes` are windows in samples; the hop of each is a quarter of it."""
        super().__init__()
        sizes = list(sizes)
        self.critics = MultiScaleSTFTDiscriminator(
            filters, n_ffts=sizes, win_lengths=sizes, hop_lengths=[size // 4 for size in sizes]
        )
        for module in self.critics.modules():
            if hasattr(module, "weight_g"):
                # EnCodec's older weight normalisation keeps a derived tensor, which EMA cannot deep-copy.
                weight_norm(remove_weight_norm(module))

    def forward(self, wav: Float[Tensor, "B N"]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Logits of each scale (higher: more like a recording), and its features layer by layer."""
        return self.critics(wav.float().unsqueeze(1))
