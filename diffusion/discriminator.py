"""Who tells mels that a decoder made from those of recordings: small patches of time and frequency, each by itself."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2  # of the leaky rectifier


class MelDiscriminator(nn.Module):
    """Convolutions over time and frequency, without a view of the whole (PatchGAN, arXiv 1611.07004, section 3.2.2).

    It reads a mel together with the codec's coarse mel of the same codes, so that it judges whether the detail belongs.
    """

    def __init__(self, *, filters: int):
        super().__init__()
        shapes = [
            (2, filters, 1),
            (filters, 2 * filters, 2),
            (2 * filters, 2 * filters, 2),
            (2 * filters, 2 * filters, 1),
        ]
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(nn.Conv2d(i, o, 5, stride=(2, stride), padding=2))
            for i, o, stride in shapes
        )
        self.out = nn.Conv2d(2 * filters, 1, 3, padding=1)

    def forward(self, mels: Float[Tensor, "B 2 M T"]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Logits of all patches (higher: more like a recording), and the features layer by layer."""
        features = []
        for layer in self.layers:
            mels = F.leaky_relu(layer(mels), SLOPE)
            features.append(mels)
        return [self.out(mels)], [features]
