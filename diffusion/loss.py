"""The decoder's one loss and its distance to the truth: pure functions, unweighted."""

from jaxtyping import Float, Int
from torch import Tensor

from tts.types import mask


def denoising_error(
    output: Float[Tensor, "B M T"],
    target: Float[Tensor, "B M T"],
    weight: Float[Tensor, " B"],
    length: Int[Tensor, " B"],
) -> Float[Tensor, ""]:
    """Weighted squared error per bin over the frames inside each utterance, whatever the process asks the net for."""
    error = (output - target).float().square().mean(1) * weight[:, None]
    return _mean_inside(error, length)


def mel_distance(
    mel: Float[Tensor, "B M T"], truth: Float[Tensor, "B M T"], length: Int[Tensor, " B"]
) -> Float[Tensor, ""]:
    """Mean absolute difference per bin over the frames inside each utterance, in standardised units."""
    return _mean_inside((mel - truth).float().abs().mean(1), length)


def _mean_inside(values: Float[Tensor, "B T"], length: Int[Tensor, " B"]) -> Float[Tensor, ""]:
    inside = mask(length, values.shape[-1])
    return values.masked_fill(~inside, 0.0).sum() / inside.sum()
