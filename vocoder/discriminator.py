"""Who tells made speech from recorded: critics of spectra at several scales, of pitch periods, and of sub-bands."""

import torch
from encodec.msstftd import MultiScaleSTFTDiscriminator
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import remove_weight_norm
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.1  # of the leaky rectifier
BANDS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # edges as shares of the spectrum (DAC, arXiv 2306.06546, section 3.3)

Judgement = tuple[Tensor, list[Tensor]]  # logits (higher: more like a recording), and features layer by layer


class Discriminator(nn.Module):
    """Several critics, each of which reads the wave in its own way."""

    def __init__(self, *, filters: int, sizes: list[int], periods: list[int], subbands: list[int]):
        """`filters` is the width of all first layers.

        `sizes` are windows, in samples, of EnCodec's critics of whole spectra; `periods` are those of the critics of
        periods, in samples; `subbands` are windows of the critics of sub-bands. The hop of a window is a quarter of it.
        """
        super().__init__()
        sizes = list(sizes)
        # EnCodec, arXiv 2210.13438, appendix A.
        self.critics = MultiScaleSTFTDiscriminator(
            filters, n_ffts=sizes, win_lengths=sizes, hop_lengths=[size // 4 for size in sizes]
        )
        for module in self.critics.modules():
            if hasattr(module, "weight_g"):
                # EnCodec's older weight normalisation keeps a derived tensor, which EMA cannot deep-copy.
                weight_norm(remove_weight_norm(module))
        self.others = nn.ModuleList(
            [PeriodCritic(period=period, filters=filters) for period in periods]
            + [SubbandCritic(window=window, filters=filters) for window in subbands]
        )

    def forward(self, wav: Float[Tensor, "B N"]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Logits of each critic (higher: more like a recording), and its features layer by layer."""
        wav = wav.float()
        logits, features = self.critics(wav.unsqueeze(1))
        others = [critic(wav) for critic in self.others]
        return logits + [one[0] for one in others], features + [one[1] for one in others]


class PeriodCritic(nn.Module):
    """Convolutions over every `period`-th sample, so that what repeats at other periods stands out.

    HiFi-GAN (Kong, Kim & Bae 2020, arXiv 2010.05646), section 2.3.
    """

    def __init__(self, *, period: int, filters: int):
        super().__init__()
        self.period = period
        widths = [1, filters, 2 * filters, 4 * filters, 8 * filters]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(i, o, (5, 1), stride=(3, 1), padding=(2, 0)))
            for i, o in zip(widths, widths[1:], strict=False)
        )
        self.out = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, wav: Float[Tensor, "B N"]) -> Judgement:
        wav = F.pad(wav, (0, -wav.shape[-1] % self.period))
        x = wav.unflatten(-1, (-1, self.period)).unsqueeze(1)  # (B, 1, periods, samples of one)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.out(x), features


class SubbandCritic(nn.Module):
    """Convolutions over the complex spectrum, with weights of its own for each band, so that none drowns another.

    DAC (Kumar et al. 2023, arXiv 2306.06546), section 3.3.
    """

    def __init__(self, *, window: int, filters: int):
        super().__init__()
        self.register_buffer("window", torch.hann_window(window), persistent=False)
        bins = window // 2 + 1
        self.edges = [round(edge * bins) for edge in BANDS]
        self.bands = nn.ModuleList(
            nn.ModuleList(
                weight_norm(nn.Conv2d(i, filters, (3, 9), stride=(1, stride), padding=(1, 4)))
                for i, stride in ((2, 1), (filters, 2), (filters, 2))
            )
            for _ in self.edges[1:]
        )
        self.out = weight_norm(nn.Conv2d(filters, 1, 3, padding=1))

    def forward(self, wav: Float[Tensor, "B N"]) -> Judgement:
        size = self.window.shape[0]
        spectrum = torch.fft.rfft(wav.unfold(-1, size, size // 4) * self.window)  # (B, frames, bins)
        spectrum = torch.view_as_real(spectrum).permute(0, 3, 1, 2)
        ends, features = [], []
        for layers, low, high in zip(self.bands, self.edges, self.edges[1:], strict=False):
            x = spectrum[..., low:high]
            for layer in layers:
                x = F.leaky_relu(layer(x), SLOPE)
                features.append(x)
            ends.append(x)
        return self.out(torch.cat(ends, dim=-1)), features
