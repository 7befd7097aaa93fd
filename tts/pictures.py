"""Pictures of mel spectrograms: one colour scale and one time axis everywhere, so that any two can be compared."""

from collections.abc import Mapping
from fractions import Fraction

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

LIMITS = (-2.5, 2.5)  # of standardised log-mels: all of speech but its loudest peaks
COLOURS = "magma"


def draw_mels(mels: Mapping[str, Float[Tensor, "M T"]], *, frame_rate: Fraction | float) -> Figure:
    """Standardised log-mels one below the other, named by their keys, over seconds."""
    figure = Figure(figsize=(9, 2 * len(mels)), layout="constrained")
    panels = figure.subplots(len(mels), sharex=True, squeeze=False)[:, 0]
    for axes, (title, mel) in zip(panels, mels.items(), strict=True):
        show_mel(axes, mel, frame_rate=frame_rate)
        axes.set(title=title, ylabel="mel bin")
    panels[-1].set_xlabel("seconds")
    return figure


def show_mel(axes: Axes, mel: Float[Tensor, "M T"], *, frame_rate: Fraction | float) -> None:
    """One standardised log-mel, over seconds."""
    low, high = LIMITS
    extent = (0, mel.shape[1] / float(frame_rate), 0, mel.shape[0])
    picture = mel.detach().float().cpu().numpy()
    axes.imshow(picture, extent=extent, origin="lower", aspect="auto", vmin=low, vmax=high, cmap=COLOURS)
